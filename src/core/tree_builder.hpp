// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_reader.hpp"

#include <jsocket/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket {

class MemoryHold;

/// Makes a tree of a text, out of what the tree of an earlier text consists of: objects keep their
/// nodes, strings their capacity, arrays their elements. A text of the same shape as the one before
/// costs no allocation, and one comparison for each member's name. (Measured: a fifth of the time
/// of a new tree; it is making nodes that takes the time, not reading.)
///
/// Room that strings and arrays have beyond what the text needs is kept up to a small multiple of
/// the text, so that a tree holds what its own text is worth and not what earlier ones were.
class TreeBuilder {
  public:
    /// What is held is counted in `hold`, if it is given, while it grows.
    explicit TreeBuilder(MemoryHold* hold = nullptr) : hold_(hold) {}

    /// Makes `tree`, which may be any, what `text` says. Throws PayloadError, and MemoryError if
    /// `hold` does, with `tree` then being null.
    void fill(std::string_view text, const Limits& limits, json& tree);

    /// Bytes of the tree that was filled latest, and of what is kept to fill the next one. Counts
    /// as glibc's allocator does, to within a few bytes for each value.
    std::size_t held() const { return held_; }

    /// The most that held() has been since release(), a refused text's tree included.
    std::size_t peak() const { return peak_; }

    /// Forgets the tree that was filled latest, which its owner has discarded, and gives back what
    /// is kept for the next one.
    void release();

    // The rest is for JsonReader.
    using Value = json*;
    class Object;
    class Array;

    void string(Value value, std::string_view text, bool escaped);
    void number(Value value, const NumberText& number);
    void boolean(Value value, bool truth);
    void null(Value value);

  private:
    using Node = json::object_t::value_type;

    static constexpr std::size_t largest_shape = 64;
    static constexpr std::size_t shape_count = 32;

    /// In which order the members of an object came: the place of each, as sorted by name.
    struct Shape {
        std::size_t size = 0;
        std::array<std::uint8_t, largest_shape> places{};
    };

    Shape* shape_for(const json::object_t& members);
    void read(const Limits& limits, json& tree);
    void count_kept();
    void grow(std::size_t bytes);
    template <typename T>
    T& container(json& value, json::value_t type, std::size_t size);
    void settle(std::string& string);
    void settle(json::array_t& array);

    MemoryHold* const hold_;
    std::size_t held_ = 0;
    std::size_t peak_ = 0;

    // Of the text that is being read.
    std::string_view text_;
    std::size_t grown_ = 0;      // bytes that it has had allocated
    std::size_t reported_ = 0;   // of them, in hold_
    std::size_t needed_ = 0;     // bytes of its tree so far
    std::size_t room_left_ = 0;  // bytes that may still be kept without need
    std::vector<Node*> nodes_;   // of the open objects, one after the other
    std::string unescaped_;
    std::unique_ptr<std::array<Shape, shape_count>> shapes_;  // none before there is one to keep
};

/// An array that is being filled.
class TreeBuilder::Array {
  public:
    Array(TreeBuilder& builder, Value value);
    Value element();
    void end();

  private:
    TreeBuilder& builder_;
    json::array_t& elements_;
    std::size_t count_ = 0;  // elements that have come
};

/// An object that is being filled. Members are found without a search as long as they come sorted
/// by name, or in the order in which they came last time; from the first that does not, all are
/// looked up.
class TreeBuilder::Object {
  public:
    Object(TreeBuilder& builder, Value value);
    Value member(std::string_view name, bool escaped);
    void end();

  private:
    enum class Order { sorted, as_last_time, any };

    Value look_up(std::string_view name);
    bool follow_shape();
    void erase_missing();
    void learn_shape();

    TreeBuilder& builder_;
    json::object_t& members_;
    Order order_ = Order::sorted;
    std::size_t count_ = 0;          // members that have come
    json::object_t::iterator next_;  // sorted: the first that has not come
    std::size_t first_;              // else: of its nodes in nodes_, as they came; as last time
                                     // with those that are expected behind them
    const bool was_empty_;
};

}  // namespace jsocket
