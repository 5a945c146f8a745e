// SPDX-License-Identifier: Apache-2.0
#include "testing/replay_server.hpp"

#include "testing/replay_session.hpp"

#include <jsocket/testing/mismatch.hpp>

#include <exception>
#include <utility>

namespace jsocket::testing {

ReplayServer::ReplayServer(std::vector<RecordedConnection> connections, const Endpoint& endpoint,
                           std::size_t max_connections,
                           std::function<void(const std::string&)> complain)
    : connections_(std::move(connections)),
      complain_(std::move(complain)),
      surplus_(complain_),
      accepting_(
          endpoint, max_connections,
          [this](std::uint64_t number, std::unique_ptr<Stream> stream) {
              serve(number, std::move(stream));
          },
          complain_) {
    accepting_.start();
}

bool ReplayServer::stop() {
    accepting_.stop();
    surplus_.finish();
    const std::uint64_t made = made_;
    if (made < connections_.size() && !missing_told_.exchange(true)) {
        mismatch("only " + std::to_string(made) + " of " + std::to_string(connections_.size()) +
                 " recorded connections were made");
    }
    return as_recorded_ && accepting_.refused() == 0;
}

void ReplayServer::serve(std::uint64_t number, std::unique_ptr<Stream> stream) noexcept {
    ++made_;
    try {
        if (number > connections_.size()) {
            as_recorded_ = false;
            surplus_.add("one more client has connected than were recorded, " +
                         std::to_string(connections_.size()));
            return;
        }
        ReplaySession(connections_[number - 1], *stream, accepting_.stopping()).run();
    } catch (const std::exception& error) {
        mismatch(error.what());
    }
}

void ReplayServer::mismatch(const std::string& what) noexcept {
    as_recorded_ = false;
    if (complain_) complain_(what);
}

}  // namespace jsocket::testing
