Feature: Second client
  A threaded server serves one client at a time, and then the next one.

  Scenario: The second client is served after the first has left
    Given a running echo server
    And Alice and Bob are connected
    When Alice leaves
    And Bob sends {"from": "Bob"}
    Then Bob receives {"from": "Bob"}

  Scenario: The second client waits while the first is served
    Given a running echo server
    And Alice and Bob are connected
    When Bob sends {"from": "Bob"}
    Then Bob receives nothing for 100 ms
    But Alice still gets an echo

  Scenario: A client that made the server fail does not harm the next
    Given a running server that fails at the message "fail"
    And Alice and Bob are connected
    When Alice sends "fail"
    Then Alice is disconnected
    And Bob still gets an echo

  Scenario: A client comes back
    Given a running echo server
    And a connected client
    When the client leaves
    And the client connects again
    Then the client still gets an echo

  Scenario: A client outlives its server
    Given a running echo server
    And a connected client
    When the server is replaced by another one at the same address
    Then the client is disconnected
    When the client connects again
    Then the client still gets an echo

  Scenario: A client waits for a server that starts late
    Given a client that is connecting to a server that does not run yet
    When the server starts
    Then the client gets connected
    And the client still gets an echo
