// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/subscribers.hpp"

#include "support/wire.hpp"

#include <array>
#include <ostream>
#include <sys/epoll.h>
#include <utility>

namespace test_support {

std::ostream& operator<<(std::ostream& out, const History& history) {
    return out << history.received << " messages" << (history.in_order ? "" : ", not in order")
               << (history.ended ? ", then cut" : "");
}

Subscribers::Subscribers(std::size_t size)
    : text_(size, 'x'),
      smallest_frame_(prefix_frame(message(0).dump()).size()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) throw_errno("epoll");
}

Subscribers::~Subscribers() { stop(); }

void Subscribers::add(RawPeer peer) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = subscribers_.size()}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peer.fd(), &event) != 0) throw_errno("epoll");
    subscribers_.push_back({std::move(peer), {}, {}});
    with_.assign(1, subscribers_.size());
}

void Subscribers::start() {
    thread_ = std::thread([this] {
        while (!stopped_) read_those_ready(50);
    });
}

void Subscribers::read_what_is_there() {
    while (read_those_ready(0)) continue;
}

std::vector<History> Subscribers::stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    std::vector<History> histories;
    for (const Subscriber& subscriber : subscribers_) histories.push_back(subscriber.history);
    return histories;
}

jsocket::json Subscribers::message(std::size_t number) const {
    return {{"number", number}, {"text", text_}};
}

/// False if there was nothing to read.
bool Subscribers::read_those_ready(int timeout) {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout);
    for (int i = 0; i < count; ++i)
        read(subscribers_[events[static_cast<std::size_t>(i)].data.u64]);
    return count > 0;
}

void Subscribers::read(Subscriber& subscriber) {
    std::array<char, 65536> space;
    const ssize_t size = ::recv(subscriber.peer.fd(), space.data(), space.size(), MSG_DONTWAIT);
    if (size > 0) {
        subscriber.buffer.append(space.data(), static_cast<std::size_t>(size));
        take_messages(subscriber);
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        subscriber.history.ended = true;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, subscriber.peer.fd(), nullptr);
    }
}

void Subscribers::take_messages(Subscriber& subscriber) {
    History& history = subscriber.history;
    while (history.in_order && subscriber.buffer.size() >= smallest_frame_) {
        const std::string expected = prefix_frame(message(history.received).dump());
        if (subscriber.buffer.size() < expected.size()) break;
        history.in_order = subscriber.buffer.starts_with(expected);
        if (!history.in_order) break;
        subscriber.buffer.erase(0, expected.size());
        --with_[history.received];
        ++history.received;
        if (with_.size() == history.received) with_.push_back(0);
        ++with_[history.received];
    }
    std::size_t fewest = fewest_;
    while (fewest + 1 < with_.size() && with_[fewest] == 0) ++fewest;
    fewest_ = fewest;
}

}  // namespace test_support
