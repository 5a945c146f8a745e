// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <jsocket/json_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerFactoryThread;
using jsocket::ServerOptions;
using jsocket::ThreadedServer;
using testing::ElementsAre;

constexpr std::size_t limit = 100;

/// Looks at the text of messages and, but for one of them, wants no tree.
template <typename Base>
class TextHandler : public Base {
  public:
    template <typename... Arguments>
    explicit TextHandler(Journal& journal, Arguments&&... arguments)
        : Base(std::forward<Arguments>(arguments)...), journal_(journal) {}

  private:
    std::optional<json> process_message(json&) override {
        journal_.add("a tree was made");
        return "tree";
    }
    void process_payload(std::string_view payload, std::string& reply) override {
        journal_.add((reply.empty() ? "" : "a reply is there: ") + std::string(payload));
        if (payload == R"("big")") {
            reply = "\"" + std::string(limit - 1, 'x') + "\"";
        } else if (payload == R"("validate")") {
            jsocket::validate("{]");
        } else if (payload == R"("name")") {
            this->identify("renamed");
        } else if (payload.starts_with(R"({"tree")")) {
            Base::process_payload(payload, reply);
        } else if (payload != R"("quiet")") {
            reply = payload;
        }
    }

    Journal& journal_;
};

using TextServer = TextHandler<ThreadedServer>;
using TextWorker = TextHandler<ServerFactoryThread>;

class PayloadHook : public testing::Test {
  protected:
    Journal journal;
    Running<TextServer> server{journal, ServerOptions{.limits = {.max_message_size = limit}}};
    RawPeer client = RawPeer::connect(server.port());
};

TEST_F(PayloadHook, GetsTheTextUnchangedAndSkipsTheTree) {
    const std::string text = R"( {"b": 1.0, "a":-0.0, "b" : 1180591620717411303424} )";
    client.send(prefix_frame(text));
    EXPECT_EQ(client.receive_prefix_frame(), text);
    EXPECT_THAT(journal.entries(), ElementsAre(text));
}

TEST_F(PayloadHook, GetsTextThatIsNoJson) {
    client.send(prefix_frame("{] \xff") + prefix_frame(""));
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("{] \xff"));
    EXPECT_THAT(journal.entries(), ElementsAre("{] \xff", ""));
}

TEST_F(PayloadHook, SendsNothingIfTheReplyStaysEmpty) {
    client.send(prefix_frame("1") + prefix_frame(R"("quiet")") + prefix_frame("3"));
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1") + prefix_frame("3"));
    EXPECT_THAT(journal.entries(), ElementsAre("1", R"("quiet")", "3"));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(PayloadHook, CountsAReplyThatIsTooBigAsBadWrite) {
    client.send(prefix_frame("1") + prefix_frame(R"("big")") + prefix_frame("3"));
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1"));
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::bad_write), 1u);
}

TEST_F(PayloadHook, IsNeverGivenAMessageOverTheLimit) {
    client.send(prefix_frame(std::string(limit, ' ')) + big_endian(limit + 1));
    EXPECT_EQ(client.receive_until_end(), prefix_frame(std::string(limit, ' ')));
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::oversize), 1u);
    EXPECT_EQ(journal.size(), 1u);
}

TEST_F(PayloadHook, MayCallTheDefinitionItOverrides) {
    client.send(prefix_frame(R"({"tree": 1, "client": "oak"})"));
    EXPECT_EQ(client.receive_prefix_frame(), R"("tree")");
    EXPECT_EQ(journal.entries().back(), "a tree was made");
    EXPECT_EQ(server.client_stats().clients.begin()->first, "oak");
}

TEST_F(PayloadHook, MayNameTheClientItself) {
    client.send(prefix_frame(R"("name")") + prefix_frame(R"({"client":"not looked at"})"));
    EXPECT_EQ(client.receive_prefix_frame(), R"({"client":"not looked at"})");
    EXPECT_EQ(server.client_stats().clients.begin()->first, "renamed");
}

TEST_F(PayloadHook, IsCountedLikeAnyMessage) {
    client.send(prefix_frame("[1, 2]") + prefix_frame(R"("quiet")"));
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("[1, 2]"));
    const jsocket::ServerStats stats = server.client_stats();
    ASSERT_EQ(stats.clients.size(), 1u);
    const jsocket::ClientStats& entry = stats.clients.begin()->second;
    EXPECT_EQ(entry.messages_in, 2u);
    EXPECT_EQ(entry.bytes_in, 13u);
    EXPECT_EQ(entry.messages_out, 1u);
    EXPECT_EQ(entry.bytes_out, 6u);
}

/// Calls the definition it overrides twice for one message, or where it must not.
class NestedServer : public ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

  private:
    std::optional<json> process_message(json& message) override {
        std::string reply;
        if (message == "nested") ThreadedServer::process_payload("1", reply);
        return std::move(message);
    }
    void process_payload(std::string_view payload, std::string& reply) override {
        ThreadedServer::process_payload(payload, reply);
        if (payload == "1") ThreadedServer::process_payload("2", reply);
    }
};

TEST(PayloadHookThatCallsWhatItOverrides, TwiceAnswersWithTheLastAndCountsOneMessage) {
    Running<NestedServer> server;
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(prefix_frame("1"));
    EXPECT_EQ(peer.receive_prefix_frame(), "2");
    const auto stats = server.client_stats();
    ASSERT_EQ(stats.clients.size(), 1u);
    EXPECT_EQ(stats.clients.begin()->second.messages_in, 1u);
}

TEST(PayloadHookThatCallsWhatItOverrides, WithinProcessMessageFailsAsAHook) {
    Running<NestedServer> server;
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(prefix_frame("\"nested\""));
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats(), Failure::handler) == 1; }));
}

TEST(PayloadHookOfAWorker, GetsTheTextUnchangedAndSkipsTheTree) {
    Journal journal;
    Running<ServerFactory<TextWorker>> server(ServerOptions{}, std::ref(journal));
    for (const std::string text : {"[1.0, 1e999]", "nonsense", "1180591620717411303424"}) {
        RawPeer client = RawPeer::connect(server.port());
        client.send(crc_frame(text));
        EXPECT_EQ(client.receive_crc_frame(), text);
    }
    EXPECT_THAT(journal.entries(),
                ElementsAre("[1.0, 1e999]", "nonsense", "1180591620717411303424"));
}

}  // namespace
