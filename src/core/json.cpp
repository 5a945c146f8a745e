// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"
#include "core/json_writer.hpp"
#include "core/tree_builder.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>

namespace jsocket {

json parse(std::string_view text, const Limits& limits) {
    Tree tree;
    TreeBuilder().fill(text, limits, tree.value);
    return std::move(tree.value);
}

void serialize(const json& value, std::string& out, const Limits& limits) {
    const std::size_t before = out.size();
    try {
        JsonWriter(out, limits).write(value);
        const std::size_t size = out.size() - before;
        if (size > limits.max_message_size) throw MessageTooLarge(size, limits.max_message_size);
    } catch (...) {
        out.resize(before);
        throw;
    }
}

}  // namespace jsocket
