// SPDX-License-Identifier: Apache-2.0
//
// Reads a few texts, in an order that the input says, with one TreeBuilder into one tree, and
// compares each time with a tree that nlohmann-json makes of the text alone. In between, texts are
// refused half-way, and the tree is changed as a hook might.
//
// An input has parts with 0xFF between them, which is in no UTF-8: what to do, two bytes each time,
// and two to four texts. A text that begins with 0x01 is a recipe for one.
#include "core/tree_builder.hpp"
#include "core/verdict.hpp"
#include "fuzz/input.hpp"
#include "fuzz/payload_model.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace jsocket;
using test::Input;
using test::require;

constexpr std::size_t most_texts = 4;
constexpr std::size_t most_steps = 64;
constexpr std::size_t longest_text = 8'000;

// The shapes of objects that begin with some of these are remembered in the same place.
constexpr std::array<std::string_view, 16> names{
    "a",    "ad",   "b", "c", "id",  "k",   "result",  "params",
    "time", "type", "z", "",  "a1b", "a2b", "\\u0061", "a longer name"};
constexpr std::array<std::string_view, 8> scalars{
    "1", "-1", "1.5", "true", "null", "\"text\"", "\"\\n and a longer text than fits\"", "0"};

void write_value(Input& input, int depth, std::string& text);

/// `{"n0":...}` in an order other than theirs, to go beyond the size of the largest shape.
void write_many(Input& input, std::string& text) {
    const std::size_t count = 60 + input.below(9);
    const std::size_t first = input.byte();
    const std::size_t step = 1 + input.below(3);  // with 2 or 3 some names come twice
    for (std::size_t i = 0; i < count; ++i) {
        text += (i == 0 ? "\"n" : ",\"n") + std::to_string((first + i * step) % count) +
                "\":" + std::to_string(i);
    }
}

void write_object(Input& input, std::size_t count, int depth, std::string& text) {
    text += '{';
    if (count == 7) write_many(input, text);
    for (std::size_t i = 0; i < count && count < 7; ++i) {
        if (i > 0) text += ',';
        text += '"';
        text += names[input.below(names.size())];
        text += "\":";
        write_value(input, depth + 1, text);
    }
    text += '}';
}

void write_array(Input& input, std::size_t count, int depth, std::string& text) {
    text += '[';
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        write_value(input, depth + 1, text);
    }
    text += ']';
}

/// One byte: what kind, of how many.
void write_value(Input& input, int depth, std::string& text) {
    const std::uint8_t what = input.byte();
    const std::size_t count = what >> 3 & 7;
    const bool deep = depth > 6 || text.size() > longest_text;
    if (!deep && (what & 7) >= 4) return write_object(input, count, depth, text);
    if (!deep && (what & 7) == 3) return write_array(input, count, depth, text);
    text += scalars[count];
}

std::string text_of(std::string_view part) {
    if (!part.starts_with('\x01')) return std::string(part.substr(0, longest_text));
    Input input(part.substr(1));
    std::string text;
    write_value(input, 0, text);
    return text;
}

/// nlohmann-json's operator== takes 1 and 1.0 for the same.
bool same(const json& a, const json& b) {
    if (a.type() != b.type() || a.size() != b.size()) return false;
    if (!a.is_structured()) return a == b;
    if (a.is_object()) {
        for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
            if (i.key() != j.key() || !same(i.value(), j.value())) return false;
        }
        return true;
    }
    return std::equal(a.begin(), a.end(), b.begin(), same);
}

class KeptTree {
  public:
    void read(const std::string& text, const Limits& limits) {
        std::string verdict = "ok";
        try {
            builder_.fill(text, limits, tree_);
        } catch (const PayloadError& error) {
            verdict = test::to_string(error.kind());
        }
        require(test::is_among(verdict, test::verdicts(text, limits, test::Numbers::exact)),
                "it finds what the model finds");
        if (verdict == "ok") {
            require(same(tree_, json::parse(text)), "it is the tree of the text alone");
        } else {
            // Some mixture, but a tree: all of it can be looked at.
            tree_.dump(-1, ' ', false, json::error_handler_t::replace);
        }
    }

    /// What a hook may do with a message.
    void change(std::uint8_t how) {
        if (how % 6 == 0) {
            const json moved = std::move(tree_);
        } else if (how % 6 == 1) {
            tree_ = json();
        } else if (tree_.is_structured() && !tree_.empty()) {
            change_within(how % 6, names[how / 6 % names.size()]);
        }
    }

  private:
    void change_within(int how, std::string_view name) {
        if (how == 2) {
            tree_.erase(tree_.begin());
        } else if (how == 3) {
            for (json& inner : tree_) inner = json::object({{"b", 1}, {"k", 2}});
        } else if (how == 4) {
            *tree_.begin() = json(tree_);
        } else if (tree_.is_object()) {
            tree_[std::string(name)] = 1;
        }
    }

    TreeBuilder builder_;
    json tree_;
};

/// The text a step names; or only its beginning; or all of it with too small a limit.
void take_step(Input& steps, const std::vector<std::string>& texts, KeptTree& tree) {
    const std::uint8_t what = steps.byte();
    const std::uint8_t how = steps.byte();
    const std::string& text = texts[(what & 3) % texts.size()];
    switch (what >> 2 & 7) {
        case 0:
            return tree.read(text.substr(0, text.size() * how / 256), {});
        case 1:
            return tree.read(text, {.max_elements = 1 + how % 64U});
        case 2:
            return tree.read(text, {.max_depth = 1 + how % 8U});
        case 3:
            tree.change(how);
            break;
        default:
            break;
    }
    tree.read(text, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    Input steps(input.until('\xFF'));
    std::vector<std::string> texts;
    while (!input.empty() && texts.size() < most_texts) {
        texts.push_back(text_of(input.until('\xFF')));
    }
    if (texts.empty()) return 0;
    KeptTree tree;
    for (std::size_t i = 0; i < most_steps && !steps.empty(); ++i) take_step(steps, texts, tree);
    return 0;
}
