// SPDX-License-Identifier: Apache-2.0
// The exchanges that the JSON-RPC 2.0 specification shows, without a socket.
#include "core/test_data.hpp"

#include <jsocket/rpc/dispatcher.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace jsocket::rpc {
namespace {

Dispatcher make_methods() {
    Dispatcher methods;
    methods.bind("subtract", [](int minuend, int subtrahend) { return minuend - subtrahend; },
                 {"minuend", "subtrahend"});
    methods.bind_raw("sum", [](json& params) {
        const auto numbers = convert<std::vector<int>>(params, "params");
        return std::accumulate(numbers.begin(), numbers.end(), 0);
    });
    methods.bind("get_data", [] { return json{"hello", 5}; });
    for (const char* name : {"update", "notify_hello", "notify_sum"}) {
        methods.bind_raw(name, [](json&) {});
    }
    return methods;
}

/// The replies to a batch may come in any order.
json sorted(json reply) {
    if (reply.is_array()) std::sort(reply.begin(), reply.end());
    return reply;
}

TEST(SpecExamples, AreAnsweredAsTheSpecificationSays) {
    const json examples = json::parse(
        test::read_file(std::string(JSOCKET_TEST_DATA) + "/jsonrpc2-spec-examples/examples.json"));
    const Dispatcher methods = make_methods();
    EXPECT_EQ(examples.at("cases").size(), 15U);
    for (const json& example : examples.at("cases")) {
        const std::string request = example.at("request");
        const std::optional<std::string> reply = methods.answer_text(request);
        const json got = reply ? json::parse(*reply) : json();
        EXPECT_EQ(sorted(got), sorted(example.at("response"))) << example.at("name");
    }
}

}  // namespace
}  // namespace jsocket::rpc
