Feature: Server push
  A server sends messages that no client asked for.

  Scenario: The server sends first
    Given a running echo server
    And a connected client
    When the server sends the client {"news": 1}
    Then the client receives {"news": 1}

  Scenario: A client is greeted when it connects
    Given a running server that greets its clients
    When a client connects
    Then the client receives {"greeting": "welcome"}

  Scenario: Pushed messages and answers do not get mixed up
    Given a running echo server
    And a connected client
    When the server pushes 300 messages while the client sends 300
    Then each of them has arrived whole and in its order

  Scenario: There is nobody to send to
    Given a running echo server
    When the server tries to send {"news": 1}
    Then that is refused as "misuse"

  Scenario: A broadcast reaches every client
    Given a running echo server for many clients
    And 5 connected clients
    When the server broadcasts {"news": "for all"}
    Then the broadcast has reached 5 clients
    And each client receives {"news": "for all"}

  Scenario: A message to one client is for nobody else
    Given a running echo server for many clients
    And Alice and Bob are connected
    When the server sends Alice {"news": "for Alice"}
    Then Alice receives {"news": "for Alice"}
    And Bob still gets an echo

  Scenario: A client that has left is not reached
    Given a running echo server for many clients
    And Alice and Bob are connected
    When Alice leaves
    And the server broadcasts {"news": "for Bob"}
    Then the broadcast has reached 1 client
    And Bob receives {"news": "for Bob"}
