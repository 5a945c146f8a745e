// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/wake.hpp"
#include "support/mutex.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/deadline.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace jsocket::cli {

/// A connection of which a thread takes care: it reads what the server sends, whether asked or not,
/// and connects anew when the connection has ended, for as long as it takes.
class Talk {
  public:
    struct Event {
        enum class Kind {
            message,       ///< `text` is what came
            connected,     ///< again
            disconnected,  ///< `text` says why; the thread now tries to connect
        };
        Kind kind;
        std::string text;
    };

    /// How many events wait at most for next(), and of how many bytes in all, but for the last of
    /// them. Then the server has to wait.
    static constexpr std::size_t most_events = 1000;
    static constexpr std::size_t most_bytes = 1'048'576;

    /// Connects. Throws ConnectError.
    explicit Talk(const ClientOptions& options);
    ~Talk();

    /// From now on there is the thread, and so there are events.
    void start();

    /// Sends a JSON text. Throws ConnectionClosed if there is no connection right now, and
    /// TimeoutError, with the connection closed, if the server has not taken it by the deadline.
    void send(std::string_view message, Deadline deadline);

    /// To be called by those who wait for a connection: it is tried at once, and soon again.
    void hurry();

    /// Is readable while there are events.
    int fd() const { return wake_.fd(); }

    /// What has happened next; empty if nothing has. Throws what has ended the thread, such as
    /// bad_alloc.
    std::optional<Event> next();

  private:
    void run();
    bool connect_again();
    void read_all();
    void add(Event::Kind kind, std::string text);

    JsonClient client_;
    Wake wake_;
    std::atomic<bool> stopping_{false};
    Mutex mutex_;
    Condition changed_;
    bool hurried_ JSOCKET_GUARDED_BY(mutex_) = false;
    std::deque<Event> events_ JSOCKET_GUARDED_BY(mutex_);
    std::size_t bytes_ JSOCKET_GUARDED_BY(mutex_) = 0;  // of them
    std::exception_ptr failure_ JSOCKET_GUARDED_BY(mutex_);
    std::thread thread_;  // last, so that it finds the others alive
};

}  // namespace jsocket::cli
