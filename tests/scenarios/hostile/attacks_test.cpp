// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/attack.hpp"
#include "scenarios/hostile/crowd.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

/// Attacks that are more than texts: calls that are not answered, replies that are not read, and
/// messages that begin quickly and never end.
namespace {

using namespace test_support;
using jsocket::Framing;
using std::chrono::milliseconds;

std::size_t rpc_bound() { return connection_bound(hostile_limits, hostile_rpc_options()); }

/// A crowd that calls methods of an rpc::Server.
class HostileCallers : public testing::Test {
  protected:
    explicit HostileCallers(const jsocket::ServerOptions& its_options = crowded_server_options())
        : options(its_options), server(ServerKind::rpc, options) {}

    void expect_served() {
        Opponent honest = Opponent::client(server.port(), Framing::prefix);
        EXPECT_TRUE(honest.converse_rpc(call_text("echo", "[1]", 1)));
    }

    void connect(std::size_t size, Reading reading) {
        expect_served();
        memory.emplace(server.pid());
        crowd.emplace(server.port(), size, reading);
    }

    void say(std::string_view text, int times = 1) {
        const std::string frame = prefix_frame(text);
        for (std::size_t i = 0; i < crowd->size(); ++i) {
            for (int n = 0; n < times; ++n) crowd->say(i, frame);
        }
    }

    /// Until all has been sent and this holds. Keeps how many threads there were.
    template <typename Condition>
    bool go_on_until(const Condition& condition) {
        return wait_until(
            [&] {
                const std::size_t busy = crowd->go_on();
                threads = std::max(threads, thread_count(server.pid()));
                return busy == 0 && condition();
            },
            6 * patience);
    }

    void expect_within_bounds(const char* what) {
        const std::size_t bound = resident_bound(server_bound(options, rpc_bound(), crowd->size()));
        const std::size_t peak = memory->peak();
        const std::size_t most = thread_bound(options, crowd->size() + 1);
        print_growth(what, peak, bound);
        std::printf("%zu threads, allowed are %zu; %zu cuts\n", threads, most, crowd->cuts());
        EXPECT_TRUE(!memory->counted() || peak < bound) << peak;
        EXPECT_LE(threads, most);
    }

