// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_fixture.hpp"
#include "support/fake_resolver.hpp"
#include "support/full_listener.hpp"

#include <netinet/tcp.h>

namespace {

using namespace socket_tests;
using jsocket::connect_stream;
using jsocket::ConnectError;
using jsocket::ConnectionClosed;
using jsocket::TimeoutError;

std::string endpoint_text(const std::string& host, std::uint16_t port) {
    return host + ":" + std::to_string(port);
}

/// A port nobody listens on, for as long as it lives.
class UnusedPort {
  public:
    UnusedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const Address address = Address::ipv4(0);
        EXPECT_EQ(::bind(socket_.get(), address.data(), address.size), 0);
    }
    std::uint16_t port() const { return Address::of_socket(socket_.get()).port(); }

  private:
    FileDescriptor socket_;
};

class Connect : public LeakCheck {
  protected:
    static std::unique_ptr<Stream> connect(const std::string& address, std::uint16_t port,
                                           const Interrupt* cancel = nullptr) {
        return connect_stream({address, port}, deadline_after(patience), cancel);
    }

    TemporaryDirectory directory;
    std::string path = directory / "echo";
};

TEST_F(Connect, ReachesIpv4Ipv6AndUnixServers) {
    const std::pair<Address, std::string> servers[] = {
        {Address::ipv4(0), "127.0.0.1"},
        {Address::ipv6(0), "::1"},
        {Address::unix_path(path), "unix:" + path},
    };
    for (const auto& [address, host] : servers) {
        RawListener listener(address);
        const bool tcp = address.family() != AF_UNIX;
        const Endpoint endpoint{host, tcp ? listener.port() : std::uint16_t(0)};
        const auto stream = connect_stream(endpoint, deadline_after(patience));
        EXPECT_EQ(stream->peer(), to_string(endpoint));
        RawPeer server = listener.accept();
        stream->write_all("there", patience);
        EXPECT_EQ(server.receive(5), "there");
        server.send("back");
        EXPECT_EQ(read(*stream), "back");
    }
}

TEST_F(Connect, SendsSmallPiecesWithoutDelay) {
    RawListener listener;
    const auto before = open_descriptors();
    const auto stream = connect("127.0.0.1", listener.port());
    int no_delay = 0;
    for (const int fd : open_descriptors()) {
        socklen_t size = sizeof(no_delay);
        if (before.count(fd) == 0) getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    }
    EXPECT_EQ(no_delay, 1);
}

TEST_F(Connect, LetsNoOtherProgramInheritItsDescriptor) {
    RawListener listener;
    const auto stream = connect("127.0.0.1", listener.port());
    expect_nothing_inheritable();
}

TEST_F(Connect, IsRefusedWhereNobodyListens) {
    UnusedPort unused;
    Stopwatch watch;
    const auto error = error_of<ConnectError>([&] { connect("127.0.0.1", unused.port()); });
    EXPECT_LT(watch.elapsed(), 3s);
    EXPECT_EQ(error->code(), std::errc::connection_refused);
    EXPECT_EQ(error->endpoint(), endpoint_text("127.0.0.1", unused.port()));
    EXPECT_EQ(error->attempts(), 1);
    EXPECT_THAT(error->what(), HasSubstr(error->endpoint()));
    EXPECT_FALSE(error->connection_usable());
}

