// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <jsocket/version.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerFactoryThread;
using jsocket::ServerOptions;
using testing::ElementsAre;
using testing::IsEmpty;

json request(json params = json::object(), json id = 1) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"method", "rpc.stats"}, {"params", params}};
}

std::vector<std::string> names(const json& result) {
    std::vector<std::string> all;
    for (const auto& [name, client] : result.at("stats").at("clients").items()) all.push_back(name);
    return all;
}

json say(JsonClient& client, const std::string& name, int messages = 1) {
    json reply;
    for (int i = 0; i < messages; ++i) reply = client.request({{"client", name}});
    return reply;
}

template <typename Kind>
class StatsRequest : public testing::Test {
  protected:
    Running<typename Kind::Server> server{ServerOptions{.answer_stats = true}};
    JsonClient client = connected_client(server.port());

    json ask(const json& message = request()) { return client.request(message); }
};
TYPED_TEST_SUITE(StatsRequest, BothKinds, KindNames);

TYPED_TEST(StatsRequest, IsAnsweredByTheServerItself) {
    say(this->client, "me");
    const json answer = this->ask(request(json::object(), "an id"));
    EXPECT_EQ(answer.at("jsonrpc"), "2.0");
    EXPECT_EQ(answer.at("id"), "an id");
    const json& result = answer.at("result");
    EXPECT_EQ(result.at("version"), JSOCKET_VERSION);
    EXPECT_EQ(result.at("endpoint"), this->server.endpoint());
    EXPECT_GE(result.at("uptime").get<double>(), 0.0);
    EXPECT_GT(result.at("time").get<double>(), 1.5e9);
    const json& stats = result.at("stats");
    EXPECT_EQ(stats.at("connected_clients"), 1);
    EXPECT_EQ(stats.at("refused_connections"), 0);
    EXPECT_EQ(stats.at("known_clients"), 1);
    const json entry = this->server.client_stats().clients.at("me");
    EXPECT_EQ(stats.at("clients").at("me").size(), entry.size());
    EXPECT_EQ(stats.at("clients").at("me").at("messages_in"), 1);
    EXPECT_EQ(stats.at("totals").at("messages_in"), 1);
    EXPECT_EQ(stats.at("totals").count("client_id"), 0u);
}

TYPED_TEST(StatsRequest, IsNeitherCountedNorMeasured) {
    say(this->client, "me", 3);
    this->ask();
    const json result = this->ask().at("result");
    const json& me = result.at("stats").at("clients").at("me");
    EXPECT_EQ(me.at("messages_in"), 3);
    EXPECT_EQ(me.at("messages_out"), 3);
    EXPECT_EQ(me.at("bytes_out"), 3 * std::string(R"({"client":"me"})").size());
    EXPECT_EQ(result.at("latency").at("count"), 3);
    say(this->client, "me");
    EXPECT_EQ(this->ask().at("result").at("stats").at("clients").at("me").at("messages_out"), 4)
        << "and what follows is";
}

TYPED_TEST(StatsRequest, NamesItsClientLikeAnyMessage) {
    json message = request();
    message["client"] = "looker";
    EXPECT_THAT(names(this->ask(message).at("result")), ElementsAre("looker"));
}

TYPED_TEST(StatsRequest, GetsTheLatenciesOfAllMessagesWithTheirBuckets) {
    say(this->client, "me", 5);
    const json latency = this->ask().at("result").at("latency");
    EXPECT_EQ(latency.at("count"), 5);
    EXPECT_GT(latency.at("p50").get<double>(), 0.0);
    EXPECT_LE(latency.at("p50"), latency.at("max"));
    std::uint64_t counted = 0;
    std::int64_t before = 0;
    for (const json& bucket : latency.at("buckets")) {
        EXPECT_GT(bucket.at(0).get<std::int64_t>(), before);
        before = bucket.at(0).get<std::int64_t>();
        counted += bucket.at(1).get<std::uint64_t>();
    }
    EXPECT_EQ(counted, 5u);
    EXPECT_NEAR(double(before) * 1e-9, latency.at("max").get<double>(), double(before) * 1e-9 / 16);
}

