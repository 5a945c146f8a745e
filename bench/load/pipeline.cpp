// SPDX-License-Identifier: Apache-2.0
#include "load/modes.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace jsocket::bench {

namespace {

constexpr int patience = 20'000;  // ms

/// Keeps `window` requests on their way. Never waits to send while replies are there: a server may
/// stop reading until somebody takes them.
class Pipeline {
  public:
    Pipeline(const Target& target, std::size_t window) : connection_(target) {
        for (std::size_t i = 0; i < window; ++i) requests_ += connection_.request();
        unsent_ = requests_.size();
    }

    std::size_t step() {
        send_some();
        if (unsent_ > 0) wait();
        const std::size_t count = connection_.take_replies(unsent_ > 0 ? MSG_DONTWAIT : 0);
        unsent_ += count * connection_.request().size();
        return count;
    }

  private:
    /// As all requests are the same, where the last one was cut is where to go on.
    void send_some() {
        while (unsent_ > 0) {
            const std::size_t size = std::min(unsent_, requests_.size() - offset_);
            const ssize_t sent = send(connection_.fd(), requests_.data() + offset_, size,
                                      MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) return;
            if (sent < 0) fail("send");
            unsent_ -= static_cast<std::size_t>(sent);
            offset_ = (offset_ + static_cast<std::size_t>(sent)) % connection_.request().size();
        }
    }

    void wait() const {
        pollfd both{.fd = connection_.fd(), .events = POLLIN | POLLOUT, .revents = 0};
        if (poll(&both, 1, patience) > 0) return;
        throw std::runtime_error("the server neither reads nor replies");
    }

    Connection connection_;
    std::string requests_;
    std::size_t offset_ = 0;
    std::size_t unsent_ = 0;
};

}  // namespace

Result run_pipeline(const LoadOptions& options) {
    Pipeline pipeline(options.target, options.window);
    return measure(options.plan, [&] { return pipeline.step(); });
}

}  // namespace jsocket::bench
