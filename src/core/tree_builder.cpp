// SPDX-License-Identifier: Apache-2.0
#include "core/tree_builder.hpp"

#include "core/discard.hpp"
#include "core/json_escape.hpp"
#include "core/memory_budget.hpp"

#include <jsocket/json_text.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

namespace jsocket {
namespace {

// Exact as doubles, as are integers up to 2^53: their quotient is the nearest double, since a
// division rounds correctly (W. D. Clinger, "How to read floating point numbers accurately", 1990).
constexpr std::array<double, 23> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::uint64_t largest_exact_integer = std::uint64_t(1) << 53;

constexpr std::uint64_t largest_signed = std::numeric_limits<std::int64_t>::max();

// As many digits always fit 64 bits.
constexpr std::size_t safe_digits = 19;

// What glibc's allocator adds to a block, and the blocks of a tree: of a string (its object, its
// text), an array (its object, its elements), and an object (itself, its members as libstdc++ has
// them, with 32 bytes of links).
constexpr std::size_t block_overhead = 16;
constexpr std::size_t string_size = sizeof(std::string) + block_overhead;
constexpr std::size_t array_size = sizeof(json::array_t) + 2 * block_overhead;
constexpr std::size_t object_size = sizeof(json::object_t) + block_overhead;
constexpr std::size_t member_size = 32 + sizeof(json::object_t::value_type) + block_overhead;

// Kept without need, whatever the size of the text; and beside it so many times the text.
constexpr std::size_t least_room = 64 * 1024;
constexpr std::size_t room_for_text = 4;

// Bytes that a tree may grow by until that is counted.
constexpr std::size_t growth_step = 64 * 1024;

// Up to this length the text of a string or a name lies in its object.
constexpr std::size_t short_text = 15;

constexpr std::size_t text_block(std::size_t capacity) {
    return capacity > short_text ? capacity + 1 + block_overhead : 0;
}

/// For names, which are too short for a call of memcmp() to pay.
bool equal(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const char* x = a.data();
    const char* y = b.data();
    std::size_t left = a.size();
    for (; left >= 8; left -= 8, x += 8, y += 8) {
        std::uint64_t i = 0;
        std::uint64_t j = 0;
        std::memcpy(&i, x, 8);
        std::memcpy(&j, y, 8);
        if (i != j) return false;
    }
    while (left > 0 && *x == *y) --left, ++x, ++y;
    return left == 0;
}

bool negative(const NumberText& number) { return number.text.front() == '-'; }

/// Empty if it does not fit.
template <typename T>
std::optional<T> read_integer(const NumberText& number) {
    if (number.digit_count <= safe_digits && number.digits <= largest_signed) {
        const auto magnitude = static_cast<T>(number.digits);
        return negative(number) ? static_cast<T>(0 - magnitude) : magnitude;
    }
    T value = 0;
    const char* const end = number.text.data() + number.text.size();
    if (std::from_chars(number.text.data(), end, value).ec != std::errc()) return std::nullopt;
    return value;
}

/// Empty if it is beyond double.
std::optional<double> read_decimal(const NumberText& number) {
    if (!number.exponent && number.digit_count <= safe_digits &&
        number.digits <= largest_exact_integer) {
        const double magnitude =
            static_cast<double>(number.digits) / powers_of_ten[number.fraction_digits];
        return negative(number) ? -magnitude : magnitude;
    }
    double value = 0;
    const char* const end = number.text.data() + number.text.size();
    if (std::from_chars(number.text.data(), end, value).ec == std::errc()) return value;
    // Too large, or nearly 0. In the "C" locale, as some others have no decimal point.
    static const locale_t c_locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    value = ::strtod_l(std::string(number.text).c_str(), nullptr, c_locale);
    if (!std::isfinite(value)) return std::nullopt;
    return value;
}

/// Makes `value` of this type and number, in place if it is of the type.
template <typename T>
void set(json& value, json::value_t type, T number) {
    if (value.type() == type) {
        *value.get_ptr<T*>() = number;
    } else {
        discard(value);
        value = number;
    }
}

template <typename T>
T& as(json& value, json::value_t type) {
    if (value.type() != type) {
        discard(value);
        value = type;
    }
    return *value.get_ptr<T*>();
}

template <typename T>
void give_back(T& container) {
    T().swap(container);
}

}  // namespace

void TreeBuilder::fill(std::string_view text, const Limits& limits, json& tree) {
    text_ = text;
    nodes_.clear();
    grown_ = reported_ = needed_ = 0;
    room_left_ = least_room + room_for_text * text.size();
    try {
        read(limits, tree);
    } catch (...) {
        discard(tree);
        const std::size_t peak = std::max(peak_, held_ + grown_);
        release();
        peak_ = peak;
        throw;
    }
}

// Inline, as others below: calls took 3 % of the instructions of a server with small messages.
inline void TreeBuilder::read(const Limits& limits, json& tree) {
    JsonReader<TreeBuilder>(text_, limits, *this).read(&tree);
    count_kept();
    peak_ = std::max(peak_, held_ + grown_);
    held_ = needed_;
    if (hold_ != nullptr) hold_->set(held_);
}

/// What serves to read the next text is kept as the tree is.
inline void TreeBuilder::count_kept() {
    const std::size_t kept = nodes_.capacity() * sizeof(Node*) + unescaped_.capacity();
    if (kept > room_left_) {
        give_back(nodes_);
        give_back(unescaped_);
    } else {
        needed_ += kept;
    }
}

void TreeBuilder::release() {
    give_back(nodes_);
    give_back(unescaped_);
    shapes_.reset();
    held_ = peak_ = 0;
    if (hold_ != nullptr) hold_->clear();
}

/// Counts memory that is about to be, or has just been, allocated for the tree.
inline void TreeBuilder::grow(std::size_t bytes) {
    grown_ += bytes;
    if (hold_ == nullptr || grown_ < reported_ + growth_step) return;
    reported_ = grown_;
    hold_->set(held_ + grown_);
}

/// A string is as it is going to be: gives back its room if there is too much in all.
inline void TreeBuilder::settle(std::string& string) {
    const std::size_t room = string.capacity() - string.size();
    if (room <= room_left_) {
        room_left_ -= room;
    } else {
        string.shrink_to_fit();
    }
    needed_ += text_block(string.capacity());
}

/// The same for an array.
inline void TreeBuilder::settle(json::array_t& array) {
    const std::size_t room = (array.capacity() - array.size()) * sizeof(json);
    if (room <= room_left_) {
        room_left_ -= room;
    } else {
        array.shrink_to_fit();
    }
    needed_ += array_size + array.capacity() * sizeof(json);
}

/// The string, array or object that `value` is, or that it becomes by an allocation of `size`.
template <typename T>
T& TreeBuilder::container(json& value, json::value_t type, std::size_t size) {
    if (value.type() != type) grow(size);
    return as<T>(value, type);
}

void TreeBuilder::string(Value value, std::string_view text, bool escaped) {
    auto& string = container<std::string>(*value, json::value_t::string, string_size);
    const bool in_place = string.capacity() <= short_text && text.size() <= short_text;
    if (text.size() > string.capacity()) grow(text_block(text.size()));
    if (escaped) {
        string.clear();
        append_unescaped(text, string);
    } else {
        string.assign(text);
    }
    needed_ += string_size;
    if (!in_place) settle(string);
}

void TreeBuilder::number(Value value, const NumberText& number) {
    const char* what = "integer beyond 64 bits";
    if (!number.integer) {
        if (const auto decimal = read_decimal(number)) {
            return set(*value, json::value_t::number_float, *decimal);
        }
        what = "number beyond double";
    } else if (negative(number)) {
        if (const auto integer = read_integer<std::int64_t>(number)) {
            return set(*value, json::value_t::number_integer, *integer);
        }
    } else if (const auto integer = read_integer<std::uint64_t>(number)) {
        return set(*value, json::value_t::number_unsigned, *integer);
    }
    fail_reading(text_, PayloadError::Kind::invalid_json,
                 what + (" at byte " + std::to_string(number.text.data() - text_.data()) + ": ") +
                     printable(number.text));
}

void TreeBuilder::boolean(Value value, bool truth) { set(*value, json::value_t::boolean, truth); }

void TreeBuilder::null(Value value) { discard(*value); }

/// Where the shape of an object like this is kept; null if nowhere yet.
TreeBuilder::Shape* TreeBuilder::shape_for(const json::object_t& members) {
    if (!shapes_) return nullptr;
    const std::string& name = members.begin()->first;
    std::size_t hash = members.size() * 31 + name.size();
    if (!name.empty()) {
        hash = hash * 31 + static_cast<unsigned char>(name.front());
        hash = hash * 31 + static_cast<unsigned char>(name.back());
    }
    return &(*shapes_)[hash % shape_count];
}

TreeBuilder::Array::Array(TreeBuilder& builder, Value value)
    : builder_(builder),
      elements_(builder.container<json::array_t>(*value, json::value_t::array, array_size)) {}

TreeBuilder::Value TreeBuilder::Array::element() {
    if (count_ == elements_.size()) {
        const std::size_t doubled = std::max<std::size_t>(count_, 1) * sizeof(json);
        if (count_ == elements_.capacity()) builder_.grow(doubled);
        elements_.emplace_back();
    }
    return &elements_[count_++];
}

void TreeBuilder::Array::end() {
    if (count_ < elements_.size()) {
        for (std::size_t i = count_; i < elements_.size(); ++i) discard(elements_[i]);
        elements_.resize(count_);
    }
    builder_.settle(elements_);
}

TreeBuilder::Object::Object(TreeBuilder& builder, Value value)
    : builder_(builder),
      members_(builder.container<json::object_t>(*value, json::value_t::object, object_size)),
      next_(members_.begin()),
      first_(builder.nodes_.size()),
      was_empty_(members_.empty()) {}

TreeBuilder::Value TreeBuilder::Object::member(std::string_view name, bool escaped) {
    if (name.size() > short_text) builder_.needed_ += text_block(name.size());
    if (escaped) {
        builder_.unescaped_.clear();
        append_unescaped(name, builder_.unescaped_);
        name = builder_.unescaped_;
    }
    if (order_ == Order::sorted) {
        if (next_ != members_.end() && equal(name, next_->first)) {
            ++count_;
            return &(next_++)->second;
        }
        order_ = follow_shape() ? Order::as_last_time : Order::any;
    }
    if (order_ == Order::as_last_time) {
        // Not by the shape, which a member that is an object may have replaced with its own.
        if (count_ < members_.size()) {
            Node& node = *builder_.nodes_[first_ + count_];
            if (equal(name, node.first)) {
                ++count_;
                return &node.second;
            }
        }
        builder_.nodes_.resize(first_ + count_);
        order_ = Order::any;
    }
    return look_up(name);
}

TreeBuilder::Value TreeBuilder::Object::look_up(std::string_view name) {
    auto found = members_.lower_bound(name);
    if (found == members_.end() || found->first != name) {
        builder_.grow(member_size + text_block(name.size()));
        found = members_.emplace_hint(found, name, nullptr);
    }
    builder_.nodes_.push_back(&*found);
    ++count_;
    return &found->second;
}

/// Lists the nodes of an object whose members are not sorted: all, as they are to come, if its
/// shape is known and began like this, and else those that have come. Is it known?
bool TreeBuilder::Object::follow_shape() {
    auto& nodes = builder_.nodes_;
    const bool has_shape = !was_empty_ && members_.size() <= largest_shape;
    const Shape* const shape = has_shape ? builder_.shape_for(members_) : nullptr;
    bool known = shape != nullptr && shape->size == members_.size();
    for (std::size_t i = 0; known && i < count_; ++i) known = shape->places[i] == i;
    if (known) {
        nodes.resize(first_ + shape->size);
        const std::uint8_t* place = shape->places.data();
        for (Node& node : members_) nodes[first_ + *place++] = &node;
    } else {
        for (auto node = members_.begin(); node != next_; ++node) nodes.push_back(&*node);
    }
    return known;
}

void TreeBuilder::Object::end() {
    builder_.needed_ += object_size + count_ * member_size;
    if (order_ == Order::sorted) {
        if (next_ == members_.end()) return;
        for (auto member = next_; member != members_.end(); ++member) discard(member->second);
        members_.erase(next_, members_.end());
        return;
    }
    if (order_ == Order::as_last_time && count_ < members_.size()) {
        builder_.nodes_.resize(first_ + count_);
        order_ = Order::any;
    }
    // The first of its kind may be the last: its shape is not worth keeping.
    if (order_ == Order::any && !was_empty_) {
        erase_missing();
        learn_shape();
    }
    builder_.nodes_.resize(first_);
}

/// Erases members of the earlier text that have not come this time.
void TreeBuilder::Object::erase_missing() {
    const auto begin = builder_.nodes_.begin() + static_cast<std::ptrdiff_t>(first_);
    std::vector<const Node*> came(begin, builder_.nodes_.end());
    std::sort(came.begin(), came.end());
    for (auto member = members_.begin(); member != members_.end();) {
        if (std::binary_search(came.begin(), came.end(), &*member)) {
            ++member;
        } else {
            discard(member->second);
            member = members_.erase(member);
        }
    }
}

void TreeBuilder::Object::learn_shape() {
    const bool each_once = count_ == members_.size();
    if (!each_once || members_.empty() || members_.size() > largest_shape) return;
    assert(count_ <= largest_shape);
    if (!builder_.shapes_) builder_.shapes_ = std::make_unique<std::array<Shape, shape_count>>();
    Shape& shape = *builder_.shape_for(members_);
    shape.size = members_.size();
    const auto begin = builder_.nodes_.begin() + static_cast<std::ptrdiff_t>(first_);
    std::uint8_t* place = shape.places.data();
    for (const Node& node : members_) {
        const auto came = std::find(begin, builder_.nodes_.end(), &node);
        *place++ = static_cast<std::uint8_t>(came - begin);
    }
}

}  // namespace jsocket
