// SPDX-License-Identifier: Apache-2.0
//
// What a failed allocation must not leave behind, where a whole server or client hides it.
#include "server/stats_book.hpp"
#include "torture/torture.hpp"

#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/pipe.hpp>

#include <optional>
#include <string>
#include <utility>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::Running;
using jsocket::ServerFactory;
using std::chrono::milliseconds;

constexpr std::size_t most_allocations = 1'000;

/// Calls `operation` with its first allocation failing, then with its second, and so on, until none
/// fails; after each that threw for it, `check`. What `prepare` returns is what both work on.
template <typename Prepare, typename Operation, typename Check>
void fail_each_allocation(Prepare prepare, Operation operation, Check check) {
    std::size_t n = 0;
    for (bool happened = true; happened && n < most_allocations; ++n) {
        SCOPED_TRACE("allocation number " + std::to_string(n) + " fails");
        auto subject = prepare();
        Fault fault(Call::allocation, n, ENOMEM);
        bool threw = true;
        try {
            const Subject here;
            operation(*subject);
            threw = false;
        } catch (const std::bad_alloc&) {
        } catch (const jsocket::Error&) {
        }
        happened = fault.happened();
        fault.disarm();
        check(*subject, threw);
    }
    EXPECT_GT(n, 1u);
    EXPECT_LT(n, most_allocations);
}

jsocket::ClientStats client_named(const std::string& name) {
    jsocket::ClientStats stats;
    stats.client_id = name + ", whose name is too long to be kept in place";
    stats.connects = 1;
    return stats;
}

TEST(AllocationFaultsOfParts, LeaveABookOfStatisticsThatForgetsWhoLeftFirst) {
    const auto prepare = [] {
        auto book = std::make_unique<jsocket::StatsBook>(2);
        book->add(client_named("first"));
        return book;
    };
    const auto operation = [second = client_named("second")](jsocket::StatsBook& book) {
        book.add(second);
    };
    fail_each_allocation(prepare, operation, [](jsocket::StatsBook& book, bool) {
        book.add(client_named("third"));
        book.add(client_named("fourth"));
        const auto entries = book.entries();
        EXPECT_EQ(entries.size(), 2u);
        for (const char* name : {"third", "fourth"}) {
            EXPECT_EQ(entries.count(client_named(name).client_id), 1u) << name;
        }
    });
}

/// One end of a connection whose other end does not read.
struct Blocked {
    explicit Blocked(std::pair<std::unique_ptr<jsocket::Stream>, std::unique_ptr<jsocket::Stream>>
                         ends = jsocket::testing::pipe(64))
        : near(std::move(ends.first), {.send_timeout = milliseconds(1)}),
          far(std::move(ends.second)) {}

    jsocket::JsonSocket near;
    std::unique_ptr<jsocket::Stream> far;
};

TEST(AllocationFaultsOfParts, CloseAConnectionOnWhichPartOfAMessageIsOut) {
    const auto prepare = [] { return std::make_unique<Blocked>(); };
    const auto operation = [text = '"' + std::string(1'000, 'x') + '"'](Blocked& blocked) {
        blocked.near.send_payload(text);
    };
    fail_each_allocation(prepare, operation, [](Blocked& blocked, bool) {
        char space[64];
        const auto moved = blocked.far->read_some(space, jsocket::immediately);
        if (moved) {
            EXPECT_FALSE(blocked.near.connected());
        }
        if (blocked.near.connected()) {
            EXPECT_NO_THROW(blocked.near.send_payload("1"));
            EXPECT_EQ(blocked.far->read_some(space, jsocket::immediately), 5u) << "only this one";
        }
    });
}

/// A server and two clients that it has answered.
struct Audience {
    Audience() {
        for (RawPeer& peer : peers) {
            peer.send(prefix_frame("1"));
            EXPECT_EQ(peer.receive_prefix_frame(), "1");
        }
    }

    Running<ServerFactory<ScriptedWorker>> server{jsocket::ServerOptions{.port = 0}};
    RawPeer peers[2] = {RawPeer::connect(server.port()), RawPeer::connect(server.port())};
};

TEST(AllocationFaultsOfParts, DisconnectWhomABroadcastDoesNotReach) {
    const json note = std::string(2'000, 'x');
    std::size_t reached = 0;
    const auto prepare = [] { return std::make_unique<Audience>(); };
    const auto operation = [&](Audience& audience) { reached = audience.server.broadcast(note); };
    fail_each_allocation(prepare, operation, [&](Audience& audience, bool threw) {
        std::size_t got = 0;
        for (RawPeer& peer : audience.peers) {
            if (threw) {  // and then nobody got it
                peer.send(prefix_frame("2"));
                EXPECT_EQ(peer.receive_prefix_frame(), "2");
            } else {
                const std::string rest = peer.receive(prefix_frame(note.dump()).size());
                EXPECT_TRUE(rest.empty() || rest == prefix_frame(note.dump()));
                got += rest.empty() ? 0 : 1;
            }
        }
        if (!threw) {
            EXPECT_EQ(got, reached);
        }
    });
}

TEST(AllocationFaultsOfParts, LeaveTheCountOfRepliesRight) {
    std::size_t n = 0;
    for (bool happened = true; happened && n < most_allocations; ++n) {
        SCOPED_TRACE("allocation number " + std::to_string(n) + " fails");
        std::optional<Subject> subject(std::in_place);  // its threads are what is meant
        Running<ScriptedServer> server(jsocket::ServerOptions{.port = 0});
        subject.reset();
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame(R"({"client":"a"})"));
        peer.receive_prefix_frame();
        Fault fault(Call::allocation, n, ENOMEM);
        for (std::size_t size = 10; size < 3'000; size *= 3) {
            peer.send(prefix_frame('"' + std::string(size, 'x') + '"'));
        }
        peer.finish_writing();
        std::uint64_t replies = 1;
        try {
            for (; peer.receive_prefix_frame().size() > 1; ++replies) continue;
        } catch (const std::runtime_error&) {
            // the end
        }
        peer.close();
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
        happened = fault.happened();
        fault.disarm();
        const auto stats = server.client_stats();
        const auto client = stats.clients.find("a");
        if (client != stats.clients.end() && client->second.messages_in > 0) {  // not lost
            EXPECT_EQ(client->second.messages_out, replies);
        }
    }
    EXPECT_GT(n, 3u);
    EXPECT_LT(n, most_allocations);
}

}  // namespace
