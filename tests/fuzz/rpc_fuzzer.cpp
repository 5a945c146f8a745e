// SPDX-License-Identifier: Apache-2.0
//
// Has a dispatcher answer any text, and compares with what the specification says.
#include "fuzz/input.hpp"
#include "fuzz/rpc_model.hpp"

#include <jsocket/json.hpp>
#include <jsocket/rpc/dispatcher.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace jsocket;
using test::require;

constexpr std::array<std::string_view, 48> tokens{
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "3.0",
    "300",
    "4294967297",
    "18446744073709551615",
    "1e300",
    "\"\"",
    "\"x\"",
    "\"a\"",
    "\"b\"",
    "\"x\":",
    "\"y\":",
    "\"a\":",
    "\"b\":",
    "\"id\":",
    "\"params\":",
    "\"method\":",
    "\"jsonrpc\":",
    "\"2.0\"",
    "\"add\"",
    "\"repeat\"",
    "\"move\"",
    "\"echo\"",
    "\"fail\"",
    "\"throw\"",
    "\"nan\"",
    "\"rpc.health\"",
    "\"rpc.discover\"",
    "\"rpc.cancel\"",
    "\"unknown\"",
    "\"a name of 21 letters.\"",
    "{\"jsonrpc\":\"2.0\",",
    "\"method\":\"echo\",\"params\":",
    "{\"jsonrpc\":\"2.0\",\"method\":\"add\",\"params\":[1,2],\"id\":1}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"add\",\"params\":[1,2]}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"nan\",\"id\":\"n\"}",
    "[[[[[[",
    "]]]]]]"};

std::string text_of_tokens(test::Input input) {
    std::string text;
    while (!input.empty() && text.size() < 6'000) text += tokens[input.below(tokens.size())];
    return text;
}

std::uint64_t counted(const rpc::Dispatcher& methods) {
    std::uint64_t calls = 0;
    for (const auto& [name, stats] : methods.method_stats()) {
        require(stats.in_flight == 0, "nothing runs any more");
        calls += stats.calls;
    }
    return calls;
}

void check_reply(const json& reply, const json& expected) {
    require(reply.is_object() && reply.size() == 3, "a reply has three members");
    require(reply.value("jsonrpc", json()) == json("2.0"), "a reply says its version");
    require(reply.contains("id") && reply["id"].dump() == expected["id"].dump(),
            "a reply has the id of its call");
    if (expected.contains("result")) {
        require(reply.contains("result"), "the call succeeds");
        require(reply["result"].dump() == expected["result"].dump(), "the result is right");
        return;
    }
    require(reply.contains("error") && reply["error"].is_object(), "the call fails");
    const json& error = reply["error"];
    require(error.contains("message") && error["message"].is_string(), "an error has a message");
    require(error.size() == 2 + error.count("data"), "an error has no other members");
    require(error.contains("code") && error["code"] == expected["error"]["code"],
            "the error has the right code");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const rpc::Dispatcher methods = test::make_rpc_methods();
    test::Input input(data, size);
    const std::uint8_t setup = input.byte();
    const Limits limits{.max_depth = (setup & 1) != 0 ? 8U : 128U};
    const std::string text = (setup & 2) != 0 ? text_of_tokens(input) : std::string(input.rest());

    const test::RpcModel model(text, limits);
    const std::uint64_t before = counted(methods);
    const std::optional<std::string> reply = methods.answer_text(text, limits);
    require(counted(methods) - before == model.calls(), "each call is made once");
    require(reply.has_value() != model.expected().is_null(), "what asks for a reply gets one");
    if (!reply) return 0;
    const json got = parse(*reply, limits);
    if (model.expected().is_object()) {
        check_reply(got, model.expected());
        return 0;
    }
    require(got.is_array() && got.size() == model.expected().size(), "a reply for each call");
    for (std::size_t i = 0; i < got.size(); ++i) check_reply(got[i], model.expected()[i]);
    return 0;
}
