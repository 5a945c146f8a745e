// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/memory_budget.hpp"
#include "support/mutex.hpp"

#include <jsocket/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::rpc {

/// A JSON value as text that many replies have in common.
struct Document {
    explicit Document(const json& value);

    std::string text;
    std::size_t values = 0;  ///< as Limits::max_elements counts them
    std::size_t depth = 0;   ///< as Limits::max_depth does
};

/// The replies to the calls of one message, as text. Each becomes text at once, and its tree is
/// then freed. Together they are within the limits of what can be sent: a reply that is beyond
/// them is replaced by an error that says so. In a batch there is always room for such an error
/// to each call that has yet to be answered.
///
/// Threads: every member may be called from any thread, once all calls are expected.
class Replies {
  public:
    /// What is held is counted in `account`, which may be null: `size` bytes of the calls, and the
    /// replies.
    Replies(bool batch, const Limits& limits, MemoryAccount* account = nullptr,
            std::size_t size = 0);

    /// A reply to a call with this id may come, as the next one of the batch. Returns its place.
    std::size_t expect(const json& id);

    /// Can all that are expected be answered, be it with errors?
    bool have_room() const;

    /// Sets the reply at a place, and returns its size. Throws UsageError if not even the error
    /// can be sent, and MemoryError.
    std::size_t set(std::size_t place, json reply);

    /// The same for a result that is text.
    std::size_t set(std::size_t place, const json& id, const Document& result);

    /// The whole message; empty if nothing was answered. At the end.
    std::optional<std::string> text();

    /// Counts nothing any more, once the text and the calls are gone.
    void release() noexcept;

  private:
    struct Cost {
        std::size_t bytes = 0;
        std::size_t values = 0;
    };
    struct Entry {
        json id;             // for the error that takes the reply's place
        Cost reserved = {};  // that is what it takes
        std::string text = {};
    };

    Limits limits_of_one() const;
    Cost print(const json& reply, std::string& text) const;
    std::string refusal(const json& id, std::string_view reason) const;
    std::size_t keep(std::size_t place, std::string text, std::size_t values);

    const bool batch_;
    const Limits limits_;

    mutable Mutex mutex_;
    std::vector<Entry> entries_;
    std::size_t needed_bytes_ JSOCKET_GUARDED_BY(mutex_) = 2;   // of the batch, as it is now
    std::size_t needed_values_ JSOCKET_GUARDED_BY(mutex_) = 1;  // with errors for what is to come
    std::size_t held_ JSOCKET_GUARDED_BY(mutex_);
    MemoryHold hold_ JSOCKET_GUARDED_BY(mutex_);
};

/// A reply by itself, or the error that takes its place. Throws UsageError if neither can be sent.
std::string reply_text(json reply, const Limits& limits);

}  // namespace jsocket::rpc
