// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"

#include <jsocket/limits.hpp>

namespace jsocket {
namespace {

// As deep as any message may be, for which a thread that serves has the stack.
constexpr std::size_t most_levels = largest_depth;

void discard(json& tree, std::size_t levels) noexcept {
    if (levels == 0) return;
    if (auto* const elements = tree.get_ptr<json::array_t*>()) {
        for (json& element : *elements) discard(element, levels - 1);
        elements->clear();
    } else if (auto* const members = tree.get_ptr<json::object_t*>()) {
        for (auto& [name, value] : *members) discard(value, levels - 1);
        members->clear();
    }
    tree = nullptr;
}

}  // namespace

void discard(json& tree) noexcept { discard(tree, most_levels); }

}  // namespace jsocket
