Feature: Time-outs
  Being idle is no error. Everything that has begun must come to an end.

  Scenario: A client may be idle longer than the receive time-out
    Given the server's receive time-out is 50 ms
    And a running echo server
    And a connected client
    When the client receives nothing for 200 ms
    Then the client still gets an echo

  Scenario: A client does not wait for an answer without end
    Given a running server that keeps silent
    And a connected client with a receive time-out of 100 ms
    When the client sends {"anybody": "there?"}
    Then the client gives up reading within 5 seconds
    And the client is still connected

  Scenario: A late answer can still be read
    Given a running server that answers when it is allowed to
    And a connected client with a receive time-out of 100 ms
    When the client sends {"late": true}
    Then the client gives up reading within 5 seconds
    When the server is allowed to answer
    Then the client receives {"late": true}

  Scenario: A message that stalls costs the connection
    Given the server's receive time-out is 100 ms
    And a running echo server
    When Mallory sends half a message
    Then Mallory is disconnected within 5 seconds
    And the only failure counted is "timeout"

  Scenario: A message that comes too slowly costs the connection
    Given the server's message deadline is 200 ms
    And a running echo server
    When Mallory sends one byte of a message every 20 ms
    Then Mallory was disconnected within 4 seconds
    And the only failure counted is "timeout"

  Scenario: A client that does not read cannot hold up the server
    Given the server's send time-out is 100 ms
    And a running echo server
    And a connected client
    When the server sends more than the client reads
    Then that is refused as "timeout"
    And the only failure counted is "bad_write"

  Scenario: Nobody connects
    Given the server's accept time-out is 50 ms
    When a server without a thread waits for a client
    Then that is refused as "timeout"

  Scenario: There is no server to connect to
    Given a client that takes at most 200 ms to connect
    When the client tries to connect where nobody listens
    Then that is refused as "no connection"
    And it took less than 5 seconds
