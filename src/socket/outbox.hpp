// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/memory_budget.hpp"
#include "core/rate_deadline.hpp"
#include "socket/reactor.hpp"
#include "support/mutex.hpp"

#include <jsocket/socket/json_socket.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket {

/// The sending half of a JsonSocket. Ordinary messages wait in one queue, and whoever sends them
/// waits for the peer. Late ones wait in another, and no thread waits for them: whichever thread is
/// writing takes them along, and the reactor goes on when the peer has made room.
///
/// Threads: every member may be called from any thread.
class JsonSocket::Outbox {
  public:
    /// Tells whether a message has left.
    using Sent = std::function<void(bool left)>;

    /// Without a reactor, or a descriptor of the stream, whoever sends a late message waits.
    Outbox(JsonSocket& socket, MemoryAccount* account, std::shared_ptr<Reactor> reactor);
    ~Outbox();

    /// From now on messages are framed like this.
    void use(Framing framing);

    // As JsonSocket's.
    void send(std::span<const std::string_view> payloads, Deadline deadline);
    bool queue(std::string_view payload);
    void flush();
    void drain();
    void send_late(std::string_view payload, Sent on_sent);
    void release_memory();
    Lost lost() const noexcept { return {lost_payloads_, lost_bytes_}; }

  private:
    /// Late messages that leave together, and who wants to know.
    struct Chunk {
        std::string bytes = {};
        std::size_t payload_bytes = 0;
        std::vector<Sent> sent = {};  // one for each message
        bool left = false;
    };

    /// Calls that are due once no lock is held: makes them in its destructor.
    class Calls {
      public:
        Calls() = default;
        ~Calls() {
            if (!done.empty()) make();
        }
        Calls(const Calls&) = delete;
        Calls& operator=(const Calls&) = delete;

        std::list<Chunk> done;

      private:
        void make() const;
    };

    class Turn;

    void check_size(std::string_view payload) const;
    void append(std::span<const std::string_view> payloads) JSOCKET_REQUIRES(writing_);
    void give_back() JSOCKET_REQUIRES(writing_);
    void require_open() JSOCKET_REQUIRES(writing_);
    void write(std::chrono::milliseconds timeout, Calls& calls) JSOCKET_REQUIRES(writing_);
    void write_late(Pace pace, Calls& calls) JSOCKET_REQUIRES(writing_);
    bool fail() noexcept JSOCKET_REQUIRES(writing_);
    void pump(std::size_t most, Calls& calls) noexcept JSOCKET_REQUIRES(writing_);
    bool write_some(std::size_t most, Calls& calls) JSOCKET_REQUIRES(writing_);
    void count_progress(std::size_t bytes) JSOCKET_REQUIRES(writing_);
    void await_room() JSOCKET_REQUIRES(writing_);
    void stop_waiting() noexcept JSOCKET_REQUIRES(writing_);
    void take_late() JSOCKET_REQUIRES(writing_);
    void drop_late(Calls& calls) noexcept JSOCKET_REQUIRES(writing_);
    void front_has_left(Calls& calls) JSOCKET_REQUIRES(writing_);
    void go_on(std::size_t most = std::numeric_limits<std::size_t>::max()) noexcept;

    JsonSocket& socket_;
    const std::shared_ptr<Reactor> reactor_;  // or null

    Mutex writing_;  // held while the peer is waited for, too
    std::unique_ptr<framing::Codec> encoder_ JSOCKET_GUARDED_BY(writing_);
    std::string queued_ JSOCKET_GUARDED_BY(writing_);  // whole messages, headers included
    MemoryHold queued_hold_ JSOCKET_GUARDED_BY(writing_);
    std::list<Chunk> leaving_ JSOCKET_GUARDED_BY(writing_);  // late ones, before queued_
    std::size_t begun_ JSOCKET_GUARDED_BY(writing_) = 0;     // bytes of the first that have left
    std::optional<RateDeadline> pace_ JSOCKET_GUARDED_BY(writing_);  // while there is no room
    std::unique_ptr<Reactor::Watch> watch_ JSOCKET_GUARDED_BY(writing_);

    Mutex late_mutex_;  // taken after writing_, and never held while anything is waited for
    std::unique_ptr<framing::Codec> late_encoder_ JSOCKET_GUARDED_BY(late_mutex_);
    std::list<Chunk> late_ JSOCKET_GUARDED_BY(late_mutex_);
    std::size_t late_bytes_ JSOCKET_GUARDED_BY(late_mutex_) = 0;  // those of leaving_, too
    MemoryHold late_hold_ JSOCKET_GUARDED_BY(late_mutex_);

    // 1 if late messages wait. A producer sets it, then tries the lock. A writer unlocks, then
    // reads it. Both use atomic read-modify-write operations, so no message is missed.
    std::atomic<unsigned> work_{0};

    std::atomic<std::uint64_t> lost_payloads_{0};
    std::atomic<std::uint64_t> lost_bytes_{0};
};

}  // namespace jsocket
