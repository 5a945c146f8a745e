// SPDX-License-Identifier: Apache-2.0
#include "client/client_fixture.hpp"
#include "support/fake_resolver.hpp"
#include "support/full_listener.hpp"

#include <functional>

/// How a JsonClient gets its connection, and gets it again.
namespace {

using namespace client_tests;
using jsocket::ConnectError;
using jsocket::ConnectionClosed;
using jsocket::RetryPolicy;
using jsocket::UsageError;

/// A port where nobody listens until listen() is called.
class SilentPort {
  public:
    SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const Address address = Address::ipv4(0);
        EXPECT_EQ(::bind(socket_.get(), address.data(), address.size), 0);
    }
    std::uint16_t port() const { return Address::of_socket(socket_.get()).port(); }
    void listen() const { EXPECT_EQ(::listen(socket_.get(), 16), 0); }

  private:
    FileDescriptor socket_;
};

const RetryPolicy impatient{.attempts = 1};
const RetryPolicy busy_trying{
    .attempts = 1'000'000, .deadline = patience, .initial_backoff = 1ms, .max_backoff = 1ms};

class Connecting : public ClientFixture {
  protected:
    std::optional<ConnectError> connect_error(const std::string& address, std::uint16_t port,
                                              const RetryPolicy& retry) {
        jsocket::JsonClient lonely({.address = address, .port = port, .retry = retry});
        auto error = error_of<ConnectError>([&] { lonely.connect(); });
        EXPECT_FALSE(lonely.connected());
        return error;
    }
};

TEST_F(Connecting, DoesNothingOnALiveConnection) {
    connect();
    client->connect();
    EXPECT_FALSE(listener_has_someone());
    expect_usable();
}

TEST_F(Connecting, ConnectsAgainAfterAClose) {
    connect();
    for (int i = 0; i < 3; ++i) {
        client->close();
        reconnect();
        expect_usable();
    }
}

TEST_F(Connecting, ConnectsAgainAfterTheServerHasClosed) {
    connect();
    server.close();
    EXPECT_THROW(client->read_obj(), ConnectionClosed);
    reconnect();
    expect_usable();
}

TEST_F(Connecting, ConnectsAgainWhenTheServerComesBackOnTheSamePort) {
    connect();
    expect_usable();
    const Address address = Address::of_socket(listener.fd());
    server.close();
    listener.close();
    EXPECT_THROW(client->read_obj(), ConnectionClosed);
    EXPECT_THROW(client->connect(), ConnectError);
    listener = RawListener(address);
    reconnect();
    expect_usable();
}

TEST_F(Connecting, BringsNothingOfTheOldConnectionToTheNewOne) {
    connect();
    server.send(prefix_frame("\"old\"") + prefix_frame("\"old\"").substr(0, 5));
    client->close();
    reconnect();
    expect_usable();
}

TEST_F(Connecting, FailsFastWhenItIsRefusedAndTriesOnce) {
    SilentPort silent;
    // With any waiting after the only attempt, five of them would take seconds.
    Stopwatch watch;
    for (int i = 0; i < 5; ++i) {
        const auto error = connect_error("127.0.0.1", silent.port(),
                                         {.attempts = 1, .initial_backoff = 5s, .max_backoff = 5s});
        EXPECT_EQ(error->attempts(), 1);
        EXPECT_EQ(error->code(), std::errc::connection_refused);
        EXPECT_EQ(error->endpoint(), "127.0.0.1:" + std::to_string(silent.port()));
        EXPECT_THAT(error->what(), HasSubstr(error->endpoint()));
        EXPECT_THAT(error->what(), HasSubstr("refused"));
    }
    EXPECT_LT(watch.elapsed(), 3s);
}

TEST_F(Connecting, TriesAsOftenAsItIsToldAndWaitsInBetween) {
    SilentPort silent;
    Stopwatch watch;
    const auto error = connect_error(
        "127.0.0.1", silent.port(),
        {.attempts = 8, .deadline = patience, .initial_backoff = 30ms, .max_backoff = 30ms});
    EXPECT_EQ(error->attempts(), 8);
    EXPECT_EQ(error->code(), std::errc::connection_refused);
    // Seven times up to 30 ms; that all of it is under 10 has a chance of one in ten million.
    EXPECT_GE(watch.elapsed(), 10ms);
    EXPECT_LT(watch.elapsed(), 7 * 30ms + 2s);
}

TEST_F(Connecting, SucceedsOnceTheServerIsThere) {
    SilentPort silent;
    jsocket::JsonClient early({.port = silent.port(), .retry = busy_trying});
    auto connecting = waiting([&] { early.connect(); });
    silent.listen();
    connecting.get();
    EXPECT_TRUE(early.connected());
}

TEST_F(Connecting, KeepsTheDeadlineOverAllAttempts) {
    SilentPort silent;
    RetryPolicy retry = busy_trying;
    retry.deadline = 100ms;
    Stopwatch watch;
    const auto error = connect_error("127.0.0.1", silent.port(), retry);
    EXPECT_LT(watch.elapsed(), patience / 2);
    EXPECT_GT(error->attempts(), 1);
    EXPECT_LT(error->attempts(), retry.attempts);
}

TEST_F(Connecting, KeepsTheDeadlineWhenTheServerIsTooBusyToAccept) {
    FullListener busy;
    Stopwatch watch;
    const auto error = connect_error("127.0.0.1", busy.port(), {.deadline = 50ms});
    EXPECT_GE(watch.elapsed(), 49ms);
    EXPECT_LT(watch.elapsed(), patience / 2);
    EXPECT_EQ(error->code(), std::errc::timed_out);
    EXPECT_EQ(error->attempts(), 1);
}

