// SPDX-License-Identifier: Apache-2.0
#include <jsocket/rpc/dispatcher.hpp>

#include <gtest/gtest.h>

namespace jsocket::rpc {
namespace {

TEST(Dispatcher, AnswersACall) {
    Dispatcher methods;
    methods.bind("sum", [](int a, int b) { return a + b; }, {"a", "b"});
    const auto reply =
        methods.answer({{"jsonrpc", "2.0"}, {"method", "sum"}, {"params", {1, 2}}, {"id", 1}});
    EXPECT_EQ(reply, (json{{"jsonrpc", "2.0"}, {"result", 3}, {"id", 1}}));
}

}  // namespace
}  // namespace jsocket::rpc