TYPED_TEST(StatsRequest, IsAMessageLikeAnyOtherToAServerThatDoesNotAnswerIt) {
    Running<typename TypeParam::Server> closed;
    JsonClient client = connected_client(closed.port());
    EXPECT_EQ(client.request(request()), request());
    EXPECT_EQ(closed.client_stats().clients.begin()->second.messages_in, 1u);
}

TYPED_TEST(StatsRequest, LeavesEverythingElseToTheHooks) {
    json notification = request();
    notification.erase("id");
    json old = request();
    old["jsonrpc"] = "1.0";
    json other = request();
    other["method"] = "rpc.statsx";
    json long_one = request();
    long_one["padding"] = std::string(1024, 'x');
    const std::vector<json> messages = {"rpc.stats",
                                        json::array({request()}),
                                        {{"method", "rpc.stats"}, {"id", 1}},
                                        notification,
                                        old,
                                        other,
                                        long_one,
                                        request({}, json::array()),
                                        {{"a", request()}}};
    for (const json& message : messages) EXPECT_EQ(this->ask(message), message);
    EXPECT_EQ(this->server.client_stats().totals.messages_in, messages.size());
}

TYPED_TEST(StatsRequest, ThatIsMalformedIsTheHandlersToJudge) {
    this->client.close();
    RawPeer peer = RawPeer::connect(this->server.port());
    peer.send(prefix_frame(R"({"jsonrpc":"2.0","method":"rpc.stats","id":1)"));
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until(
        [&] { return failures(this->server.client_stats(), Failure::invalid_json) == 1; }));
}

TYPED_TEST(StatsRequest, WithWrongParametersGetsAnErrorThatSaysWhatIsWrong) {
    const std::pair<json, std::string> wrong[] = {
        {json::array({1}), "object"}, {{{"top", -1}}, "top"},       {{{"top", 1001}}, "1000"},
        {{{"top", "all"}}, "top"},    {{{"top", 1.5}}, "top"},      {{{"by", "rate"}}, "messages"},
        {{{"by", 7}}, "by has"},      {{{"sort", 1}}, "top and by"}};
    for (const auto& [params, word] : wrong) {
        const json answer = this->ask(request(params));
        EXPECT_EQ(answer.at("error").at("code"), -32602) << params;
        EXPECT_THAT(answer.at("error").at("message").get<std::string>(), testing::HasSubstr(word));
        EXPECT_EQ(answer.count("result"), 0u);
    }
    EXPECT_EQ(this->ask(request({{"top", 1000}})).count("result"), 1u);
}

TYPED_TEST(StatsRequest, AmongOtherMessagesIsAnsweredInItsTurn) {
    this->client.send_objs(std::vector<json>{1, request(), 3});
    EXPECT_EQ(this->client.read_obj(), 1);
    EXPECT_EQ(this->client.read_obj().at("result").at("stats").at("totals").at("messages_in"), 1);
    EXPECT_EQ(this->client.read_obj(), 3);
}

TEST(StatsRequestForSomeClients, GetsTheMostActiveThatAreConnectedFirst) {
    Running<Factory::Server> server{ServerOptions{.answer_stats = true}};
    {
        JsonClient gone = connected_client(server.port());
        say(gone, "gone", 9);
    }
    const std::string little_name = "little, but with a longer name, and so with more bytes in all";
    JsonClient much = connected_client(server.port());
    say(much, "much", 5);
    JsonClient little = connected_client(server.port());
    say(little, little_name, 2);
    JsonClient looker = connected_client(server.port());
    say(looker, "looker", 1);
    ASSERT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 3; }));
    const auto of = [&](int top, const std::string& by) {
        return names(looker.request(request({{"top", top}, {"by", by}})).at("result"));
    };
    EXPECT_THAT(of(0, "messages"), IsEmpty());
    EXPECT_THAT(of(1, "messages"), ElementsAre("much"));
    EXPECT_THAT(of(1, "bytes"), ElementsAre(little_name));
    EXPECT_THAT(of(1, "name"), ElementsAre(little_name));
    EXPECT_THAT(of(3, "messages"), ElementsAre(little_name, "looker", "much"));
    EXPECT_EQ(of(4, "messages").size(), 4u);
    EXPECT_THAT(of(1, "failures"), ElementsAre("gone")) << "the first by name of those with none";
    const json stats = looker.request(request({{"top", 1}})).at("result").at("stats");
    EXPECT_EQ(stats.at("known_clients"), 4);
    EXPECT_EQ(stats.at("totals").at("messages_in"), 17);
}

