// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/peer.hpp>

#include <memory>
#include <stop_token>
#include <string>

namespace jsocket::rpc {

/// One call of a method, as the method and middleware see it.
///
/// Threads:  a method's own; stop_token() and peer() give values that other threads may have.
/// Lifetime: as long as the method runs.
class Call {
  public:
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    /// For those who run methods. `conversation` is null if there is no connection.
    Call(std::string method, json id, bool notification, std::stop_token stop,
         std::shared_ptr<Conversation> conversation);

    /// The name under which it was called.
    const std::string& method() const noexcept { return method_; }

    /// A string, a number or null, as the caller chose it.
    const json& id() const noexcept { return id_; }

    /// Does nobody wait for the result?
    bool is_notification() const noexcept { return notification_; }

    /// Told to stop when the result is of no use any more: the caller has cancelled the call
    /// (`rpc.cancel`) or is gone, Options::call_timeout has passed, or this end is closing the
    /// connection and Options::drain_timeout has passed. What the method then returns or throws is
    /// still sent, if there is anybody to send it to. A std::stop_callback must not throw, and so
    /// not call the Peer without catching.
    const std::stop_token& stop_token() const noexcept { return stop_; }

    /// Who calls, to call or notify in turn, now or later. Throws UsageError if the call came by
    /// Dispatcher::answer(), without a connection.
    Peer peer() const;

  private:
    std::string method_;
    json id_;
    bool notification_;
    std::stop_token stop_;
    std::shared_ptr<Conversation> conversation_;
};

}  // namespace jsocket::rpc
