// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/accept_loop.hpp"
#include "testing/recording.hpp"

#include <jsocket/endpoint.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace jsocket::testing {

/// A server that plays a recording back: the first client is to do what the first recorded one did,
/// the second the second, and gets the answers that were recorded.
///
/// Threads:  one for each connection. stop() may be called from any but those.
/// Errors:   the constructor throws as Listener does.
class ReplayServer {
  public:
    /// `complain` gets every mismatch with what was recorded, and what else goes wrong, from any
    /// thread. Of clients that were not recorded it hears once a second, with how many there were.
    /// Those beyond `max_connections` at a time are closed.
    ReplayServer(std::vector<RecordedConnection> connections, const Endpoint& endpoint,
                 std::size_t max_connections, std::function<void(const std::string&)> complain);

    /// Closes all connections. Says, also the second time, whether all that was recorded has
    /// happened, and nothing else.
    bool stop();

    const Endpoint& endpoint() const { return accepting_.endpoint(); }

  private:
    void serve(std::uint64_t number, std::unique_ptr<Stream> stream) noexcept;
    void mismatch(const std::string& what) noexcept;

    const std::vector<RecordedConnection> connections_;
    const std::function<void(const std::string&)> complain_;
    Complaints surplus_;
    std::atomic<std::uint64_t> made_{0};  // connections
    std::atomic<bool> as_recorded_{true};
    std::atomic<bool> missing_told_{false};
    AcceptLoop accepting_;  // last, since its threads use the others
};

}  // namespace jsocket::testing
