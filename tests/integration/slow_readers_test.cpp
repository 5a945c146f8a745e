// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/certificates.hpp"
#include "support/memory.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_peer.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

/// Clients that ask for much and read little, over each transport.
namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerOptions;
using jsocket::rpc::Dispatcher;
using jsocket::rpc::Run;

constexpr std::size_t big = 200'000;  // of some tens, no system takes all
constexpr std::size_t very_big = 20'000'000;

/// A client by hand, with or without TLS.
class Reader {
  public:
    explicit Reader(RawPeer raw, bool tls) {
        if (tls) {
            tls_.emplace(std::move(raw));
            tls_->handshake();
        } else {
            raw_.emplace(std::move(raw));
        }
    }

    void call(const char* method, int id, std::size_t size) {
        const json call = {{"jsonrpc", "2.0"}, {"method", method}, {"params", {size}}, {"id", id}};
        const std::string bytes = prefix_frame(call.dump());
        tls_ ? tls_->send(bytes) : raw_->send(bytes);
    }

    /// Fewer bytes at the end of the stream.
    std::string receive(std::size_t size) {
        try {
            return tls_ ? tls_->receive(size) : raw_->receive(size);
        } catch (const std::exception&) {
            return {};  // a reset, or half a record
        }
    }

    /// The next reply; null at the end of the stream.
    json reply() {
        const std::string header = receive(4);
        if (header.size() < 4) return nullptr;
        std::size_t size = 0;
        for (const char byte : header) size = size << 8 | static_cast<unsigned char>(byte);
        return json::parse(receive(size), nullptr, false);
    }

  private:
    std::optional<RawPeer> raw_;
    std::optional<TlsPeer> tls_;
};

enum class Transport { tcp, unix_socket, tls };

void PrintTo(Transport transport, std::ostream* out) {
    *out << (transport == Transport::tcp ? "Tcp" : transport == Transport::tls ? "Tls" : "Unix");
}

class SlowReaders : public testing::TestWithParam<Transport> {
  protected:
    using Server = Running<jsocket::rpc::Server>;

    SlowReaders() {
        const auto text = [](std::size_t size) { return std::string(size, 'x'); };
        methods.bind("now", text, {}, {.run = Run::immediately});
        const auto late = [this](std::size_t size) {
            gate.wait();
            ++runs;
            return std::string(size, 'x');
        };
        methods.bind("late", late, {}, {.run = Run::in_order});
        options.limits.max_message_size = 2 * very_big;
        options.send_timeout = jsocket::no_timeout;
        options.min_send_rate = 0;
        if (GetParam() == Transport::tls) options.tls = files.server_options();
        if (GetParam() == Transport::unix_socket)
            options.address = "unix:" + (directory / "socket");
    }

    void start() { server.emplace(options, methods); }

    /// Methods end after all calls have been read: a reply that is there before goes another way.
    void open_gate_after(std::uint64_t calls) {
        EXPECT_TRUE(wait_until([&] { return server->client_stats().totals.messages_in >= calls; }));
        gate.open();
    }

    Reader connect() const {
        constexpr int receive_buffer = 64 * 1024;
        const Address address = GetParam() == Transport::unix_socket
                                    ? Address::unix_path(directory / "socket")
                                    : Address::ipv4(server->port());
        return Reader(RawPeer::connect(address, receive_buffer), GetParam() == Transport::tls);
    }

    std::uint64_t count(Failure failure) const { return failures(server->client_stats(), failure); }

    /// Reads 64 KiB and pauses for 10 ms, again and again: at most 6.4 MB/s, also after the reply
    /// was long in coming. Goes on until the server closes the connection or `time` is over. Did
    /// it close it?
    static bool closed_on_slow_reader(Reader& reader, std::chrono::milliseconds time) {
        const Stopwatch stopwatch;
        while (stopwatch.elapsed() < time) {
            if (reader.receive(64 * 1024).size() < 64 * 1024) return true;
            const Stopwatch pause;
            wait_until([&] { return pause.elapsed() >= 10ms; });
        }
        return false;
    }

    /// One that reads so for a while is not cut; at one of a few attempts, as the machine may be
    /// busy with something else.
    void expect_patience() {
        options.send_timeout = 500ms;
        gate.open();
        for (const char* const method : {"now", "late"}) {
            bool cut = true;
            for (int attempt = 0; attempt < 5 && cut; ++attempt) {
                start();
                Reader reader = connect();
                reader.call(method, 1, very_big);
                cut = reader.receive(64 * 1024).empty() ||
                      closed_on_slow_reader(reader, options.send_timeout * 5 / 4) ||
                      failures(server->client_stats()) > 0;
                server.reset();
            }
            EXPECT_FALSE(cut) << method;
        }
    }

    const CertificateFiles files;
    const TemporaryDirectory directory;
    std::atomic<int> runs{0};
    Gate gate;
    Dispatcher methods;
    ServerOptions options;
    std::optional<Server> server;
};

