// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/convert.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <type_traits>
#include <vector>

namespace jsocket::rpc {

/// Calls and notifications that travel in one message; see Peer::batch().
class Batch {
  public:
    /// Adds a call, and says which Outcome will be its.
    std::size_t call(std::string method, json params = nullptr);

    /// Adds a notification.
    void notify(std::string method, json params = nullptr);

    /// Is there nothing in it?
    bool empty() const noexcept { return entries_.empty(); }

  private:
    friend class Conversation;

    struct Entry {
        std::string method;
        json params;
        bool is_call;
    };
    std::vector<Entry> entries_;
    std::size_t calls_ = 0;
};

/// What became of one call of a batch.
class Outcome {
  public:
    /// A call that has its result.
    explicit Outcome(json result) : result_(std::move(result)) {}
    /// One that has failed.
    explicit Outcome(std::exception_ptr error) : error_(std::move(error)) {}

    /// Is there a result?
    bool ok() const noexcept { return !error_; }

    /// The result. Throws RpcError if that was the answer, TimeoutError if there was none,
    /// ConversionError if it is no T.
    template <typename T = json>
    T get() const {
        if (error_) std::rethrow_exception(error_);
        if constexpr (!std::is_void_v<T>) return convert<T>(result_, "result");
    }

  private:
    json result_;
    std::exception_ptr error_;
};

}  // namespace jsocket::rpc
