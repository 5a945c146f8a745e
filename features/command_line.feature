Feature: Command line
  The jsocket command is for people with a terminal, and for scripts.
  SERVER stands for the address that the running `jsocket serve` has printed.

  Scenario Outline: A message goes there and back
    Given `jsocket serve --echo --bind 127.0.0.1:0` is running
    When I run `jsocket send SERVER --framing <format> '{"hello": [1, 2]}'`
    Then it prints `{"hello":[1,2]}`
    And it ends with exit code 0

    Examples:
      | format |
      | prefix |
      | crc    |
      | lines  |

  Scenario: Nothing changes on the way
    Given `jsocket serve --echo --bind 127.0.0.1:0` is running
    When I run `jsocket send SERVER '{"b": 1.0, "a": -0.0, "b": 123456789012345678901234567890}'`
    Then it prints `{"b":1.0,"a":-0.0,"b":123456789012345678901234567890}`

  Scenario: Answers can be computed from a tree
    Given `jsocket serve --echo --hook message --bind 127.0.0.1:0` is running
    When I run `jsocket send SERVER '{"b": 1, "a": [true, null]}'`
    Then it prints `{"a":[true,null],"b":1}`

  Scenario: Messages come from standard input, one a line
    Given `jsocket serve --echo --bind 127.0.0.1:0` is running
    When I run `jsocket send SERVER -` with the input
      """
      {"n": 1}
      [2, 2]
      "three"
      """
    Then it prints
      """
      {"n":1}
      [2,2]
      "three"
      """
    And it ends with exit code 0

  Scenario: A server at a file
    Given `jsocket serve --echo --bind unix:FOLDER/echo` is running
    When I run `jsocket send unix:FOLDER/echo '"local"'`
    Then it prints `"local"`
    And it ends with exit code 0

  Scenario Outline: A server ends in an orderly way
    Given `jsocket serve --echo --bind 127.0.0.1:0` is running
    When the server command gets "<signal>"
    Then the server command ends with exit code 0

    Examples:
      | signal  |
      | SIGTERM |
      | SIGINT  |

  Scenario: Statistics at the end
    Given `jsocket serve --echo --stats --bind 127.0.0.1:0` is running
    When I run `jsocket send SERVER '{"client": "alice"}'`
    And the server command gets "SIGTERM"
    Then the server command has printed statistics in which "alice" sent 1 message

  Scenario: There is no server
    When I run `jsocket send unix:FOLDER/nobody --timeout 0.3 '1'`
    Then it ends with exit code 1
    And it prints nothing
    And it complains in one line

  Scenario: The server does not answer
    Given Mallory listens and keeps silent
    When I run `jsocket send MALLORY --timeout 0.3 '1'`
    Then it ends with exit code 1
    And it complains in one line
    And it took less than 5 seconds

  Scenario Outline: Wrong use is told from failure
    When I run `<command>`
    Then it ends with exit code 2
    And it prints nothing

    Examples:
      | command                              |
      | jsocket                              |
      | jsocket dance                        |
      | jsocket serve                        |
      | jsocket serve --echo --framing morse |
      | jsocket send                         |
      | jsocket send 127.0.0.1:1 {"a":}      |
      | jsocket send no-port 1               |

  Scenario Outline: Help is everywhere
    When I run `<command>`
    Then it ends with exit code 0
    And it explains <option>

    Examples:
      | command              | option           |
      | jsocket --help       | `serve`          |
      | jsocket serve --help | `--recv-timeout` |
      | jsocket send --help  | `--timeout`      |
