// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/tree_builder.hpp"
#include "support/mutex.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/socket/json_socket.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket {

/// The connection of a JsonClient or a JsonServer: none or one, which is replaced when it is of no
/// use any more, and may be closed while other threads use it.
///
/// Threads: every member may be called from any thread, reading from one at a time.
/// Errors:  as JsonClient. After one whose connection_usable() is false there is no connection.
class CurrentSocket {
  public:
    /// `peer` names the other end in messages about not being connected.
    explicit CurrentSocket(std::string peer) : peer_(std::move(peer)) {}
    ~CurrentSocket() { close(); }
    CurrentSocket(const CurrentSocket&) = delete;
    CurrentSocket& operator=(const CurrentSocket&) = delete;

    void set(std::shared_ptr<JsonSocket> socket);
    void close() noexcept;
    bool connected() const noexcept;

    void send_objs(std::span<const json> messages);
    void send_payload(std::string_view payload);

    void read_obj(json& message);
    std::optional<json> try_read_obj(std::chrono::milliseconds timeout);
    std::string read_payload();
    std::optional<std::string> try_read_payload(std::chrono::milliseconds timeout);

  private:
    template <typename Use>
    auto with_socket(Use use);
    template <typename Use>
    auto read_in_time(Use use);

    void fill(std::string_view text, const Limits& limits, json& message);
    std::shared_ptr<JsonSocket> get() const noexcept;
    void drop(const std::shared_ptr<JsonSocket>& socket) noexcept;

    const std::string peer_;
    TreeBuilder builder_;  // the reading thread's
    mutable Mutex mutex_;
    std::shared_ptr<JsonSocket> socket_ JSOCKET_GUARDED_BY(mutex_);
};

}  // namespace jsocket
