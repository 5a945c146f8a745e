// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerStats;
using testing::ElementsAre;

std::vector<std::string> names(const ServerStats& stats) {
    std::vector<std::string> all;
    for (const auto& [name, entry] : stats.clients) {
        EXPECT_EQ(entry.client_id, name);
        all.push_back(name);
    }
    return all;
}

class ClientName : public testing::Test {
  protected:
    /// What a client is called that has sent these messages.
    std::string name_after(const std::vector<std::string>& messages) {
        Running<ScriptedServer> server;
        RawPeer client = RawPeer::connect(server.port());
        for (const std::string& message : messages) {
            client.send(prefix_frame(message));
            client.receive_prefix_frame();
        }
        const ServerStats stats = server.client_stats();
        EXPECT_EQ(stats.clients.size(), 1u);
        EXPECT_EQ(stats.clients.begin()->second.messages_in, messages.size());
        address = "127.0.0.1:" + std::to_string(client.port());
        return names(stats).at(0);
    }

    std::string address;
};

TEST_F(ClientName, IsItsAddressUntilItSaysOtherwise) {
    const std::vector<std::string> silent = {"1",
                                             "\"client\"",
                                             "[\"client\"]",
                                             "{}",
                                             "null",
                                             R"({"other":"x"})",
                                             R"([{"client":"x"}])",
                                             R"({"in":{"client":"x"}})",
                                             R"({"Client":"x"})"};
    EXPECT_EQ(name_after(silent), address);
}

TEST_F(ClientName, IsTheMemberClientElseClientId) {
    EXPECT_EQ(name_after({R"({"client":"ann"})"}), "ann");
    EXPECT_EQ(name_after({R"({"client_id":"ben"})"}), "ben");
    EXPECT_EQ(name_after({R"({"client_id":"ben","client":"ann"})"}), "ann");
    EXPECT_EQ(name_after({R"({"client":"\u00e9\ud83d\ude00"})"}), "\xc3\xa9\xf0\x9f\x98\x80");
}

TEST_F(ClientName, IsNotTakenFromNullWhichAlsoBlocksClientId) {
    EXPECT_EQ(name_after({R"({"client":null})"}), address);
    EXPECT_EQ(name_after({R"({"client":null,"client_id":"ben"})"}), address);
    EXPECT_EQ(name_after({R"({"client_id":null})"}), address);
    EXPECT_EQ(name_after({R"({"client":"ann"})", R"({"client":null})"}), "ann");
}

TEST_F(ClientName, IsTrimmedAndEmptyTextChangesNothing) {
    EXPECT_EQ(name_after({R"({"client":" \t\n ann  smith \r"})"}), "ann  smith");
    EXPECT_EQ(name_after({R"({"client":""})"}), address);
    EXPECT_EQ(name_after({R"({"client":" \n "})"}), address);
    EXPECT_EQ(name_after({R"({"client":"ann"})", R"({"client":""})"}), "ann");
}

TEST_F(ClientName, MayBeANumberOrABoolean) {
    EXPECT_EQ(name_after({R"({"client":7})"}), "7");
    EXPECT_EQ(name_after({R"({"client":-7})"}), "-7");
    EXPECT_EQ(name_after({R"({"client":0})"}), "0");
    EXPECT_EQ(name_after({R"({"client":18446744073709551615})"}), "18446744073709551615");
    EXPECT_EQ(name_after({R"({"client":1.5})"}), "1.5");
    EXPECT_EQ(name_after({R"({"client":2.0})"}), "2.0");
    EXPECT_EQ(name_after({R"({"client":1e100})"}), "1e+100");
    EXPECT_EQ(name_after({R"({"client":true})"}), "True");
    EXPECT_EQ(name_after({R"({"client":false})"}), "False");
}

