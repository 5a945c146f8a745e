Feature: Echo
  A client sends a message, and the server's answer comes back to it.

  Scenario: A message comes back
    Given a running echo server
    And a connected client
    When the client sends {"echo": "hello"}
    Then the client receives {"echo": "hello"}

  Scenario Outline: Any JSON value is a message
    Given a running echo server
    And a connected client
    When the client sends <value>
    Then the client receives <value>

    Examples:
      | value                                       |
      | null                                        |
      | true                                        |
      | -12.5                                       |
      | 18446744073709551615                        |
      | "Gr\u00fc\u00dfe, \ud83d\ude00"             |
      | ""                                          |
      | []                                          |
      | {}                                          |
      | {"list": [1, [2, {"deep": null}]], "b": ""} |

  Scenario Outline: One server speaks every wire format
    Given a running echo server
    And a connected client that speaks "<format>"
    When the client sends {"format": "<format>"}
    Then the client receives {"format": "<format>"}

    Examples:
      | format |
      | prefix |
      | crc    |
      | lines  |

  Scenario: Messages are answered in the order they were sent
    Given a running echo server
    And a connected client
    When the client sends the numbers from 1 to 200
    Then the client receives the numbers from 1 to 200

  Scenario: A large message comes back whole
    Given a running echo server
    And a connected client
    When the client sends a text of 5000000 characters
    Then the client receives a text of 5000000 characters

  Scenario Outline: What cannot be a message is refused before anything is sent
    Given a running echo server
    And a connected client
    When the client tries to send <what>
    Then that is refused as "<reason>"
    And the client still gets an echo

    Examples:
      | what                       | reason    |
      | a text over the size limit | too large |
      | an array nested too deeply | misuse    |
      | an array of too many values | misuse    |
      | a number that is not finite | misuse    |
      | a text that is not UTF-8   | misuse    |

  Scenario: Programs on one machine can meet at a file
    Given a running echo server on a UNIX-domain socket
    And a connected client
    When the client sends {"echo": "local"}
    Then the client receives {"echo": "local"}
