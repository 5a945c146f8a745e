// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/peer_credentials.hpp>
#include <jsocket/rpc/batch.hpp>
#include <jsocket/rpc/convert.hpp>
#include <jsocket/rpc/error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace jsocket::rpc {

class Conversation;

/// What may be said of one call.
struct CallOptions {
    /// Over waiting for another call to end, if there are too many, and for the reply. Sending to a
    /// peer that does not read has an end of its own, send_timeout.
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

/// The other end of a connection, whose methods can be called. A Client is one; a method of a
/// server finds its client as Call::peer().
///
///     int five = peer.call<int>("subtract", {42, 37});
///     int same = peer.call<int>("subtract", {{"minuend", 42}, {"subtrahend", 37}});
///
/// `params` is an array, for parameters by position, an object, for parameters by name, or null for
/// none. A list whose elements are all pairs that begin with a string is an object to JSON; write
/// json::array() if it is to be an array.
///
/// Threads:  any thread may call, any number at the same time; their calls share the connection.
///           But not in a method with Run::immediately, nor otherwise on the thread that reads the
///           connection, which would wait for itself: UsageError.
/// Lifetime: a handle, to be copied and kept. Once the connection has ended all calls throw
///           ConnectionClosed.
/// Errors:   RpcError if the other end answers so; TimeoutError, with the connection usable and the
///           call cancelled over there (`rpc.cancel`); ConnectionError at once if the connection
///           ends; ProtocolError, with the connection usable, if the reply is none or cannot be
///           read; UsageError with nothing sent; ConversionError if the result is no T.
class Peer {
  public:
    /// Calls a method and waits for its result; call<void> for any.
    template <typename T = json>
    T call(std::string_view method, json params = nullptr, CallOptions options = {}) const {
        require_other_thread();
        return async_call<T>(method, std::move(params), options).get();
    }

    /// Calls a method and does not wait, unless too many calls are in flight.
    template <typename T = json>
    std::future<T> async_call(std::string_view method, json params = nullptr,
                              CallOptions options = {}) const {
        auto promise = std::make_shared<std::promise<T>>();
        std::future<T> future = promise->get_future();
        start(
            method, std::move(params), options,
            [promise](json* result, std::exception_ptr error) { settle(*promise, result, error); });
        return future;
    }

    /// Calls a method that does not answer. Nobody learns whether it was there, or failed.
    void notify(std::string_view method, json params = nullptr) const;

    /// Sends all of a batch in one message; the outcomes are those of its calls, in their order.
    /// Throws only if it could not be sent.
    std::vector<Outcome> batch(const Batch& batch, CallOptions options = {}) const;

    /// Is there a connection, as far as is known?
    bool connected() const noexcept;

    /// Its address, "127.0.0.1:40312" or "unix:PATH".
    const std::string& address() const noexcept;

    /// At a server: the number of the connection, never used again. Otherwise 0.
    std::uint64_t session_id() const noexcept;

    /// At a server: who the client is, as the kernel or a certificate vouches for it.
    const PeerCredentials& credentials() const noexcept;

    /// Replies that no call waits for, or that are none: they came too late, were never asked for,
    /// carry neither a result nor an error, or cannot be read and may be for one of several calls.
    std::uint64_t stray_replies() const noexcept;

    /// The same connection?
    bool operator==(const Peer&) const = default;

  protected:
    friend class Call;
    friend class ServerThread;
    /// The other end of `conversation`.
    explicit Peer(std::shared_ptr<Conversation> conversation);

    std::shared_ptr<Conversation> conversation_;  ///< shared by all copies

  private:
    /// One of the two is there.
    using Completion = std::function<void(json* result, std::exception_ptr error)>;

    void start(std::string_view method, json params, CallOptions options,
               Completion completion) const;
    void require_other_thread() const;

    template <typename T>
    static void settle(std::promise<T>& promise, json* result, const std::exception_ptr& error) {
        if (error) return promise.set_exception(error);
        try {
            if constexpr (std::is_void_v<T>) {
                promise.set_value();
            } else {
                promise.set_value(convert<T>(std::move(*result), "result"));
            }
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    }
};

}  // namespace jsocket::rpc