std::size_t threads() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// Methods that run one after another show it best: one that waited would be the last to run.
TEST_P(SlowReaders, OfReplyAfterReplyHoldNoThreadsAndGetThemAllOnceTheyRead) {
    constexpr int clients = 4;
    constexpr int calls = 40;
    start();
    const std::size_t before = threads();
    std::vector<Reader> readers;
    for (int client = 0; client < clients; ++client) {
        readers.push_back(connect());
        for (int id = 0; id < calls; ++id) readers.back().call("late", id, big);
    }
    open_gate_after(clients * calls);
    ASSERT_TRUE(wait_until([&] { return runs == clients * calls; }));
    EXPECT_LE(threads(), before + 4 * clients + 1) << "one reads, few ran methods, one waits";

    Reader other = connect();
    other.call("late", 1, 10);
    EXPECT_EQ(other.reply()["result"], std::string(10, 'x')) << "others are answered meanwhile";

    for (Reader& reader : readers) {
        for (int id = 0; id < calls; ++id) {
            const json reply = reader.reply();
            ASSERT_EQ(reply["id"], id);
            ASSERT_EQ(reply["result"].get_ref<const std::string&>().size(), big);
        }
        reader.call("late", calls, 1);
        EXPECT_EQ(reader.reply()["result"], "x") << "the connection goes on";
    }
    EXPECT_EQ(failures(server->client_stats()), 0u);
    EXPECT_EQ(server->client_stats().totals.messages_out, clients * (calls + 1) + 1u);
}

TEST_P(SlowReaders, AreStillAnsweredInBetweenByWhatIsImmediate) {
    start();
    Reader reader = connect();
    for (int id = 0; id < 20; ++id) reader.call("late", id, big);
    open_gate_after(20);
    for (int id = 20; id < 40; ++id) reader.call("now", id, big);
    std::set<int> ids;
    for (int i = 0; i < 40; ++i) {
        const json reply = reader.reply();
        ASSERT_EQ(reply["result"].get_ref<const std::string&>().size(), big);
        ids.insert(reply["id"].get<int>());
    }
    EXPECT_EQ(ids.size(), 40u);
}

TEST_P(SlowReaders, ThatNeverReadAreCutAfterSendTimeoutAndCounted) {
    options.send_timeout = 100ms;
    start();
    Reader reader = connect();
    const Stopwatch stopwatch;
    for (int id = 0; id < 60; ++id) reader.call("late", id, big);
    open_gate_after(60);
    EXPECT_TRUE(wait_until([&] { return count(Failure::bad_write) == 1; }));
    EXPECT_GE(stopwatch.elapsed(), 100ms);
    EXPECT_EQ(failures(server->client_stats()), 1u);
    EXPECT_TRUE(wait_until([&] { return server->client_stats().connected_clients == 0; }));
    EXPECT_LT(server->client_stats().totals.messages_out, 60u) << "what was lost was not sent";
}

TEST_P(SlowReaders, DoNotHoldUpStop) {
    const auto attempt = [this] {
        runs = 0;
        start();
        std::vector<Reader> readers;
        for (int client = 0; client < 4; ++client) {
            readers.push_back(connect());
            for (int id = 0; id < 40; ++id) readers.back().call("late", id, big);
        }
        open_gate_after(4 * 40);
        wait_until([&] { return runs == 4 * 40; });
        const Stopwatch stopwatch;
        server->stop();
        server->join();
        const auto time = stopwatch.elapsed();
        EXPECT_EQ(count(Failure::bad_write), 4u) << "as ordinary replies are";
        server.reset();
        return time;
    };
    EXPECT_TRUE(once_within(500ms, attempt));
}

TEST_P(SlowReaders, ThatLeaveTakeTheirRepliesWithThem) {
    start();
    const std::size_t before = resident_memory();
    {
        std::vector<Reader> readers;
        for (int i = 0; i < 20; ++i) {
            readers.push_back(connect());
            // Pieces that the allocator keeps; larger ones it gives back by itself.
            for (int id = 0; id < 60; ++id) readers.back().call("late", id, 100'000);
        }
        open_gate_after(20 * 60);
        ASSERT_TRUE(wait_until([&] { return runs == 20 * 60; }));
        EXPECT_TRUE(sanitized || resident_memory() > before + 30'000'000) << "so much waits";
    }
    EXPECT_TRUE(wait_until([&] { return server->client_stats().connected_clients == 0; }));
    EXPECT_TRUE(sanitized || wait_until([&] { return resident_memory() < before + 10'000'000; }))
        << (resident_memory() - before) << " bytes are kept";
}

TEST_P(SlowReaders, BelowTheLowestRateAreCutThoughTheyRead) {
    for (const char* const method : {"now", "late"}) {
        SCOPED_TRACE(method);
        options.send_timeout = 200ms;
        options.min_send_rate = 100'000'000;
        start();
        gate.open();
        Reader reader = connect();
        reader.call(method, 1, very_big);
        EXPECT_TRUE(closed_on_slow_reader(reader, patience));
        EXPECT_TRUE(wait_until([&] { return count(Failure::bad_write) == 1; }));
        server.reset();
    }
}

TEST_P(SlowReaders, AboveTheLowestRateAreNotCut) {
    options.min_send_rate = 100'000;
    expect_patience();
}

TEST_P(SlowReaders, MayTakeTheirTimeWithoutALowestRate) { expect_patience(); }

INSTANTIATE_TEST_SUITE_P(Over, SlowReaders,
                         testing::Values(Transport::tcp, Transport::unix_socket, Transport::tls),
                         testing::PrintToStringParamName());

}  // namespace