TEST_F(Connect, NamesTheUnixSocketThatIsMissing) {
    const auto missing = error_of<ConnectError>([&] { connect("unix:" + path, 0); });
    EXPECT_EQ(missing->code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(missing->endpoint(), "unix:" + path);
    EXPECT_THAT(missing->what(), HasSubstr(path));
    RawListener(Address::unix_path(path)).close();
    const auto stale = error_of<ConnectError>([&] { connect("unix:" + path, 0); });
    EXPECT_EQ(stale->code(), std::errc::connection_refused);
}

TEST_F(Connect, GivesUpAtTheDeadlineWhenTheServerIsTooBusyToAccept) {
    FullListener tcp;
    FullListener unix_domain(Address::unix_path(path));
    const Endpoint busy[] = {{"127.0.0.1", tcp.port()}, {"unix:" + path, 0}};
    for (const Endpoint& endpoint : busy) {
        Stopwatch watch;
        const auto error =
            error_of<TimeoutError>([&] { connect_stream(endpoint, deadline_after(50ms)); });
        EXPECT_GE(watch.elapsed(), 49ms);
        EXPECT_LT(watch.elapsed(), patience);
        EXPECT_THAT(error->what(), HasSubstr(to_string(endpoint)));
    }
}

TEST_F(Connect, GetsThroughToABusyUnixServerOnceThereIsRoom) {
    FullListener busy(Address::unix_path(path));
    auto connecting = waiting([&] { return connect("unix:" + path, 0); });
    busy.drain();
    EXPECT_NE(connecting.get(), nullptr);
}

TEST_F(Connect, EndsAtOnceWhenItIsCancelled) {
    FullListener tcp;
    FullListener unix_domain(Address::unix_path(path));
    const Endpoint busy[] = {{"127.0.0.1", tcp.port()}, {"unix:" + path, 0}};
    for (const Endpoint& endpoint : busy) {
        for (const Deadline deadline : {no_deadline, deadline_after(patience)}) {
            Interrupt cancel;
            auto connecting = waiting([&] { connect_stream(endpoint, deadline, &cancel); });
            Stopwatch watch;
            cancel.raise();
            EXPECT_THROW(connecting.get(), ConnectionClosed);
            EXPECT_LT(watch.elapsed(), 3s);
        }
    }
}

TEST_F(Connect, DoesNotConnectWhenItWasCancelledBefore) {
    RawListener tcp;
    RawListener unix_domain(Address::unix_path(path));
    Interrupt cancel;
    cancel.raise();
    EXPECT_THROW(connect("127.0.0.1", tcp.port(), &cancel), ConnectionClosed);
    EXPECT_THROW(connect("unix:" + path, 0, &cancel), ConnectionClosed);
}

/// Looking up names takes threads, which may still be there after a test.
class ConnectByName : public ::testing::Test {};

TEST_F(ConnectByName, FindsLocalhost) {
    RawListener listener;
    const auto stream = connect_stream({"localhost", listener.port()}, deadline_after(patience));
    EXPECT_EQ(stream->peer(), endpoint_text("127.0.0.1", listener.port()));
    RawPeer server = listener.accept();
    stream->write_all("there", patience);
    EXPECT_EQ(server.receive(5), "there");
}

TEST_F(ConnectByName, TriesEachAddressANameHas) {
    RawListener listener(Address::ipv4(0));
    const auto stream =
        connect_stream({two_addresses_name, listener.port()}, deadline_after(patience));
    EXPECT_EQ(stream->peer(), endpoint_text("127.0.0.1", listener.port()));
}

TEST_F(ConnectByName, ReportsTheLastAddressesErrorWhenNoneAnswers) {
    UnusedPort unused;
    const auto error = error_of<ConnectError>([&] {
        connect_stream({two_addresses_name, unused.port()}, deadline_after(patience));
    });
    EXPECT_EQ(error->code(), std::errc::connection_refused);
    EXPECT_EQ(error->endpoint(), endpoint_text(two_addresses_name, unused.port()));
}

TEST_F(ConnectByName, SaysThatANameIsUnknown) {
    const auto error = error_of<ConnectError>([&] {
        connect_stream({unknown_name, 5489}, deadline_after(patience));
    });
    EXPECT_EQ(error->endpoint(), endpoint_text(unknown_name, 5489));
    EXPECT_THAT(error->what(), HasSubstr(unknown_name));
    EXPECT_TRUE(error->code());
}

TEST_F(ConnectByName, TellsASilentNameServerFromAnUnknownName) {
    const auto unanswered = error_of<ConnectError>([&] {
        connect_stream({unanswered_name, 5489}, deadline_after(patience));
    });
    const auto unknown = error_of<ConnectError>([&] {
        connect_stream({unknown_name, 5489}, deadline_after(patience));
    });
    EXPECT_NE(unanswered->code(), unknown->code());
}

TEST_F(ConnectByName, CountsLookingUpTheNameInTheDeadline) {
    SlowNameServer slow;
    Stopwatch watch;
    EXPECT_THROW(connect_stream({slow_name, 5489}, deadline_after(50ms)), TimeoutError);
    EXPECT_GE(watch.elapsed(), 49ms);
    EXPECT_LT(watch.elapsed(), patience);
}

TEST_F(ConnectByName, EndsALookupAtOnceWhenItIsCancelled) {
    SlowNameServer slow;
    Interrupt cancel;
    auto connecting = waiting([&] { connect_stream({slow_name, 5489}, no_deadline, &cancel); });
    Stopwatch watch;
    cancel.raise();
    EXPECT_THROW(connecting.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
}

TEST_F(ConnectByName, LeavesNothingOfLookupsThatWereGivenUpOnceTheyAreAnswered) {
    const auto look_up = [] {
        EXPECT_THROW(connect_stream({unknown_name, 1}, deadline_after(patience)), ConnectError);
    };
    look_up();
    const std::size_t before = open_descriptors().size();
    {
        SlowNameServer slow;
        for (int i = 0; i < 20; ++i) {
            EXPECT_THROW(connect_stream({slow_name, 1}, deadline_after(1ms)), TimeoutError);
        }
    }
    EXPECT_TRUE(wait_until([&] {
        look_up();
        return open_descriptors().size() <= before;
    }));
}

}  // namespace