TEST(StatsRequestForSomeClients, CountsThoseThatAreForgottenInTheTotals) {
    for (const std::size_t entries : {std::size_t{0}, std::size_t{2}}) {
        Running<Factory::Server> server{
            ServerOptions{.max_client_entries = entries, .answer_stats = true}};
        for (int i = 0; i < 5; ++i) {
            JsonClient client = connected_client(server.port());
            say(client, "visitor " + std::to_string(i), 2);
            client.close();
            ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
        }
        JsonClient looker = connected_client(server.port());
        ASSERT_TRUE(
            wait_until([&] { return server.client_stats().clients.size() == entries + 1; }));
        const json stats = looker.request(request()).at("result").at("stats");
        EXPECT_EQ(stats.at("totals").at("messages_in"), 10);
        EXPECT_EQ(stats.at("totals").at("connects"), 6);
    }
}

TEST(StatsRequestWithinLimits, GetsAsManyClientsAsFit) {
    const std::size_t most = 6'000;
    Running<Factory::Server> server{
        ServerOptions{.limits = {.max_message_size = most}, .answer_stats = true}};
    std::vector<JsonClient> clients;
    for (int i = 0; i < 30; ++i) {
        clients.push_back(connected_client(server.port()));
        say(clients.back(), "client " + std::to_string(i));
    }
    const json result = clients[0].request(request()).at("result");
    const std::size_t count = names(result).size();
    EXPECT_GE(count, 3u);
    EXPECT_LT(count, 10u);
    EXPECT_EQ(result.at("stats").at("known_clients"), 30);
}

TEST(StatsRequestWithinLimits, GetsAnErrorIfNothingFits) {
    for (const jsocket::Limits limits :
         {jsocket::Limits{.max_message_size = 300}, jsocket::Limits{.max_depth = 3},
          jsocket::Limits{.max_elements = 20}}) {
        Running<Factory::Server> server{ServerOptions{.limits = limits, .answer_stats = true}};
        JsonClient client = connected_client(server.port());
        const json answer = client.request(request());
        EXPECT_EQ(answer.at("error").at("code"), -32603) << answer;
        EXPECT_EQ(client.request("and on"), "and on");
    }
}

TEST(StatsRequestWithinLimits, SurvivesNamesThatAreNoText) {
    Hooks<ScriptedWorker> hooks;
    hooks.connect = [](ScriptedWorker& worker) { worker.identify("\xff name \xc3"); };
    Running<Factory::Server> server{ServerOptions{.answer_stats = true}, hooks};
    JsonClient client = connected_client(server.port());
    EXPECT_THAT(names(client.request(request()).at("result")),
                ElementsAre("\xEF\xBF\xBD name \xEF\xBF\xBD"));
}

/// Adds to the statistics, and answers with no tree.
class Extended : public ServerFactoryThread {
  private:
    std::optional<json> process_message(json&) override { return std::nullopt; }
    void process_payload(std::string_view, std::string& reply) override { reply = "\"text\""; }
    void on_stats(json& result) override {
        if (peer().empty()) throw std::logic_error("no peer in a hook");
        result["methods"] = {{"add", 1}};
    }
};

TEST(StatsRequestToAWorker, ReachesOneThatTakesPayloadsAndMayBeAddedTo) {
    Running<ServerFactory<Extended>> server{ServerOptions{.answer_stats = true}};
    JsonClient client = connected_client(server.port());
    EXPECT_EQ(client.request(1), "text");
    const json result = client.request(request()).at("result");
    EXPECT_EQ(result.at("methods"), (json{{"add", 1}}));
    EXPECT_EQ(result.at("latency").at("count"), 1) << "payload hooks are measured, too";
}

class Failing : public ServerFactoryThread {
  private:
    std::optional<json> process_message(json& message) override { return std::move(message); }
    void on_stats(json&) override { throw std::runtime_error("no"); }
};

TEST(StatsRequestToAWorker, ThatThrowsCostsTheClientItsConnection) {
    Running<ServerFactory<Failing>> server{ServerOptions{.answer_stats = true}};
    JsonClient client = connected_client(server.port());
    EXPECT_THROW(client.request(request()), jsocket::ConnectionClosed);
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats(), Failure::handler) == 1; }));
}

}  // namespace
