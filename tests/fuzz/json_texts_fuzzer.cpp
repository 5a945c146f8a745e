// SPDX-License-Identifier: Apache-2.0
//
// Reads each input into the tree that the one before has left, and compares verdict and value with
// those of nlohmann's parser, which is made strict by the judge of the unit tests; then prints it.
#include "core/judge.hpp"
#include "core/tree_builder.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace jsocket;

constexpr Limits limits{.max_depth = largest_depth};

void require(bool condition) {
    if (!condition) std::abort();
}

bool accepts(std::string_view text, TreeBuilder& builder, json& tree) {
    try {
        builder.fill(text, limits, tree);
        return true;
    } catch (const PayloadError&) {
        return false;
    }
}

bool is_valid(std::string_view text) {
    try {
        validate(text, limits);
        return true;
    } catch (const PayloadError&) {
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static TreeBuilder builder;
    static json tree;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const test::Judgement judgement = test::judge(text);
    const bool shallow = judgement.depth <= limits.max_depth;
    require(is_valid(text) == (judgement.json && shallow));
    // Again and again: from the second time on shapes are remembered, from the third followed.
    for (int i = 0; i < 4; ++i) {
        require(accepts(text, builder, tree) == (judgement.exact && shallow));
        if (judgement.exact && shallow) require(tree == json::parse(text));
    }
    if (!judgement.exact || !shallow) return 0;
    const json expected = json::parse(text);
    std::string printed;
    serialize(tree, printed, limits);
    require(printed == expected.dump());
    return 0;
}
