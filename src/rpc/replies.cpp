// SPDX-License-Identifier: Apache-2.0
#include "rpc/replies.hpp"

#include "core/discard.hpp"
#include "core/json_writer.hpp"
#include "rpc/message.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <utility>

namespace jsocket::rpc {
namespace {

// A longer id is null in the error that takes a reply's place: it may itself be what is too big.
constexpr std::size_t largest_id = 1024;

constexpr std::string_view too_much_together =
    "the result cannot be sent: the replies of the batch are together beyond the limits";

std::size_t depth_of(const json& value) {
    if (!value.is_structured()) return 0;
    std::size_t deepest = 0;
    for (const json& part : value) deepest = std::max(deepest, depth_of(part));
    return deepest + 1;
}

json short_id(const json& id) {
    const bool too_long = id.is_string() && id.get_ref<const std::string&>().size() > largest_id;
    return too_long ? json() : id;
}

json error_for(const json& id, std::string_view reason) {
    return error_reply(short_id(id),
                       RpcError(internal_error, "Internal error", make_object("reason", reason)));
}

}  // namespace

Document::Document(const json& value) : depth(depth_of(value)) {
    JsonWriter writer(text, {.max_depth = largest_depth, .max_elements = SIZE_MAX});
    writer.write(value);
    values = writer.values();
}

Replies::Replies(bool batch, const Limits& limits, MemoryAccount* account, std::size_t size)
    : batch_(batch), limits_(limits), held_(size), hold_(account) {
    hold_.set(held_);
}

Limits Replies::limits_of_one() const {
    Limits limits = limits_;
    if (batch_) --limits.max_depth;  // of what is in an array
    return limits;
}

/// Throws UsageError, with `text` then being empty.
Replies::Cost Replies::print(const json& reply, std::string& text) const {
    const Limits limits = limits_of_one();
    try {
        JsonWriter writer(text, limits);
        writer.write(reply);
        if (text.size() > limits.max_message_size) {
            throw MessageTooLarge(text.size(), limits.max_message_size);
        }
        return {text.size(), writer.values()};
    } catch (...) {
        text.clear();
        throw;
    }
}

std::size_t Replies::expect(const json& id) {
    const Lock lock(mutex_);
    Entry& entry = entries_.emplace_back(Entry{.id = short_id(id)});
    if (batch_) {
        const Tree tree{error_for(id, too_much_together)};
        const Document error(tree.value);
        entry.reserved = {error.text.size(), error.values};
        needed_bytes_ += entry.reserved.bytes + 1;
        needed_values_ += entry.reserved.values;
    }
    return entries_.size() - 1;
}

bool Replies::have_room() const {
    const Lock lock(mutex_);
    return !batch_ ||
           (needed_bytes_ <= limits_.max_message_size && needed_values_ <= limits_.max_elements);
}

std::size_t Replies::set(std::size_t place, json reply) {
    const Tree tree{std::move(reply)};
    std::string text;
    Cost cost;
    try {
        cost = print(tree.value, text);
    } catch (const UsageError& error) {
        const std::string reason = std::string("the result cannot be sent: ") + error.what();
        const Tree refusal{error_for(entries_[place].id, reason)};
        cost = print(refusal.value, text);
    }
    return keep(place, std::move(text), cost.values);
}

std::size_t Replies::set(std::size_t place, const json& id, const Document& result) {
    constexpr std::size_t other_values = 3;  // the reply itself, its id and its version
    const Limits limits = limits_of_one();
    std::string text = "{\"id\":";
    serialize(id, text);
    text += R"(,"jsonrpc":"2.0","result":)";
    const bool fits = text.size() + result.text.size() + 1 <= limits.max_message_size &&
                      result.values + other_values <= limits.max_elements &&
                      result.depth + 1 <= limits.max_depth;
    if (!fits) {
        return set(place, error_for(id, "the result cannot be sent: it is beyond the limits"));
    }
    text.reserve(text.size() + result.text.size() + 1);
    text += result.text;
    text += '}';
    return keep(place, std::move(text), result.values + other_values);
}

/// Takes the reply if there is room for it, and otherwise the error for which room was kept.
std::size_t Replies::keep(std::size_t place, std::string text, std::size_t values) {
    const Lock lock(mutex_);
    Entry& entry = entries_[place];
    if (batch_) {
        const std::size_t bytes = needed_bytes_ - entry.reserved.bytes + text.size();
        const std::size_t all_values = needed_values_ - entry.reserved.values + values;
        if (bytes <= limits_.max_message_size && all_values <= limits_.max_elements) {
            needed_bytes_ = bytes;
            needed_values_ = all_values;
        } else {
            const Tree error{error_for(entry.id, too_much_together)};
            text.clear();
            print(error.value, text);
        }
    }
    entry.text = std::move(text);
    held_ += entry.text.size();
    hold_.set(held_);
    return entry.text.size();
}

std::string reply_text(json reply, const Limits& limits) {
    Replies replies(false, limits);
    const std::size_t place = replies.expect(reply.at("id"));
    replies.set(place, std::move(reply));
    return *replies.text();
}

std::optional<std::string> Replies::text() {
    const Lock lock(mutex_);
    if (!batch_) {
        if (entries_.empty() || entries_.front().text.empty()) return std::nullopt;
        return std::move(entries_.front().text);
    }
    std::size_t size = 2;
    for (const Entry& entry : entries_) size += entry.text.size() + 1;
    std::string text = "[";
    text.reserve(size);
    for (Entry& entry : entries_) {
        if (entry.text.empty()) continue;
        if (text.size() > 1) text += ',';
        text += entry.text;
        std::string().swap(entry.text);
    }
    if (text.size() == 1) return std::nullopt;
    return text += ']';
}

void Replies::release() noexcept {
    const Lock lock(mutex_);
    entries_.clear();
    hold_.clear();
}

}  // namespace jsocket::rpc