TEST_F(Connecting, CloseEndsTheWaitingBetweenAttempts) {
    SilentPort silent;
    jsocket::JsonClient lonely(
        {.port = silent.port(),
         .retry = {
             .attempts = 1'000'000, .deadline = 1h, .initial_backoff = 1h, .max_backoff = 1h}});
    auto connecting = waiting([&] { lonely.connect(); });
    Stopwatch watch;
    lonely.close();
    EXPECT_THROW(connecting.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
    EXPECT_FALSE(lonely.connected());
}

TEST_F(Connecting, CloseEndsConnectingToABusyServerAndTheClientCanConnectLater) {
    FullListener busy;
    jsocket::JsonClient patient({.port = busy.port(), .retry = impatient});
    auto connecting = waiting([&] { patient.connect(); });
    Stopwatch watch;
    patient.close();
    EXPECT_THROW(connecting.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
    busy.drain();
    patient.connect();
    EXPECT_TRUE(patient.connected());
}

TEST_F(Connecting, CloseBeforeConnectCancelsNothing) {
    jsocket::JsonClient eager({.port = listener.port(), .retry = impatient});
    eager.close();
    eager.connect();
    EXPECT_TRUE(eager.connected());
}

/// Looking up names takes threads, which may still be there after a test.
class ConnectingByName : public ::testing::Test {};

TEST_F(ConnectingByName, DoesNotTryAnUnknownNameAgain) {
    jsocket::JsonClient client({.address = unknown_name, .retry = busy_trying});
    const int before = lookups();
    Stopwatch watch;
    const auto error = error_of<ConnectError>([&] { client.connect(); });
    EXPECT_LT(watch.elapsed(), patience / 2);
    EXPECT_EQ(error->attempts(), 1);
    EXPECT_EQ(lookups() - before, 1);
    EXPECT_THAT(error->what(), HasSubstr(unknown_name));
}

TEST_F(ConnectingByName, AsksASilentNameServerAgain) {
    RetryPolicy retry = busy_trying;
    retry.attempts = 4;
    jsocket::JsonClient client({.address = unanswered_name, .retry = retry});
    const int before = lookups();
    const auto error = error_of<ConnectError>([&] { client.connect(); });
    EXPECT_EQ(error->attempts(), 4);
    EXPECT_EQ(lookups() - before, 4);
}

TEST_F(ConnectingByName, KeepsTheDeadlineWhenTheNameServerIsSlow) {
    SlowNameServer slow;
    jsocket::JsonClient client({.address = slow_name, .retry = {.deadline = 50ms}});
    Stopwatch watch;
    const auto error = error_of<ConnectError>([&] { client.connect(); });
    EXPECT_EQ(error->code(), std::errc::timed_out);
    EXPECT_GE(watch.elapsed(), 49ms);
    EXPECT_LT(watch.elapsed(), patience / 2);
}

TEST_F(ConnectingByName, CloseEndsALookup) {
    SlowNameServer slow;
    jsocket::JsonClient client({.address = slow_name});
    auto connecting = waiting([&] { client.connect(); });
    Stopwatch watch;
    client.close();
    EXPECT_THROW(connecting.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
}

TEST(JsonClientOptions, AreRefusedOutOfTheirRangeByName) {
    using Change = std::function<void(ClientOptions&)>;
    const std::pair<const char*, Change> cases[] = {
        {"max_message_size", [](auto& o) { o.limits.max_message_size = 0; }},
        {"max_message_size",
         [](auto& o) { o.limits.max_message_size = jsocket::largest_message + 1; }},
        {"max_depth", [](auto& o) { o.limits.max_depth = 0; }},
        {"max_depth", [](auto& o) { o.limits.max_depth = 1001; }},
        {"max_elements", [](auto& o) { o.limits.max_elements = 0; }},
        {"recv_timeout", [](auto& o) { o.recv_timeout = 0ms; }},
        {"recv_timeout", [](auto& o) { o.recv_timeout = -1ms; }},
        {"send_timeout", [](auto& o) { o.send_timeout = 0ms; }},
        {"message_deadline", [](auto& o) { o.message_deadline = 0ms; }},
        {"framing", [](auto& o) { o.framing = Framing::automatic; }},
        {"attempts", [](auto& o) { o.retry.attempts = 0; }},
        {"retry.deadline", [](auto& o) { o.retry.deadline = 0ms; }},
        {"initial_backoff", [](auto& o) { o.retry.initial_backoff = -1ms; }},
        {"max_backoff", [](auto& o) { o.retry.max_backoff = -1ms; }},
    };
    for (const auto& [name, change] : cases) {
        ClientOptions options;
        change(options);
        const auto error = error_of<UsageError>([&] { jsocket::JsonClient client(options); });
        EXPECT_THAT(error->what(), HasSubstr(name));
    }
}

TEST(JsonClientOptions, AreTakenAtTheEndsOfTheirRange) {
    ClientOptions options;
    options.limits = {
        .max_message_size = jsocket::largest_message, .max_depth = 1000, .max_elements = 1};
    options.recv_timeout = jsocket::no_timeout;
    options.send_timeout = 1ms;
    options.message_deadline = jsocket::no_timeout;
    options.retry = {.attempts = 1, .deadline = jsocket::no_timeout};
    EXPECT_NO_THROW(jsocket::JsonClient client(options));
}

}  // namespace
