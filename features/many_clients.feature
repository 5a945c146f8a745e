Feature: Many clients
  A server factory serves every client by a worker of its own.

  Scenario: Everybody gets their own answers
    Given a running echo server for many clients
    And 20 connected clients
    When each client sends its number 10 times
    Then each client receives its number 10 times

  Scenario: Each worker has its own state
    Given a running server that counts the messages of each client
    And Alice and Bob are connected
    When Alice sends "one", "two", "three"
    And Bob sends "one"
    Then Alice receives 1, 2, 3
    And Bob receives 1

  Scenario: One port serves every wire format at once
    Given a running echo server for many clients
    And Alice speaks "crc"
    And Bob speaks "lines"
    And a connected client
    Then Alice, Bob and the client still get their echoes

  Scenario: A client that dawdles delays nobody
    Given a running echo server for many clients
    And Mallory has sent half a message
    And a connected client
    Then the client still gets an echo
    And it took less than 2 seconds

  Scenario: A client that breaks the protocol harms nobody
    Given a running echo server for many clients
    And a connected client
    When Mallory sends an HTTP request
    Then Mallory is disconnected without a reply
    And the client still gets an echo

  Scenario: A hook that fails costs one client its connection
    Given a running server for many clients that fails at the message "fail"
    And Alice and Bob are connected
    When Alice sends "fail"
    Then Alice is disconnected
    And Bob still gets an echo
    And the only failure counted is "handler"

  Scenario: There is a limit to the number of clients
    Given the server takes at most 2 clients
    And a running echo server for many clients
    And Alice and Bob are connected
    When a client connects
    Then the client is disconnected
    And 1 connection has been refused

  Scenario: A place that becomes free can be taken
    Given the server takes at most 2 clients
    And a running echo server for many clients
    And Alice and Bob are connected
    When Alice leaves
    And a client connects as soon as there is a place
    Then the client still gets an echo

  Scenario: Workers leave with their clients
    Given a running echo server for many clients
    And 20 connected clients
    When all clients leave
    Then the server has no client any more
