Feature: Stop
  A server stops at once, whatever its clients do, and leaves nothing behind.

  Scenario Outline: No client delays the stop
    Given the server's receive time-out is 10 seconds
    And the server's accept time-out is 10 seconds
    And a running echo server <kind>
    And <situation>
    When the server stops
    Then it took less than 2 seconds

    Examples:
      | kind             | situation                       |
      | for one client   | nobody is connected             |
      | for one client   | a connected client              |
      | for one client   | Mallory has sent half a message |
      | for many clients | nobody is connected             |
      | for many clients | 30 connected clients            |
      | for many clients | Mallory has sent half a message |

  Scenario: The message in hand is answered
    Given a running server that answers when it is allowed to
    And a connected client
    When the client sends {"last": "wish"}
    And the server is told to stop while it works on that
    And the server is allowed to answer
    Then the client receives {"last": "wish"}

  Scenario Outline: Clients see that the server has stopped
    Given a running echo server <kind>
    And a connected client
    When the server stops
    Then the client is disconnected

    Examples:
      | kind             |
      | for one client   |
      | for many clients |

  Scenario: A stopped server can be stopped again
    Given a running echo server
    When the server stops
    And the server stops
    Then it took less than 2 seconds

  Scenario: A server can be stopped by a message
    Given a running server that stops at the message "stop"
    And a connected client
    When the client sends "stop"
    Then the client receives "stop"
    And the client is disconnected
    And the server has stopped

  Scenario: The address is free again at once
    Given a running echo server
    And a connected client
    When the server stops
    Then another server can start at the same address

  Scenario: A client that is closed stops reading
    Given a running server that keeps silent
    And a connected client with a receive time-out of 10 seconds
    When the client is closed while it reads
    Then the client has stopped reading
    And it took less than 2 seconds
