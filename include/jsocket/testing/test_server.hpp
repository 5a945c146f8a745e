// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/options.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/transcript.hpp>
#include <jsocket/testing/wait.hpp>
#include <jsocket/tls_options.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jsocket::testing {

/// How a TestServer listens, and what goes wrong with it.
struct TestServerOptions {
    std::string listen = "127.0.0.1:0";        ///< or "unix:PATH"; port 0 takes a free one
    std::optional<TlsServerOptions> tls = {};  ///< encrypts connections, if given
    Framing framing = Framing::automatic;      ///< by default what each client speaks
    Limits limits = {};                        ///< beyond them a client is disconnected

    /// Further clients are accepted and closed, which is among problems().
    std::size_t max_connections = 1'000;

    /// What goes wrong on the server's side of the connections, whose operations it numbers
    /// together; it must outlive the server. With one client that waits for each reply, reading the
    /// N-th message is operation 2N - 2, and writing its reply is 2N - 1.
    FaultPlan* faults = nullptr;
};

/// Stands in for a server, in a test of what talks to one. It needs no class, only what it is to
/// answer, and it remembers all that was said:
///
///     TestServer sensor([](const json& message) { return json{{"celsius", 17.5}}; });
///     EXPECT_TRUE(should_heat(sensor.port(), 19));
///     EXPECT_EQ(sensor.received().at(0), (json{{"get", "temperature"}}));
///
/// It serves any number of clients at once, as a ServerFactory does, and in any wire format. To
/// test a server of your own, Running<Server> starts that in one line.
///
/// Threads:  all members may be called from any thread but from within `answer`, which runs on
///           threads of the server, one at a time.
/// Errors:   the constructor throws ConnectError if it cannot listen, UsageError for an option that
///           is wrong. What has to be waited for throws Mismatch when the time is over.
class TestServer {
  public:
    /// An empty result sends no reply. An exception costs the client its connection, and is among
    /// problems().
    using Answer = std::function<std::optional<json>(json& message)>;

    /// Listens, and answers from now on.
    template <std::convertible_to<Answer> Function>
    explicit TestServer(Function answer, TestServerOptions options = {})
        : TestServer(std::move(options), Answer(std::move(answer))) {}

    /// Answers nothing.
    explicit TestServer(TestServerOptions options = {});

    /// Stops.
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    /// Where it listens; 0 for a UNIX-domain socket.
    std::uint16_t port() const;

    /// "127.0.0.1:40312", "[::1]:40312" or "unix:PATH".
    std::string endpoint() const;

    /// What is to be answered from now on.
    void answer(Answer answer);

    /// The messages of all clients so far, in the order in which they came.
    std::vector<json> received() const;

    /// The one with this number, 1 being the first, as soon as it has come: before it is answered.
    json wait_for_message(std::size_t number, std::chrono::milliseconds timeout = patience) const;

    /// Clients connected now.
    std::size_t clients() const;

    /// Waits until so many are connected; 0 for when the last one has left.
    void wait_for_clients(std::size_t number, std::chrono::milliseconds timeout = patience) const;

    /// Sends every client that is connected a message it did not ask for. Waits for the first one
    /// if there is none, since connecting takes no notice of the server's threads. To clients that
    /// have not sent anything it speaks prefix, unless `framing` says otherwise. Throws what
    /// JsonSocket::send_obj() throws.
    void broadcast(const json& message, std::chrono::milliseconds timeout = patience);

    /// Ends every client's connection, after the answer that is running; waits as broadcast(). The
    /// server goes on accepting.
    void disconnect_clients(std::chrono::milliseconds timeout = patience);

    /// What has been said, both ways and by all clients; with faults, what was really sent.
    Transcript transcript() const;

    /// What has ended connections other than a client that left: exceptions from `answer`, bytes
    /// that are no message, faults.
    std::vector<std::string> problems() const;

    /// Ends all connections and stops listening. Does nothing the second time.
    void stop();

  private:
    TestServer(TestServerOptions options, Answer answer);

    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket::testing
