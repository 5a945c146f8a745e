Feature: Framing errors
  Who breaks the protocol loses the connection, and nobody else does.
  Mallory does not use the library: she sends whatever bytes she likes.

  Scenario Outline: What is no message ends the connection
    Given a running echo server
    When Mallory sends <bytes>
    Then Mallory is disconnected without a reply
    And the only failure counted is "<kind>"

    Examples:
      | bytes                                  | kind         |
      | an HTTP request                        | bad_header   |
      | a TLS greeting                         | bad_header   |
      | a web form                             | invalid_json |
      | a message with a wrong checksum        | bad_crc      |
      | a message that claims to be huge       | oversize     |
      | a message that is not UTF-8            | invalid_utf8 |
      | a message that is not JSON             | invalid_json |
      | a message with something behind it     | invalid_json |
      | a message without a text               | invalid_json |
      | a message with a number without digits | invalid_json |
      | a message nested too deeply            | too_deep     |
      | a message of too many values           | too_complex  |

  Scenario: Earlier messages are answered
    Given a running echo server
    When Mallory sends 3 messages and then a message that is not JSON
    Then Mallory receives 3 answers
    And Mallory is disconnected

  Scenario: A client that leaves in the middle of a message is noticed
    Given a running echo server
    When Mallory sends half a message
    And Mallory leaves
    Then the only failure counted is "closed_mid_message"

  Scenario: The next client is served
    Given a running echo server
    When Mallory sends a message with a wrong checksum
    And a client connects
    Then the client still gets an echo

  Scenario: It does not matter how a message is cut into pieces
    Given a running echo server
    When Mallory sends 1 message byte by byte
    Then Mallory receives 1 answer

  Scenario: Blank lines are no messages
    Given a running echo server
    When Mallory sends 2 messages with blank lines between them
    Then Mallory receives 2 answers

  Scenario Outline: A client does not put up with everything either
    Given a client that speaks "<format>" is connected to Mallory
    When Mallory sends <bytes>
    Then reading fails at the client with "<reason>"
    And the client is no longer connected

    Examples:
      | format | bytes                            | reason       |
      | crc    | an HTTP request                  | bad_header   |
      | crc    | a message with a wrong checksum  | bad_checksum |
      | prefix | a message that claims to be huge | oversize     |
      | lines  | a message that is not UTF-8      | invalid_utf8 |
      | lines  | a message that is not JSON       | invalid_json |
      | lines  | a message nested too deeply      | too_deep     |
      | lines  | a message of too many values     | too_complex  |

  Scenario: A server that leaves in the middle of a message is noticed
    Given a client that speaks "prefix" is connected to Mallory
    When Mallory sends half a message
    And Mallory leaves
    Then reading fails at the client with "closed in the middle of a message"
