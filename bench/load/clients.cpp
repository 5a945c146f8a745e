// SPDX-License-Identifier: Apache-2.0
#include "load/modes.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace jsocket::bench {

namespace {

constexpr int patience = 20'000;  // ms

struct Client {
    explicit Client(const Target& target) : connection(target) {}

    Connection connection;
    std::string_view unsent;
    bool waits_to_send = false;
};

/// Many clients in ping-pong on one thread.
class Clients {
  public:
    Clients(const Target& target, std::size_t count) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (epoll_.get() < 0) fail("epoll_create1");
        while (clients_.size() < count) {
            clients_.push_back(std::make_unique<Client>(target));
            watch(*clients_.back(), EPOLL_CTL_ADD, EPOLLIN);
        }
        for (const auto& client : clients_) ask(*client);
    }

    std::size_t step() {
        std::array<epoll_event, 64> events;
        const int ready =
            epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        if (ready == 0) throw std::runtime_error("no reply to any client for some seconds");
        std::size_t count = 0;
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            count += serve(*static_cast<Client*>(event.data.ptr), event.events);
        }
        return count;
    }

  private:
    std::size_t serve(Client& client, std::uint32_t events) {
        if (client.waits_to_send && (events & EPOLLOUT) != 0) send_some(client);
        if ((events & ~std::uint32_t{EPOLLOUT}) == 0) return 0;
        const std::size_t count = client.connection.take_replies(MSG_DONTWAIT);
        if (count > 1) throw std::runtime_error("more than one reply to one request");
        if (count == 1) ask(client);
        return count;
    }

    void ask(Client& client) {
        client.unsent = client.connection.request();
        send_some(client);
    }

    void send_some(Client& client) {
        const ssize_t sent = send(client.connection.fd(), client.unsent.data(),
                                  client.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) fail("send");
        if (sent > 0) client.unsent.remove_prefix(static_cast<std::size_t>(sent));
        if (client.waits_to_send == !client.unsent.empty()) return;
        client.waits_to_send = !client.unsent.empty();
        watch(client, EPOLL_CTL_MOD, client.waits_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    void watch(Client& client, int operation, std::uint32_t events) {
        epoll_event event{.events = events, .data = {.ptr = &client}};
        if (epoll_ctl(epoll_.get(), operation, client.connection.fd(), &event) != 0) {
            fail("epoll_ctl");
        }
    }

    Descriptor epoll_;
    std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

Result run_clients(const LoadOptions& options) {
    Clients clients(options.target, options.clients);
    return measure(options.plan, [&] { return clients.step(); });
}

}  // namespace jsocket::bench
