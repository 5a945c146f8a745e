// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_fixture.hpp"

#include <jsocket/socket/json_socket.hpp>

#include <csignal>
#include <future>
#include <thread>

/// The rules of Stream, kept by real sockets.
namespace {

using namespace socket_tests;
using jsocket::ConnectionError;
using jsocket::TimeoutError;

enum class Kind { ipv4, ipv6, unix_domain };

/// More than a socket and its peer ever hold.
const std::string& too_much() {
    static const std::string bytes(64 << 20, 'x');
    return bytes;
}

class SocketStream : public LeakCheck, public ::testing::WithParamInterface<Kind> {
  protected:
    SocketStream() {
        Endpoint endpoint = ipv4;
        if (GetParam() == Kind::ipv6) endpoint = ipv6;
        if (GetParam() == Kind::unix_domain) endpoint = {"unix:" + (directory / "echo"), 0};
        listener = std::make_unique<Listener>(endpoint, stop);
        client = jsocket::connect_stream(listener->endpoint(), deadline_after(patience));
        server = listener->accept(deadline_after(patience));
    }

    TemporaryDirectory directory;
    Interrupt stop;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
};

TEST_P(SocketStream, CarriesBytesBothWays) {
    client->write_all("there", patience);
    EXPECT_EQ(read(*server), "there");
    server->write_all("back", patience);
    EXPECT_EQ(read(*client), "back");
    client->write_all("", patience);
    EXPECT_EQ(read(*server, Deadline{}), std::nullopt);
}

TEST_P(SocketStream, CarriesMoreThanItsBuffersHold) {
    const std::string bytes(20 << 20, 'y');
    auto writing = waiting([&] {
        client->write_all(bytes, patience);
        client->finish_writing();
    });
    std::size_t received = 0;
    for (auto part = read(*server); part && !part->empty(); part = read(*server)) {
        received += part->size();
    }
    writing.get();
    EXPECT_EQ(received, bytes.size());
}

TEST_P(SocketStream, ReadsNothingWhenTheDeadlinePassesAndTheBytesLater) {
    Stopwatch watch;
    EXPECT_EQ(read(*server, deadline_after(30ms)), std::nullopt);
    EXPECT_GE(watch.elapsed(), 29ms);
    EXPECT_EQ(read(*server, Deadline{}), std::nullopt);
    client->write_all("late", patience);
    EXPECT_EQ(read(*server), "late");
}

TEST_P(SocketStream, WakesAReaderWithoutADeadline) {
    auto reading = waiting([&] { return read(*server, no_deadline); });
    client->write_all("now", patience);
    EXPECT_EQ(reading.get(), "now");
}

TEST_P(SocketStream, CarriesRepliesAfterTheOtherSideHasFinishedWriting) {
    client->write_all("last words", patience);
    client->finish_writing();
    EXPECT_EQ(read(*server), "last words");
    EXPECT_EQ(read(*server), "");
    EXPECT_EQ(read(*server, no_deadline), "");
    server->write_all("reply", patience);
    EXPECT_EQ(read(*client), "reply");
}

TEST_P(SocketStream, InterruptEndsAReadAtOnceAndForGood) {
    for (const Deadline deadline : {no_deadline, deadline_after(patience)}) {
        auto& stream = deadline == no_deadline ? *server : *client;
        auto& other = deadline == no_deadline ? *client : *server;
        auto reading = waiting([&] { return read(stream, deadline); });
        Stopwatch watch;
        stream.interrupt();
        EXPECT_EQ(reading.get(), "");
        EXPECT_LT(watch.elapsed(), 3s);
        if (GetParam() == Kind::unix_domain) break;  // the other side could not write any more
        other.write_all("unread", patience);
        EXPECT_EQ(read(stream), "");
    }
}

TEST_P(SocketStream, InterruptLeavesWritingAsItWas) {
    server->interrupt();
    server->write_all("still", patience);
    EXPECT_EQ(read(*client), "still");
}

TEST_P(SocketStream, ShutdownEndsReadsAndWritesInOtherThreads) {
    auto reading = waiting([&] { return read(*server, no_deadline); });
    auto writing = waiting([&] { server->write_all(too_much(), no_timeout); });
    server->shutdown();
    EXPECT_EQ(reading.get(), "");
    EXPECT_THROW(writing.get(), ConnectionError);
    EXPECT_EQ(read(*server), "");
    EXPECT_THROW(server->write_all("x", patience), ConnectionError);
}

TEST_P(SocketStream, DestructionGivesThePeerEverythingAndThenTheEnd) {
    server->write_all("goodbye", patience);
    server.reset();
    EXPECT_EQ(read(*client), "goodbye");
    EXPECT_EQ(read(*client), "");
}

TEST_P(SocketStream, AWriteToADeadPeerFailsAndDoesNotKillTheProcess) {
    const auto before = std::signal(SIGPIPE, SIG_DFL);
    server.reset();
    std::error_code code;
    // TCP learns from the answer to a first write that nobody is there.
    const bool failed = wait_until([&] {
        try {
            client->write_all("x", patience);
        } catch (const ConnectionError& error) {
            code = error.code();
        }
        return bool(code);
    });
    EXPECT_TRUE(failed);
    EXPECT_TRUE(code == std::errc::broken_pipe || code == std::errc::connection_reset) << code;
    EXPECT_THROW(client->write_all("y", patience), ConnectionError);
    std::signal(SIGPIPE, before);
}

TEST_P(SocketStream, TimesOutAWriteToAPeerThatNeverReads) {
    for (Stream* stream : {client.get(), server.get()}) {
        Stopwatch watch;
        const auto error = error_of<TimeoutError>([&] { stream->write_all(too_much(), 50ms); });
        EXPECT_GE(watch.elapsed(), 49ms);
        EXPECT_LT(watch.elapsed(), patience);
        EXPECT_THAT(error->what(), HasSubstr(stream->peer()));
    }
}

TEST_P(SocketStream, AStoppingServerDoesNotWaitForAPeerThatNeverReads) {
    auto writing = waiting([&] { server->write_all(too_much(), no_timeout); });
    Stopwatch watch;
    stop.raise();
    EXPECT_THROW(writing.get(), TimeoutError);
    EXPECT_LT(watch.elapsed(), 3s);
}

TEST_P(SocketStream, AStoppingServerStillSendsWhatItsPeerReads) {
    stop.raise();
    server->write_all("reply", no_timeout);
    EXPECT_EQ(read(*client), "reply");
}

TEST_P(SocketStream, AStoppingServerHasOneMomentForAllThatItWrites) {
    auto reading = std::async(std::launch::async, [&] {
        // Steadily, so that there is room again and again.
        while (!read(*client).value_or("").empty()) std::this_thread::yield();
    });
    const std::string piece(4'000'000, 'x');
    stop.raise();
    const Stopwatch watch;
    EXPECT_THROW(while (watch.elapsed() < patience) server->write_all(piece, patience),
                 TimeoutError);
    EXPECT_LT(watch.elapsed(), patience);
    server.reset();
    reading.wait();
}

INSTANTIATE_TEST_SUITE_P(Over, SocketStream,
                         ::testing::Values(Kind::ipv4, Kind::ipv6, Kind::unix_domain),
                         [](const auto& instance) -> std::string {
                             if (instance.param == Kind::ipv4) return "Ipv4";
                             return instance.param == Kind::ipv6 ? "Ipv6" : "UnixDomain";
                         });

class TcpStream : public LeakCheck {
  protected:
    Interrupt stop;
    Listener listener{ipv4, stop};
    RawPeer client = RawPeer::connect(listener.endpoint().port);
    std::unique_ptr<Stream> server = listener.accept(deadline_after(patience));
};

TEST_F(TcpStream, AResetIsAConnectionErrorWithItsCode) {
    client.reset();
    const auto error = error_of<ConnectionError>([&] { read(*server); });
    EXPECT_EQ(error->code(), std::errc::connection_reset);
    EXPECT_THAT(error->what(), HasSubstr("socket connection broken"));
}

TEST_F(TcpStream, EveryByteThePeerTakesStartsAWriteTimeoutAnew) {
    // A UNIX-domain socket holds so little that the write has to wait for the peer's reads.
    TemporaryDirectory directory;
    Listener small({"unix:" + (directory / "echo"), 0}, stop);
    RawPeer slow = RawPeer::connect(directory / "echo");
    const auto stream = small.accept(deadline_after(patience));
    const std::string bytes(4 << 20, 'z');
    auto writing = waiting([&] { stream->write_all(bytes, 1s); });
    Stopwatch watch;
    for (std::size_t received = 0; received < bytes.size();) {
        received += slow.receive(64 << 10).size();
        if (watch.elapsed() < 1200ms) writing.wait_for(50ms);
    }
    EXPECT_NO_THROW(writing.get());
    EXPECT_GT(watch.elapsed(), 1s);
}

TEST_F(TcpStream, AcknowledgesAHeaderThatWasSentAlone) {
    client.send("head");
    EXPECT_EQ(read(*server), "head");
    server->acknowledge_now();
    client.send("payload");
    EXPECT_EQ(read(*server), "payload");
}

TEST_F(TcpStream, RepliesSurviveAFinishWithBytesUnread) {
    jsocket::JsonSocket socket(std::move(server), {});
    std::string requests;
    for (int i = 0; i < 10'000; ++i) requests += prefix_frame("\"request\"");
    client.send(requests);
    EXPECT_EQ(socket.receive(deadline_after(patience)), "\"request\"");
    socket.send_payload("\"reply\"");
    Stopwatch watch;
    auto finishing = waiting([&] { socket.finish(patience); });
    EXPECT_EQ(client.receive_until_end(), prefix_frame("\"reply\""));
    client.close();
    finishing.get();
    EXPECT_LT(watch.elapsed(), patience / 2);
}

}  // namespace
