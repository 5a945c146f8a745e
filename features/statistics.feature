Feature: Statistics
  A server knows who was there, what they sent, and what went wrong.

  Scenario: Messages and bytes are counted
    Given a running echo server
    And a connected client
    When the client sends "one", "two", "three"
    Then the statistics of the only client show
      | connected      | true              |
      | messages_in    | 3                 |
      | messages_out   | 3                 |
      | bytes_in       | 17                |
      | bytes_out      | 17                |
      | avg_payload_in | 5.666666666666667 |

  Scenario Outline: A client is called what it calls itself
    Given a running echo server
    And a connected client
    When the client sends <message>
    Then the statistics of "<name>" show
      | messages_in | 1    |
      | connected   | true |

    Examples:
      | message                             | name  |
      | {"client": "alice"}                 | alice |
      | {"client_id": "bob"}                | bob   |
      | {"client": "carol", "client_id": 7} | carol |
      | {"client_id": 42}                   | 42    |

  Scenario: A client that has left is remembered
    Given a running echo server
    And a connected client
    When the client sends {"client": "alice"}
    And the client leaves
    Then the statistics of "alice" show
      | connected   | false |
      | connects    | 1     |
      | disconnects | 1     |

  Scenario: A client that comes back is the same client
    Given a running echo server for many clients
    And Alice and Bob are connected
    When Alice sends {"client": "carol"}
    And Bob sends {"client": "carol"}
    Then the statistics of "carol" show
      | connects    | 2 |
      | messages_in | 2 |
    And the statistics show 1 connected client

  Scenario: Everybody connected is counted
    Given a running echo server for many clients
    And 7 connected clients
    Then the statistics show 7 connected clients

  Scenario: Only so many clients are remembered
    Given the server remembers at most 3 clients
    And a running echo server
    When 10 clients with names of their own come and go
    Then the statistics have entries for 3 clients

  Scenario: Being idle is no failure
    Given the server's receive time-out is 20 ms
    And a running echo server
    And a connected client
    When the client receives nothing for 100 ms
    Then the client still gets an echo
    And no failure is counted

  Scenario: Every kind of failure has its number
    Given a running echo server
    And a connected client
    When the client sends {"client": "alice"}
    Then the failures of "alice" are all zero and named
      | timeout            |
      | bad_write          |
      | bad_crc            |
      | bad_header         |
      | oversize           |
      | invalid_utf8       |
      | invalid_json       |
      | handler            |
      | framing            |
      | closed_mid_message |
      | reset              |
      | too_deep           |
      | too_complex        |
      | tls                |
      | memory             |
