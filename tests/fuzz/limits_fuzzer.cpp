// SPDX-License-Identifier: Apache-2.0
//
// Reads texts of brackets, quotes and escapes under small limits of depth and elements, and
// compares with what nlohmann-json's parser counts; then prints what it has read under the same
// limits.
#include "core/judge.hpp"
#include "core/verdict.hpp"
#include "fuzz/input.hpp"
#include "fuzz/payload_model.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace jsocket;
using test::Numbers;
using test::require;

constexpr std::array<std::size_t, 8> depths{1, 2, 3, 5, 17, 128, largest_depth, 5'000};
constexpr std::array<std::size_t, 8> counts{1, 2, 3, 5, 17, 129, 1'100, 1'000'000};

// What a counter of brackets may trip over. Two in front of one another may make a third.
constexpr std::array<std::string_view, 32> tokens{"[",
                                                  "]",
                                                  "{",
                                                  "}",
                                                  ",",
                                                  ":",
                                                  "\"",
                                                  "\\",
                                                  "\"a\":",
                                                  "1",
                                                  "\"[\"",
                                                  "\"]}\"",
                                                  "\"\\\" \"",
                                                  "\"\\\\\"",
                                                  " ",
                                                  "{\"a\":",
                                                  "},",
                                                  "],",
                                                  "[[[[",
                                                  "]]]]",
                                                  "null",
                                                  "true",
                                                  "-0.5e1",
                                                  "\"\\u005b\"",
                                                  "{}",
                                                  "[]",
                                                  "\"\\\\\\\"[\"",
                                                  "\"\xC3\xA9\"",
                                                  "\n",
                                                  "\"a\":[",
                                                  "\"b\":",
                                                  "\""};

constexpr std::size_t longest_text = 6'000;

/// A byte is a token, 224 and above: the one before again, up to 992 times.
std::string text_of_tokens(test::Input input) {
    std::string text;
    std::string_view token;
    while (!input.empty() && text.size() < longest_text) {
        const std::uint8_t byte = input.byte();
        std::size_t times = 1;
        if (byte < 224) {
            token = tokens[byte % tokens.size()];
        } else {
            times = (byte - 223U) * 31U;
        }
        for (; times > 0; --times) text += token;
    }
    return text;
}

/// A text that is always JSON: each byte opens a container, closes the innermost one, or is another
/// value within it; what is still open at the end is closed.
std::string structured_text(test::Input input) {
    std::string text;
    std::string open;
    bool first = true;
    do {
        const std::uint8_t byte = input.byte();
        if ((byte & 7) < 3 && !open.empty()) {
            text += open.back();
            open.pop_back();
            first = false;
            continue;
        }
        if (!first) text += ',';
        if (open.ends_with('}')) text += byte < 128 ? "\"a\":" : "\"[b\":";
        const bool container = (byte & 7) < 6;
        first = container;
        if (container) {
            text += (byte & 7) < 5 ? '[' : '{';
            open += (byte & 7) < 5 ? ']' : '}';
        } else {
            text += (byte & 7) == 6 ? "1" : "\"\\\" [\"";
        }
    } while (!input.empty() && !open.empty() && text.size() < longest_text);
    text.append(open.rbegin(), open.rend());
    return text;
}

std::string make_text(std::size_t kind, test::Input& input) {
    if (kind == 0) return text_of_tokens(input);
    return kind == 1 ? std::string(input.rest()) : structured_text(input);
}

template <typename Action>
std::string verdict_of(Action action) {
    try {
        action();
        return "ok";
    } catch (const PayloadError& error) {
        return test::to_string(error.kind());
    }
}

struct Counts {
    std::size_t elements = 0;
    std::size_t depth = 0;
};

void count(const json& value, std::size_t depth, Counts& counts) {
    ++counts.elements;
    if (!value.is_structured()) return;
    counts.depth = std::max(counts.depth, depth + 1);
    for (const json& inner : value) count(inner, depth + 1, counts);
}

/// serialize() counts the same. A tree may have fewer values than its text, of which some have come
/// twice; so its limits are set around what it has.
void check_printing(const json& tree, const std::string& expected) {
    Counts counts;
    count(tree, 0, counts);
    const auto prints = [&](std::size_t depth, std::size_t elements) {
        std::string out = "before";
        try {
            serialize(tree, out, {.max_depth = depth, .max_elements = elements});
        } catch (const UsageError&) {
            require(out == "before", "nothing is printed of what is beyond a limit");
            return false;
        }
        require(out == "before" + expected, "it prints as nlohmann-json");
        return true;
    };
    require(prints(counts.depth, counts.elements), "it prints what is at the limits");
    if (counts.depth > 0) {
        require(!prints(counts.depth - 1, counts.elements), "it does not print what is deeper");
    }
    require(!prints(counts.depth, counts.elements - 1), "it does not print more elements");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::Input input(data, size);
    const std::uint8_t setup = input.byte();
    const Limits limits{.max_depth = depths[setup & 7], .max_elements = counts[setup >> 3 & 7]};
    const std::string text = make_text(setup >> 6, input);

    const auto expected = test::verdicts(text, limits, Numbers::any);
    const std::string valid = verdict_of([&] { validate(text, limits); });
    require(test::is_among(valid, expected), "validate() finds what the model finds");
    require(valid == verdict_of([&] {
                require(compact(text, limits) == test::without_white_space(text),
                        "compact() leaves out white space only");
            }),
            "compact() finds what validate() finds");

    json tree;
    const std::string parsed = verdict_of([&] { tree = parse(text, limits); });
    require(test::is_among(parsed, test::verdicts(text, limits, Numbers::exact)),
            "parse() finds what the model finds");
    if (parsed == "ok") check_printing(tree, json::parse(text).dump());
    return 0;
}
