// SPDX-License-Identifier: Apache-2.0
//
// The alternative to a reader of our own: simdjson's document, and walking over it to fill a kept
// tree.
#include "load/payload.hpp"
#include "micro/sizes.hpp"

#include <jsocket/json.hpp>

#include <simdjson.h>

namespace jsocket::bench {
namespace {

namespace dom = simdjson::dom;

void fill(dom::element from, json& to);

void fill_object(dom::object from, json& to) {
    if (!to.is_object()) to = json::object();
    auto& members = to.get_ref<json::object_t&>();
    std::size_t count = 0;
    // Sorted texts are found one after the other, without a search: the best case.
    auto next = members.begin();
    for (const auto& [name, value] : from) {
        if (next == members.end() || next->first != name) {
            next = members.lower_bound(name);
            if (next == members.end() || next->first != name) {
                next = members.emplace_hint(next, name, nullptr);
            }
        }
        fill(value, next->second);
        ++next;
        ++count;
    }
    if (count != members.size()) throw std::logic_error("not the shape of the text before");
}

void fill_array(dom::array from, json& to) {
    if (!to.is_array()) to = json::array();
    auto& elements = to.get_ref<json::array_t&>();
    std::size_t count = 0;
    for (const dom::element element : from) {
        if (count == elements.size()) elements.emplace_back();
        fill(element, elements[count++]);
    }
    elements.resize(count);
}

template <typename T>
void set(json& to, json::value_t type, T value) {
    if (to.type() == type) {
        *to.get_ptr<T*>() = value;
    } else {
        to = value;
    }
}

void fill(dom::element from, json& to) {
    switch (from.type()) {
        case dom::element_type::OBJECT:
            return fill_object(from, to);
        case dom::element_type::ARRAY:
            return fill_array(from, to);
        case dom::element_type::STRING:
            if (!to.is_string()) to = "";
            to.get_ref<std::string&>().assign(std::string_view(from));
            return;
        case dom::element_type::INT64: {
            const auto value = std::int64_t(from);
            if (value < 0) return set(to, json::value_t::number_integer, value);
            return set(to, json::value_t::number_unsigned, static_cast<std::uint64_t>(value));
        }
        case dom::element_type::UINT64:
            return set(to, json::value_t::number_unsigned, std::uint64_t(from));
        case dom::element_type::DOUBLE:
            return set(to, json::value_t::number_float, double(from));
        case dom::element_type::BOOL:
            return set(to, json::value_t::boolean, bool(from));
        case dom::element_type::NULL_VALUE:
            to = nullptr;
    }
}

void simdjson_kept_tree(benchmark::State& state) {
    const simdjson::padded_string text(make_payload(static_cast<std::size_t>(state.range(0))));
    dom::parser parser;
    json tree;
    for (auto _ : state) fill(parser.parse(text), tree);
    count_bytes(state);
}
BENCHMARK(simdjson_kept_tree)->Apply(usual_sizes);

void simdjson_document(benchmark::State& state) {
    const simdjson::padded_string text(make_payload(static_cast<std::size_t>(state.range(0))));
    dom::parser parser;
    for (auto _ : state) benchmark::DoNotOptimize(parser.parse(text));
    count_bytes(state);
}
BENCHMARK(simdjson_document)->Apply(usual_sizes);

}  // namespace
}  // namespace jsocket::bench