    const jsocket::ServerOptions options;
    const HostedServer server;
    std::optional<MemoryWatch> memory;
    std::optional<Crowd> crowd;
    std::size_t threads = 0;
};

constexpr std::string_view last_reply = R"("id":"last")";
constexpr std::string_view last_request = R"({"jsonrpc":"2.0","method":"rpc.health","id":"last"})";

TEST_F(HostileCallers, ThatDoNotAnswerHoldFewThreads) {
    connect(40, Reading::at_once);
    for (std::size_t id = 1; id <= hostile_rpc_options().max_calls_in_flight; ++id) {
        say(call_text("ask", "", id));
    }
    say(last_request);  // whose reply tells that the calls have been taken
    EXPECT_TRUE(go_on_until(
        [&] { return crowd->all_have_read(last_reply) && crowd->all_have_read("\"answer\""); }));
    expect_served();
    expect_within_bounds("calls that are not answered");
}

/// The same without a memory budget to speak of: each connection has its own limits.
class HostileCallersWithoutBudget : public HostileCallers {
  protected:
    HostileCallersWithoutBudget() : HostileCallers(hostile_server_options()) {}
};

TEST_F(HostileCallersWithoutBudget, HoldNoMoreParametersThanMayBeInFlight) {
    connect(8, Reading::at_once);
    std::string params = "[{}";
    for (std::size_t i = 0; i < 7'900; ++i) params += ",{}";
    params += ']';
    for (std::size_t id = 1; id <= 4 * hostile_rpc_options().max_calls_in_flight; ++id) {
        say(call_text("ask", params, id));
    }
    say(last_request);
    EXPECT_TRUE(go_on_until([&] { return crowd->all_have_read(last_reply); }));
    expect_served();
    expect_within_bounds("parameters that are held");
}

TEST_F(HostileCallers, ThatDoNotReadHoldFewThreadsAndLittleMemory) {
    connect(20, Reading::never);
    for (std::size_t id = 1; id <= static_cast<std::size_t>(scaled(200, 20)); ++id) {
        say(call_text("page", "", id));
    }
    EXPECT_TRUE(go_on_until([] { return true; }));
    expect_served();
    expect_within_bounds("replies that are not read");
}

TEST_F(HostileCallers, GetNoMoreOfBigRepliesToABatchThanMayBeSent) {
    connect(8, Reading::at_once);
    say(batch_text("rpc.discover", static_cast<std::size_t>(scaled(1'000, 100))), 3);
    say(last_request);
    EXPECT_TRUE(go_on_until([&] { return crowd->all_have_read(last_reply); }));
    expect_served();
    expect_within_bounds("batches of rpc.discover");
}

TEST(HostileServer, HasAClientMakeNoMoreOfBigRepliesThanMayBeSent) {
    HostedClient client(ClientKind::rpc, Framing::prefix);
    Opponent server = Opponent::server(Framing::prefix);
    client.connect_to(server.port());
    server.converse_rpc(call_text("echo", "[1]", 1));
    const MemoryWatch memory(client.pid());
    const std::string batch =
        batch_text("rpc.discover", static_cast<std::size_t>(scaled(1'000, 100)));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(server.converse_rpc(batch));
    const std::size_t bound = resident_bound(rpc_bound());
    const std::size_t peak = memory.peak();
    print_growth("batches of rpc.discover to a client", peak, bound);
    EXPECT_TRUE(!memory.counted() || peak < bound) << peak;
}

/// Clients that send most of a message at once, and then a byte now and then.
TEST(HostileMessages, ThatBeginQuicklyAndNeverEndAreCutAtTheirDeadline) {
    jsocket::ServerOptions options = hostile_server_options();
    options.message_deadline = milliseconds(500);
    const HostedServer server(ServerKind::small, options);
    const MemoryWatch memory(server.pid());
    constexpr std::size_t clients = scaled(40, 10);
    Crowd crowd(server.port(), clients, Reading::at_once);
    const std::size_t size = hostile_limits.max_message_size;
    for (std::size_t i = 0; i < crowd.size(); ++i) {
        crowd.say(i, prefix_frame('"' + std::string(size - 2, 'x') + '"').substr(0, size - 8'192));
    }
    EXPECT_TRUE(wait_until([&] { return crowd.go_on() == 0; }));
    // Much less than min_receive_rate.
    const Stopwatch watch;
    milliseconds next(0);
    EXPECT_TRUE(wait_until([&] {
        if (watch.elapsed() < next) return false;
        crowd.trickle();
        next += milliseconds(100);
        return crowd.connected() == 0;
    })) << crowd.connected()
        << " are still there";
    const std::size_t bound = resident_bound(clients * resting_bound(hostile_limits));
    print_growth("unfinished messages", memory.peak(), bound);
    EXPECT_TRUE(!memory.counted() || memory.peak() < bound) << memory.peak();
}

/// How an honest client fared that sends at twice the least rate.
struct SlowSending {
    bool answered = false;
    bool steady = true;  ///< has it sent when it was to, or was the machine too slow?
};

SlowSending send_slowly(std::uint16_t port, milliseconds deadline) {
    constexpr std::size_t rate = 2 * jsocket::default_min_receive_rate;
    constexpr milliseconds period(50);
    const std::string frame = prefix_frame('"' + std::string(3 * rate, 'h') + '"');
    SlowSending result;
    RawPeer peer = RawPeer::connect(port);
    const Stopwatch watch;
    milliseconds before(0);
    try {
        for (std::size_t sent = 0; sent < frame.size();) {
            // There is nothing to read before the end: this is the pause between two pieces.
            if (peer.readable(period)) break;
            const milliseconds now = watch.elapsed();
            if (now - before > deadline / 2) result.steady = false;
            before = now;
            const auto due = std::min<std::size_t>(
                frame.size(), static_cast<std::size_t>(now.count()) * rate / 1'000);
            peer.send(std::string_view(frame).substr(sent, due - sent));
            sent = due;
        }
        result.answered = peer.receive_prefix_frame() == "1";
    } catch (const std::exception&) {  // it has been cut
    }
    return result;
}

TEST(SlowClient, ThatIsHonestMayTakeLongerThanTheDeadline) {
    jsocket::ServerOptions options = hostile_server_options();
    options.message_deadline = milliseconds(1'000);
    const HostedServer server(ServerKind::small, options);
    SlowSending sending = send_slowly(server.port(), options.message_deadline);
    for (int i = 0; i < 5 && !sending.steady; ++i) {
        sending = send_slowly(server.port(), options.message_deadline);
    }
    EXPECT_TRUE(sending.answered || !sending.steady);
}

}  // namespace
