// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/stream.hpp>

namespace jsocket {

/// The handshake of a stream that nobody but one thread knows yet, for another to end.
///
/// Threads: run() on one thread at a time, interrupt() on any.
class Handshake {
  public:
    /// Throws as Stream::handshake() does.
    void run(Stream& stream, Deadline deadline, const Interrupt& cancel) {
        const Current current(*this, stream);
        // Who raises `cancel` and then calls interrupt() either finds the stream, or is found here.
        if (cancel.raised()) stream.interrupt();
        stream.handshake(deadline);
    }

    void interrupt() noexcept {
        const Lock lock(mutex_);
        if (stream_) stream_->interrupt();
    }

  private:
    class Current {
      public:
        Current(Handshake& handshake, Stream& stream) : handshake_(handshake) { set(&stream); }
        ~Current() { set(nullptr); }
        Current(const Current&) = delete;
        Current& operator=(const Current&) = delete;

      private:
        void set(Stream* stream) {
            const Lock lock(handshake_.mutex_);
            handshake_.stream_ = stream;
        }

        Handshake& handshake_;
    };

    Mutex mutex_;
    Stream* stream_ JSOCKET_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace jsocket
