// SPDX-License-Identifier: Apache-2.0
//
// What it costs to make a tree of a text, and a text of a tree.
#include "core/tree_builder.hpp"
#include "load/payload.hpp"
#include "micro/sizes.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <string>
#include <string_view>

namespace jsocket::bench {
namespace {

std::string text_of(const benchmark::State& state) {
    return make_payload(static_cast<std::size_t>(state.range(0)));
}

/// The same text with the members of every object in the other direction, as from a client that
/// does not sort them.
std::string reversed(const json& value) {
    if (!value.is_structured() || value.empty()) return value.dump();
    std::string text;
    for (const auto& [name, member] : value.items()) {
        if (value.is_object()) {
            std::string all = json(name).dump() + ':' + reversed(member);
            text = text.empty() ? all : all + ',' + text;
        } else {
            text += (text.empty() ? "" : ",") + reversed(member);
        }
    }
    return value.is_object() ? '{' + text + '}' : '[' + text + ']';
}

void fill(benchmark::State& state, const std::string& text) {
    TreeBuilder builder;
    json tree;
    for (auto _ : state) builder.fill(text, {}, tree);
    count_bytes(state);
}

void kept_tree(benchmark::State& state) { fill(state, text_of(state)); }
BENCHMARK(kept_tree)->Apply(usual_sizes);

void kept_tree_unsorted(benchmark::State& state) {
    fill(state, reversed(json::parse(text_of(state))));
}
BENCHMARK(kept_tree_unsorted)->Apply(usual_sizes);

void new_tree(benchmark::State& state) {
    const std::string text = text_of(state);
    for (auto _ : state) benchmark::DoNotOptimize(parse(text));
    count_bytes(state);
}
BENCHMARK(new_tree)->Apply(usual_sizes);

void nlohmann_parse(benchmark::State& state) {
    const std::string text = text_of(state);
    for (auto _ : state) benchmark::DoNotOptimize(json::parse(text));
    count_bytes(state);
}
BENCHMARK(nlohmann_parse)->Apply(usual_sizes);

void no_tree(benchmark::State& state) {
    const std::string text = text_of(state);
    for (auto _ : state) validate(text);
    count_bytes(state);
}
BENCHMARK(no_tree)->Apply(usual_sizes);

void write(benchmark::State& state) {
    const json tree = json::parse(text_of(state));
    std::string out;
    for (auto _ : state) {
        out.clear();
        serialize(tree, out);
    }
    count_bytes(state);
}
BENCHMARK(write)->Apply(usual_sizes);

/// A string of 64 KiB that is `part` again and again.
json repeated(std::string_view part) {
    std::string text;
    while (text.size() < 64 * 1024) text += part;
    return text;
}

void write_string(benchmark::State& state, std::string_view part) {
    const json tree = repeated(part);
    std::string out;
    for (auto _ : state) {
        out.clear();
        serialize(tree, out);
    }
}
BENCHMARK_CAPTURE(write_string, cyrillic, "\xD0\x96");
BENCHMARK_CAPTURE(write_string, quotes, "\"");
BENCHMARK_CAPTURE(write_string, short_lines, "a\n");

void nlohmann_dump_string(benchmark::State& state, std::string_view part) {
    const json tree = repeated(part);
    for (auto _ : state) benchmark::DoNotOptimize(tree.dump());
}
BENCHMARK_CAPTURE(nlohmann_dump_string, cyrillic, "\xD0\x96");
BENCHMARK_CAPTURE(nlohmann_dump_string, quotes, "\"");
BENCHMARK_CAPTURE(nlohmann_dump_string, short_lines, "a\n");

json decimals() {
    json numbers = json::array();
    for (int i = 0; i < 1000; ++i) numbers.push_back(i * 37 % 1801 / 10.0 + i % 100 / 10000.0);
    return numbers;
}

void write_decimals(benchmark::State& state) {
    const json tree = decimals();
    std::string out;
    for (auto _ : state) {
        out.clear();
        serialize(tree, out);
    }
}
BENCHMARK(write_decimals);

void nlohmann_dump_decimals(benchmark::State& state) {
    const json tree = decimals();
    for (auto _ : state) benchmark::DoNotOptimize(tree.dump());
}
BENCHMARK(nlohmann_dump_decimals);

void nlohmann_dump(benchmark::State& state) {
    const json tree = json::parse(text_of(state));
    for (auto _ : state) benchmark::DoNotOptimize(tree.dump());
    count_bytes(state);
}
BENCHMARK(nlohmann_dump)->Apply(usual_sizes);

}  // namespace
}  // namespace jsocket::bench
