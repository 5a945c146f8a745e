// SPDX-License-Identifier: Apache-2.0
#include "core/tree_builder.hpp"

#include "core/discard.hpp"
#include "core/json_escape.hpp"

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

}  // namespace

void TreeBuilder::fill(std::string_view text, const Limits& limits, json& tree) {
    text_ = text;
    nodes_.clear();
    JsonReader<TreeBuilder>(text, limits, *this).read(&tree);
}

void TreeBuilder::string(Value value, std::string_view text, bool escaped) {
    auto& string = as<std::string>(*value, json::value_t::string);
    if (escaped) {
        string.clear();
        append_unescaped(text, string);
    } else {
        string.assign(text);
    }
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

TreeBuilder::Array::Array(TreeBuilder&, Value value)
    : elements_(as<json::array_t>(*value, json::value_t::array)) {}

TreeBuilder::Value TreeBuilder::Array::element() {
    if (count_ == elements_.size()) elements_.emplace_back();
    return &elements_[count_++];
}

void TreeBuilder::Array::end() {
    if (count_ == elements_.size()) return;
    for (std::size_t i = count_; i < elements_.size(); ++i) discard(elements_[i]);
    elements_.resize(count_);
}

TreeBuilder::Object::Object(TreeBuilder& builder, Value value)
    : builder_(builder),
      members_(as<json::object_t>(*value, json::value_t::object)),
      next_(members_.begin()),
      first_(builder.nodes_.size()),
      was_empty_(members_.empty()) {}

TreeBuilder::Value TreeBuilder::Object::member(std::string_view name, bool escaped) {
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
    if (order_ == Order::sorted) {
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
