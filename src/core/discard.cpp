// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"

namespace jsocket {
namespace {

// Few bytes of stack each, of which the smallest thread has plenty.
constexpr int most_levels = 200;

void discard(json& tree, int levels) noexcept {
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
