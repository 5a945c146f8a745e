// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace test_support {

/// A client of an echo server that sends numbered messages as fast as it can, and keeps all that
/// comes back until the connection ends.
class PipeliningClient {
  public:
    PipeliningClient(std::uint16_t port, std::atomic<std::size_t>& received_by_all)
        : peer_(RawPeer::connect(port)),
          received_by_all_(received_by_all),
          writer_([this] { write(); }),
          reader_([this] { read(); }) {}
    ~PipeliningClient() { join(); }
    PipeliningClient(const PipeliningClient&) = delete;
    PipeliningClient& operator=(const PipeliningClient&) = delete;

    /// Waits for the end of the connection; what is wrong with the bytes that came, if anything.
    std::string fault() {
        join();
        if (timed_out_) return "the connection does not end";
        std::size_t at = 0;
        for (int number = 0; at < received_.size(); ++number) {
            const std::string expected = prefix_frame(payload(number));
            const std::string_view frame = std::string_view(received_).substr(at, expected.size());
            if (frame != expected) {
                const bool half = expected.starts_with(frame);
                return "reply " + std::to_string(number) + (half ? " is cut off" : " is wrong");
            }
            at += expected.size();
        }
        return "";
    }

    /// Shortly before the end of the connection, did nothing come for so long that a stopping
    /// server may have given it up? On a busy machine this thread may not have had its turn.
    bool was_away() const { return was_away_; }

  private:
    /// Of many sizes, some beyond a segment.
    static std::string payload(int number) {
        const std::size_t size = number % 100 == 99 ? 100'000 : std::size_t(number * 37 % 500);
        return "[" + std::to_string(number) + ",\"" + std::string(size, 'x') + "\"]";
    }

    void write() {
        try {
            for (int number = 0; number < 10'000'000; ++number) {
                peer_.send(prefix_frame(payload(number)));
            }
        } catch (const std::exception&) {
            // The connection has ended.
        }
    }

    void read() {
        char space[65536];
        timeval limit{patience.count() / 1000, 0};
        setsockopt(peer_.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        ssize_t size = 0;
        Stopwatch since_last_read;
        while ((size = ::recv(peer_.fd(), space, sizeof(space), 0)) > 0) {
            received_.append(space, std::size_t(size));
            received_by_all_ += std::size_t(size);
            note_pause(since_last_read);
        }
        note_pause(since_last_read);
        was_away_ = long_pause_ && long_pause_->elapsed() < std::chrono::milliseconds(200);
        timed_out_ = size < 0 && errno == EAGAIN;
        ::shutdown(peer_.fd(), SHUT_RDWR);  // ends the writer
    }

    void note_pause(Stopwatch& since_last_read) {
        if (since_last_read.elapsed() >= std::chrono::milliseconds(50)) long_pause_.emplace();
        since_last_read = Stopwatch();
    }

    void join() {
        if (writer_.joinable()) writer_.join();
        if (reader_.joinable()) reader_.join();
    }

    RawPeer peer_;
    std::atomic<std::size_t>& received_by_all_;
    std::string received_;
    bool timed_out_ = false;
    std::optional<Stopwatch> long_pause_;  // since the end of the latest
    bool was_away_ = false;
    std::thread writer_;
    std::thread reader_;
};

}  // namespace test_support