TEST_F(ClientName, OfAListOrAnObjectIsItsPythonText) {
    EXPECT_EQ(name_after({R"({"client":[]})"}), "[]");
    EXPECT_EQ(name_after({R"({"client":{}})"}), "{}");
    EXPECT_EQ(name_after({R"({"client":[1,"a",null,true,1.5,{"k":[false]}]})"}),
              "[1, 'a', None, True, 1.5, {'k': [False]}]");
    EXPECT_EQ(name_after({R"({"client":{"a":1,"b":"x"}})"}), "{'a': 1, 'b': 'x'}");
    EXPECT_EQ(name_after({R"({"client":["it's"]})"}), R"(["it's"])");
    EXPECT_EQ(name_after({R"({"client":["\"it's\"", "a\\b\n"]})"}), R"(['"it\'s"', 'a\\b\n'])");
}

TEST_F(ClientName, MayChangeWithEveryMessage) {
    EXPECT_EQ(name_after({R"({"client":"ann"})", R"({"client":"ben"})", "1"}), "ben");
    EXPECT_EQ(name_after({R"({"client":"ann"})", R"({"client_id":"ben"})"}), "ben");
    EXPECT_EQ(name_after({R"({"client":"ann"})", R"({"client":"ben"})", R"({"client":"ann"})"}),
              "ann");
}

TEST_F(ClientName, IsCutIfVeryLong) {
    const std::string name = name_after({R"({"client":")" + std::string(1'000'000, 'n') + "\"}"});
    EXPECT_THAT(name, testing::StartsWith("nnnn"));
    EXPECT_LE(name.size(), 1024u);
    const std::string list = name_after({"{\"client\":[" + std::string(100'000, ' ') + "1" + [] {
        std::string ones;
        for (int i = 0; i < 10'000; ++i) ones += ",1";
        return ones;
    }() + "]}"});
    EXPECT_THAT(list, testing::StartsWith("[1, 1"));
    EXPECT_LE(list.size(), 1024u);
}

TEST_F(ClientName, StaysUtf8WhereItIsCut) {
    for (int shift = 0; shift < 4; ++shift) {
        std::string text(static_cast<std::size_t>(shift), 'n');
        for (int i = 0; i < 1000; ++i) text += "\xf0\x9f\x98\x80";
        const std::string name = name_after({R"({"client":")" + text + "\"}"});
        EXPECT_LE(name.size(), 1024u);
        EXPECT_NO_THROW(json(name).dump()) << "strict about UTF-8";
    }
}

TEST(ClientNames, AreTakenBeforeTheHookRuns) {
    std::unique_ptr<Running<ScriptedServer>> server;
    Hooks<ScriptedServer> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        const ServerStats stats = server->client_stats();
        return json{names(stats), stats.clients.begin()->second.messages_in};
    };
    server = std::make_unique<Running<ScriptedServer>>(jsocket::ServerOptions{}, hooks);
    JsonClient client = connected_client(server->port());
    EXPECT_EQ(client.request({{"client", "ann"}}), json::parse(R"([["ann"],1])"));
    EXPECT_EQ(client.request({{"client", "ben"}}), json::parse(R"([["ben"],2])"));
}

TEST(ClientNames, MayAlsoBeGivenByAHook) {
    Hooks<ScriptedServer> hooks;
    hooks.connect = [](ScriptedServer& server) { server.identify("from on_connect"); };
    hooks.message = [](ScriptedServer& server, json& message) -> std::optional<json> {
        server.identify(message.get<std::string>());
        return message;
    };
    Running<ScriptedServer> server(jsocket::ServerOptions{}, hooks);
    JsonClient client = connected_client(server.port());
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 1; }));
    EXPECT_TRUE(wait_until(
        [&] { return server.client_stats().clients.begin()->first == "from on_connect"; }));
    EXPECT_EQ(client.request("from process_message"), "from process_message");
    EXPECT_THAT(names(server.client_stats()), ElementsAre("from process_message"));
}

TEST(ClientNames, MergeIntoAClientThatHasTheNameAlready) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server;
    JsonClient first = connected_client(server.port());
    JsonClient second = connected_client(server.port());
    first.request({{"client", "ann"}});
    second.request({{"client", "ben"}});
    EXPECT_THAT(names(server.client_stats()), ElementsAre("ann", "ben"));
    second.request({{"client", "ann"}});
    const ServerStats merged = server.client_stats();
    EXPECT_THAT(names(merged), ElementsAre("ann"));
    EXPECT_EQ(merged.connected_clients, 1u);
    EXPECT_EQ(merged.clients.at("ann").connects, 2u);
    EXPECT_EQ(merged.clients.at("ann").messages_in, 3u);
}

}  // namespace
