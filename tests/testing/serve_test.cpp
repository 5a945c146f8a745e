// SPDX-License-Identifier: Apache-2.0
#include "support/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/server_factory_thread.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/serve.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using jsocket::json;
using jsocket::JsonSocket;
using jsocket::Stream;
using jsocket::testing::Fault;
using jsocket::testing::FaultPlan;
using jsocket::testing::FaultyStream;
using jsocket::testing::pipe;
using jsocket::testing::serve;
using test_support::patience;

class Adder : public jsocket::ServerFactoryThread {
  public:
    std::vector<std::string> events;

  private:
    std::optional<json> process_message(json& message) override {
        sum_ += message.at("add").get<int>();
        return json{{"sum", sum_}};
    }
    void on_connect() override { events.push_back("connect " + peer()); }
    void on_disconnect() override { events.push_back("disconnect"); }
    void on_error(const std::exception& error) override { events.push_back(error.what()); }

    int sum_ = 0;
};

std::string everything_of(Stream& stream) {
    std::string all;
    std::string bytes(1000, '\0');
    while (const auto size = stream.read_some(bytes, jsocket::deadline_after(patience))) {
        if (*size == 0) break;
        all += bytes.substr(0, *size);
    }
    return all;
}

TEST(Serve, HasAWorkerServeAClientWithoutASocket) {
    auto [near, far] = pipe();
    far->write_all("{\"add\":5}\n{\"add\":6}\n", 1s);
    far->finish_writing();
    Adder adder;
    serve(adder, std::move(near));
    EXPECT_EQ(everything_of(*far), "{\"sum\":5}\n{\"sum\":11}\n");
    EXPECT_EQ(adder.events, (std::vector<std::string>{"connect unknown", "disconnect"}));
}

TEST(Serve, TalksToAJsonSocketAtTheOtherEnd) {
    auto [near, far] = pipe();
    Adder adder;
    auto serving = std::async(std::launch::async, [&, stream = std::move(near)]() mutable {
        serve(adder, std::move(stream));
    });
    {
        JsonSocket client(std::move(far), {.framing = jsocket::Framing::crc});
        client.send_obj({{"add", 2}});
        EXPECT_EQ(client.receive(jsocket::deadline_after(patience)), "{\"sum\":2}");
    }
    serving.get();
}

TEST(Serve, EndsWhenAHookThrows) {
    auto [near, far] = pipe();
    far->write_all("{\"add\":5}\n{\"subtract\":1}\n", 1s);
    far->finish_writing();
    Adder adder;
    serve(adder, std::move(near));
    EXPECT_EQ(everything_of(*far), "{\"sum\":5}\n");
    ASSERT_EQ(adder.events.size(), 3U);
    EXPECT_NE(adder.events[1].find("'add' not found"), std::string::npos);
}

/// Every operation of the server's side fails once; it ends each time, and says why.
TEST(Serve, EndsAtEachFaultOfItsStream) {
    std::size_t n = 0;
    for (; n < 100; ++n) {
        auto [near, far] = pipe();
        far->write_all("{\"add\":5}\n", 1s);
        far->finish_writing();
        FaultPlan plan(Fault::fail, n);
        Adder adder;
        serve(adder, std::make_unique<FaultyStream>(std::move(near), plan));
        if (!plan.fired()) break;
        EXPECT_EQ(adder.events.back(), "disconnect") << n;
        EXPECT_EQ(adder.events.size(), 3U) << n;
    }
    EXPECT_EQ(n, 3U) << "a read, a write, a read";
}

TEST(Serve, RefusesWrongOptions) {
    auto [near, far] = pipe();
    Adder adder;
    EXPECT_THROW(serve(adder, std::move(near), {.limits = {.max_depth = 0}}), jsocket::UsageError);
}

}  // namespace
