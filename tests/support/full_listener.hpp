// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"

#include <fcntl.h>
#include <stdexcept>
#include <vector>

namespace test_support {

/// A server whose queue of waiting connections is full: who connects waits, and is not refused.
class FullListener {
  public:
    explicit FullListener(const Address& address = Address::ipv4(0)) : listener_(address, 0) {
        const Address there = Address::of_socket(listener_.fd());
        for (int i = 0; i < 16; ++i) {
            FileDescriptor socket(
                ::socket(there.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            const bool connected = ::connect(socket.get(), there.data(), there.size) == 0;
            if (!connected && errno == EAGAIN) return;  // a UNIX-domain socket says so at once
            pollfd entry{socket.get(), POLLOUT, 0};
            const bool full = !connected && ::poll(&entry, 1, 50) == 0;
            waiting_.push_back(std::move(socket));
            if (full) return;
        }
        throw std::runtime_error("raw peer: the queue of a listener does not fill up");
    }

    std::uint16_t port() const { return Address::of_socket(listener_.fd()).port(); }

    /// Lets all who wait go, and so makes room.
    void drain() {
        waiting_.clear();
        pollfd entry{listener_.fd(), POLLIN, 0};
        while (::poll(&entry, 1, 0) == 1) listener_.accept();
    }

    RawListener& listener() { return listener_; }

  private:
    RawListener listener_;
    std::vector<FileDescriptor> waiting_;
};

}  // namespace test_support
