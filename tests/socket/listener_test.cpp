// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_fixture.hpp"

#include <sys/resource.h>
#include <vector>

namespace {

using namespace socket_tests;
using jsocket::ConnectError;

class TcpListener : public LeakCheck {
  protected:
    Interrupt stop;
};

TEST_F(TcpListener, ReportsThePortItReallyGot) {
    Listener listener(ipv4, stop);
    EXPECT_EQ(listener.endpoint().address, "127.0.0.1");
    EXPECT_NE(listener.endpoint().port, 0);
    Listener other(ipv4, stop);
    EXPECT_NE(other.endpoint().port, listener.endpoint().port);
}

TEST_F(TcpListener, AcceptsOverIpv4) {
    Listener listener(ipv4, stop);
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    const auto stream = listener.accept();
    EXPECT_EQ(stream->peer(), "127.0.0.1:" + std::to_string(client.port()));
    client.send("there");
    EXPECT_EQ(read(*stream), "there");
    stream->write_all("back", patience);
    EXPECT_EQ(client.receive(4), "back");
}

TEST_F(TcpListener, AcceptsOverIpv6) {
    Listener listener(ipv6, stop);
    RawPeer client = RawPeer::connect(Address::ipv6(listener.endpoint().port));
    const auto stream = listener.accept();
    EXPECT_EQ(stream->peer(), "[::1]:" + std::to_string(client.port()));
    client.send("there");
    EXPECT_EQ(read(*stream), "there");
}

TEST_F(TcpListener, AcceptsConnectionsInTheOrderTheyCame) {
    Listener listener(ipv4, stop);
    RawPeer first = RawPeer::connect(listener.endpoint().port);
    RawPeer second = RawPeer::connect(listener.endpoint().port);
    EXPECT_EQ(listener.accept()->peer(), "127.0.0.1:" + std::to_string(first.port()));
    EXPECT_EQ(listener.accept()->peer(), "127.0.0.1:" + std::to_string(second.port()));
}

TEST_F(TcpListener, HoldsABurstOfConnectionsUntilTheyAreAccepted) {
    Listener listener(ipv4, stop);
    std::vector<RawPeer> clients;
    Stopwatch watch;
    for (int i = 0; i < 200; ++i) clients.push_back(RawPeer::connect(listener.endpoint().port));
    EXPECT_LT(watch.elapsed(), 1s) << "a SYN that finds the queue full is sent again after 1 s";
    for (int i = 0; i < 200; ++i) EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
}

TEST_F(TcpListener, RefusesAPortThatIsInUse) {
    Listener listener(ipv4, stop);
    const auto error = error_of<ConnectError>([&] { Listener second(listener.endpoint(), stop); });
    const std::string endpoint = "127.0.0.1:" + std::to_string(listener.endpoint().port);
    EXPECT_EQ(error->code(), std::errc::address_in_use);
    EXPECT_EQ(error->endpoint(), endpoint);
    EXPECT_THAT(error->what(), HasSubstr(endpoint));
    EXPECT_THAT(error->what(), HasSubstr("in use"));
}

TEST_F(TcpListener, RefusesAnAddressThatIsNotOurs) {
    const auto error = error_of<ConnectError>([&] { Listener({"192.0.2.1", 0}, stop); });
    EXPECT_EQ(error->code(), std::errc::address_not_available);
    EXPECT_EQ(error->endpoint(), "192.0.2.1:0");
}

TEST_F(TcpListener, TakesThePortAgainWhileOldConnectionsAreInTimeWait) {
    auto listener = std::make_unique<Listener>(ipv4, stop);
    const Endpoint endpoint = listener->endpoint();
    RawPeer client = RawPeer::connect(endpoint.port);
    listener->accept().reset();  // who closes first is left in TIME_WAIT
    EXPECT_EQ(client.receive_until_end(), "");
    client.close();
    listener.reset();

    FileDescriptor plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Address address = Address::ipv4(endpoint.port);
    ASSERT_NE(::bind(plain.get(), address.data(), address.size), 0) << "nothing is in TIME_WAIT";

    Listener again(endpoint, stop);
    EXPECT_EQ(again.endpoint(), endpoint);
    RawPeer::connect(endpoint.port);
}

TEST_F(TcpListener, AcceptGivesUpAtTheDeadline) {
    Listener listener(ipv4, stop);
    Stopwatch watch;
    EXPECT_EQ(listener.accept(deadline_after(30ms)), nullptr);
    EXPECT_GE(watch.elapsed(), 29ms);
    EXPECT_EQ(listener.accept(Deadline{}), nullptr);
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
}

TEST_F(TcpListener, AcceptEndsAtOnceWhenItIsInterrupted) {
    Listener listener(ipv4, stop);
    for (const Deadline deadline : {no_deadline, deadline_after(patience)}) {
        Interrupt ours;
        Listener interrupted(ipv4, ours);
        auto accepting = waiting([&interrupted, deadline] { return interrupted.accept(deadline); });
        Stopwatch watch;
        ours.raise();
        EXPECT_EQ(accepting.get(), nullptr);
        EXPECT_LT(watch.elapsed(), 3s);
    }
}

TEST_F(TcpListener, AcceptsNobodyAfterTheInterrupt) {
    Listener listener(ipv4, stop);
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    stop.raise();
    EXPECT_EQ(listener.accept(), nullptr);
    EXPECT_EQ(listener.accept(), nullptr);
}

TEST_F(TcpListener, PassesOverAClientThatHasAlreadyGone) {
    Listener listener(ipv4, stop);
    RawPeer::connect(listener.endpoint().port).reset();
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    // Systems differ: the one that left is not accepted at all, or found dead when read from.
    auto stream = listener.accept(deadline_after(patience));
    if (stream->peer() != "127.0.0.1:" + std::to_string(client.port())) {
        EXPECT_THROW(read(*stream), jsocket::ConnectionError);
        stream = listener.accept(deadline_after(patience));
    }
    EXPECT_EQ(stream->peer(), "127.0.0.1:" + std::to_string(client.port()));
}

TEST_F(TcpListener, SaysThatThereIsNoDescriptorLeftAndAcceptsLater) {
    Listener listener(ipv4, stop);
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlimit none_left = limit;
    none_left.rlim_cur = static_cast<rlim_t>(*open_descriptors().rbegin()) + 1;
    setrlimit(RLIMIT_NOFILE, &none_left);
    std::vector<FileDescriptor> gaps;  // numbers that were free below the limit
    do gaps.emplace_back(::dup(0));
    while (gaps.back().get() >= 0);
    std::error_code code;
    try {
        listener.accept(deadline_after(patience));
    } catch (const jsocket::ConnectionError& error) {
        code = error.code();
    }
    gaps.clear();
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(code, std::errc::too_many_files_open);
    EXPECT_NE(listener.accept(deadline_after(patience)), nullptr);
}

TEST_F(TcpListener, RefusesClientsOnceItIsClosed) {
    Listener listener(ipv4, stop);
    const std::uint16_t port = listener.endpoint().port;
    RawPeer in_queue = RawPeer::connect(port);
    listener.close();
    listener.close();
    EXPECT_TRUE(in_queue.closed_by_peer());
    EXPECT_THROW(RawPeer::connect(port), std::system_error);
    EXPECT_EQ(listener.endpoint().port, port);
}

TEST_F(TcpListener, RefusesClientsOnceItIsDestroyed) {
    auto listener = std::make_unique<Listener>(ipv4, stop);
    const std::uint16_t port = listener->endpoint().port;
    listener.reset();
    EXPECT_THROW(RawPeer::connect(port), std::system_error);
}

TEST_F(TcpListener, LetsNoOtherProgramInheritItsDescriptors) {
    Interrupt interrupt;
    Listener listener(ipv4, interrupt);
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    const auto accepted = listener.accept();
    const auto connected = jsocket::connect_stream(listener.endpoint(), deadline_after(patience));
    EXPECT_GE(new_descriptors().size(), 5u);
    expect_nothing_inheritable();
}

}  // namespace
