// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <tuple>

namespace {

using namespace test_support;
using namespace std::string_literals;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

const jsocket::Limits limits{.max_message_size = 1 << 20, .max_elements = 1000};

/// What the client does after its bytes.
enum class Then { waits, finishes, resets };

struct Row {
    std::string what;
    std::string bytes;
    Failure failure;
    Then then = Then::waits;
};

std::vector<std::pair<std::string, std::string>> not_json() {
    return {
        {"a word", "nothing"},
        {"a half value", "{\"a\":"},
        {"a missing value", "{\"a\":}"},
        {"a trailing comma", "[1,]"},
        {"a wrong bracket", "[1}"},
        {"text after the value", "{} x"},
        {"two values", "1 2"},
        {"two documents", "{}{}"},
        {"a NUL after the value", "{}\0"s},
        {"a NUL in place of a value", "\0"s},
        {"a byte order mark", "\xef\xbb\xbf{}"},
        {"a raw control character", "\"a\x01z\""},
        {"a raw tab in a string", "\"a\tz\""},
        {"an open string", "\"abc"},
        {"a quote alone", "\""},
        {"an unknown escape", R"("\x41")"},
        {"a cut escape", R"("\u12")"},
        {"a lone high surrogate", R"("\ud800")"},
        {"a lone low surrogate", R"(["\udc00"])"},
        {"surrogates in the wrong order", R"("\udc00\ud800")"},
        {"NaN", "[NaN]"},
        {"Infinity", "[Infinity]"},
        {"minus Infinity", "-Infinity"},
        {"a decimal beyond double", "1e999"},
        {"2 to the 64", "18446744073709551616"},
        {"2 to the 70", "[1180591620717411303424]"},
        {"below minus 2 to the 63", "-9223372036854775809"},
        {"100,000 digits", std::string(100'000, '7')},
        {"a leading zero", "01"},
        {"a plus", "+1"},
        {"a lone minus", "-"},
        {"a lone point", "1."},
        {"single quotes", "{'a':1}"},
        {"a comment", "[1] // one"},
        {"a huge bad token", "[" + std::string(900'000, 'x') + "]"},
    };
}

std::vector<std::pair<std::string, std::string>> not_utf8() {
    return {
        {"an overlong slash", "\"\xc0\xaf\""},
        {"an overlong NUL in three bytes", "\"\xe0\x80\x80\""},
        {"an encoded surrogate", "\"\xed\xa0\x80\""},
        {"a code point beyond U+10FFFF", "\"\xf4\x90\x80\x80\""},
        {"a sequence cut by the quote", "\"\xe2\x82\""},
        {"a lone continuation byte", "\"\x80\""},
        {"a byte that is never UTF-8", "\"\xff\""},
        {"a bad name of a member", "{\"\xfe\":1}"},
        {"a bad byte outside of strings", "[1,\xc3]"},
        {"bad bytes in what is no JSON either", "{]\xff"},
    };
}

/// The rows that only concern the payload, in any wire format.
std::vector<Row> payload_rows(Framing framing) {
    std::vector<Row> rows;
    for (const auto& [what, text] : not_json()) {
        rows.push_back({what, frame(framing, text), Failure::invalid_json});
    }
    for (const auto& [what, text] : not_utf8()) {
        rows.push_back({what, frame(framing, text), Failure::invalid_utf8});
    }
    std::string objects;
    for (int i = 0; i < 129; ++i) objects += "{\"\":";
    rows.push_back({"129 levels", frame(framing, nested(129)), Failure::too_deep});
    rows.push_back({"129 levels of objects", frame(framing, objects + "1" + std::string(129, '}')),
                    Failure::too_deep});
    rows.push_back({"100,000 levels", frame(framing, nested(100'000)), Failure::too_deep});
    rows.push_back(
        {"100,000 open brackets", frame(framing, std::string(100'000, '[')), Failure::too_deep});
    std::string many = "[{}";
    for (int i = 0; i < 999; ++i) many += ",{}";
    rows.push_back({"1,001 values", frame(framing, many + "]"), Failure::too_complex});
    return rows;
}

/// The rows that are about the bytes around the payload.
std::vector<Row> framing_rows(Framing framing) {
    const std::string whole = frame(framing, R"({"half":"a message"})");
    std::vector<Row> rows = {
        {"leaving after the first byte", whole.substr(0, 1), Failure::closed_mid_message,
         Then::finishes},
        {"leaving before the last byte", whole.substr(0, whole.size() - 1),
         Failure::closed_mid_message, Then::finishes},
        {"silence after the first byte", whole.substr(0, 1), Failure::timeout},
        {"silence before the last byte", whole.substr(0, whole.size() - 1), Failure::timeout},
        {"a reset within a message", whole.substr(0, 6), Failure::reset, Then::resets},
    };
    if (framing == Framing::lines) {
        rows.push_back({"a line over the limit", std::string(limits.max_message_size + 1, ' '),
                        Failure::oversize});
        rows.push_back({"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Failure::invalid_json});
        return rows;
    }
    const std::string magic = framing == Framing::crc ? "JSN1" : "";
    for (const std::uint32_t length : {(1u << 20) + 1, 1u << 31, 0xFFFF'FFFFu}) {
        rows.push_back({"a length of " + std::to_string(length),
                        magic + big_endian(length) + std::string(8, '\0'), Failure::oversize});
    }
    rows.push_back({"an empty payload", frame(framing, ""), Failure::invalid_json});
    rows.push_back({"a header, then the end",
                    frame(framing, "[1]").substr(0, magic.empty() ? 4 : 12),
                    Failure::closed_mid_message, Then::finishes});
    if (framing == Framing::crc) {
        std::string wrong = crc_frame("[1,2,3]");
        wrong[10] = static_cast<char>(wrong[10] ^ 1);
        rows.push_back({"a wrong checksum", wrong, Failure::bad_crc});
        rows.push_back(
            {"a frame of the other format", prefix_frame("[1,2,3]"), Failure::bad_header});
        rows.push_back({"a wrong magic", "JSN2" + wrong.substr(4), Failure::bad_header});
    }
    return rows;
}

/// The client's wire format, and whether the server was told or finds out.
class BadInput : public testing::TestWithParam<std::tuple<Framing, bool>> {
  protected:
    const Framing framing = std::get<0>(GetParam());
    const Framing server_framing = std::get<1>(GetParam()) ? Framing::automatic : framing;

    /// Two good messages and the row's bytes in one write: the first two are answered, the rest is
    /// not, the right failure is counted once, and nobody else notices.
    void expect_refused(const Row& row) {
        SCOPED_TRACE(row.what);
        std::atomic<int> handled{0};
        Hooks<ScriptedWorker> hooks;
        hooks.message = [&](auto&, json& message) -> std::optional<json> {
            ++handled;
            return std::move(message);
        };
        const milliseconds silence = row.failure == Failure::timeout ? milliseconds(50) : patience;
        Running<jsocket::ServerFactory<ScriptedWorker>> server(
            ServerOptions{.framing = server_framing, .limits = limits, .recv_timeout = silence},
            hooks);
        JsonClient bystander = connected_client(server.port(), framing);
        const json hello = {{"client", "bystander"}};
        EXPECT_EQ(bystander.request(hello), hello);

        RawPeer peer = RawPeer::connect(server.port());
        const std::string good = frame(framing, "[1]") + frame(framing, R"({"a":null})");
        peer.send(good + row.bytes);
        if (row.then == Then::resets) {
            EXPECT_EQ(peer.receive(good.size()), good);
            peer.reset();
        } else {
            if (row.then == Then::finishes) peer.finish_writing();
            EXPECT_EQ(peer.receive_until_end(), good);
        }
        EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) > 0; }));
        EXPECT_EQ(bystander.request(hello), hello);
        EXPECT_EQ(handled, 4) << "two messages of each client";

        peer.close();
        server.stop();
        server.join();
        const jsocket::ServerStats stats = server.client_stats();
        EXPECT_EQ(failures(stats, row.failure), 1u) << json(stats).dump(2);
        EXPECT_EQ(failures(stats), 1u) << json(stats).dump(2);
        EXPECT_EQ(json(stats.clients.at("bystander")).at("failures").at("timeout"), 0);
    }
};

INSTANTIATE_TEST_SUITE_P(AllFormats, BadInput,
                         testing::Combine(testing::ValuesIn(all_formats), testing::Bool()),
                         [](const auto& info) {
                             return std::string(to_string(std::get<0>(info.param))) +
                                    (std::get<1>(info.param) ? "_detected" : "_configured");
                         });

TEST_P(BadInput, InAPayloadIsRefused) {
    for (const Row& row : payload_rows(framing)) expect_refused(row);
}

TEST_P(BadInput, AroundThePayloadIsRefused) {
    for (const Row& row : framing_rows(framing)) expect_refused(row);
}

TEST_P(BadInput, ClosesTheConnectionWithin10Milliseconds) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server(
        ServerOptions{.framing = server_framing});
    EXPECT_TRUE(once_within(milliseconds(10), [&] {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(frame(framing, "1"));
        EXPECT_EQ(receive_frame(peer, framing), "1");
        const Stopwatch stopwatch;
        peer.send(framing == Framing::crc ? prefix_frame("[1,2,3,4,5]") : frame(framing, "{]"));
        EXPECT_TRUE(peer.closed_by_peer());
        return stopwatch.elapsed();
    }));
}

TEST_P(BadInput, LosesNoReplyIfMuchFollowsIt) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server(
        ServerOptions{.framing = server_framing, .limits = limits});
    const std::string message = frame(framing, "\"" + std::string(10'000, 'x') + "\"");
    std::string many;
    for (int i = 0; i < 30; ++i) many += message;
    for (int i = 0; i < 5; ++i) {
        // Replies still wait in the server's send buffer when it comes to the bad message.
        RawPeer peer = RawPeer::connect(Address::ipv4(server.port()), 4096);
        peer.send(many + frame(framing, "{]") + many);
        EXPECT_TRUE(peer.receive_until_end() == many);
    }
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 5; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::invalid_json), 5u);
}

TEST_P(BadInput, HasShortPrintableErrorTexts) {
    const std::string tokens[] = {std::string(900'000, 'x'), "\"\x1b[2J\r\n\x01", "\x7f\x07",
                                  "{\"\xff\xfe\":" + std::string(100'000, '\x80')};
    for (const std::string& token : tokens) {
        if (framing == Framing::lines && token.find('\n') != std::string::npos) continue;
        Journal errors;
        Hooks<ScriptedServer> hooks;
        hooks.error = [&](auto&, const std::exception& error) { errors.add(error.what()); };
        Running<ScriptedServer> server(ServerOptions{.framing = server_framing, .limits = limits},
                                       hooks);
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(frame(framing, "1") + frame(framing, token));
        EXPECT_EQ(peer.receive_until_end(), frame(framing, "1"));
        ASSERT_TRUE(wait_until([&] { return errors.size() == 1; }));
        const std::string text = errors.entries()[0];
        EXPECT_LE(text.size(), 1024u);
        for (const char c : text) EXPECT_TRUE(c >= ' ' && c < 0x7f) << text;
    }
}

TEST_P(BadInput, ResetBetweenMessagesIsCountedAsReset) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server(
        ServerOptions{.framing = server_framing});
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(frame(framing, "1"));
    EXPECT_EQ(receive_frame(peer, framing), "1");
    peer.reset();
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::reset), 1u);
    EXPECT_EQ(failures(server.client_stats()), 1u);
}

TEST_P(BadInput, LeavingBetweenMessagesIsNone) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server(
        ServerOptions{.framing = server_framing});
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(frame(framing, "1"));
    EXPECT_EQ(receive_frame(peer, framing), "1");
    peer.close();
    { const RawPeer silent = RawPeer::connect(server.port()); }
    EXPECT_TRUE(wait_until([&] {
        const jsocket::ServerStats stats = server.client_stats();
        return stats.clients.size() == 2 && stats.connected_clients == 0;
    }));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

}  // namespace
