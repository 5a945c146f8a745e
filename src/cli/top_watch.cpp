// SPDX-License-Identifier: Apache-2.0
#include "cli/top_watch.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <poll.h>
#include <utility>

namespace jsocket::cli {
namespace {

std::optional<TopOrder> client_order(TopKey key) {
    switch (key) {
        case TopKey::messages:
            return TopOrder::messages;
        case TopKey::bytes:
            return TopOrder::bytes;
        case TopKey::failures:
            return TopOrder::failures;
        case TopKey::name:
            return TopOrder::name;
        default:
            return std::nullopt;
    }
}

std::optional<MethodOrder> method_order(TopKey key) {
    switch (key) {
        case TopKey::calls:
            return MethodOrder::calls;
        case TopKey::latency:
            return MethodOrder::latency;
        case TopKey::failures:
            return MethodOrder::failures;
        case TopKey::name:
            return MethodOrder::name;
        default:
            return std::nullopt;
    }
}

}  // namespace

TopWatch::TopWatch(TopSource& source, TopSnapshot first, std::string server) : source_(source) {
    state_.server = std::move(server);
    show(std::nullopt, std::move(first));
}

void TopWatch::run() {
    // Those that end it, and the one that says that the window has changed.
    const SignalQueue signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
    TopScreen screen;
    state_.unicode = TopScreen::unicode();
    source_.start();
    do {
        const std::size_t rows = top_all_rows(view_, state_.table);
        const std::size_t page = top_table_rows(screen.size());
        state_.scroll = std::min(state_.scroll, rows > page ? rows - page : 0);
        screen.draw(top_page(view_, state_, screen.size()));
    } while (wait_and_react(screen, signals));
}

/// Waits for something to happen. False if that was the end.
bool TopWatch::wait_and_react(TopScreen& screen, const SignalQueue& signals) {
    std::array<pollfd, 3> events{
        {{STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}, {source_.fd(), POLLIN, 0}}};
    if (::poll(events.data(), events.size(), -1) == -1) return errno == EINTR;
    if (events[1].revents != 0 && !react_to_signal(screen, signals)) return false;
    if (events[2].revents != 0) take_news();
    // A terminal that is gone can be read without end.
    if ((events[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return false;
    return events[0].revents == 0 || react_to_keys(screen);
}

bool TopWatch::react_to_signal(TopScreen& screen, const SignalQueue& signals) {
    while (const auto signal = signals.next()) {
        if (*signal != SIGWINCH) return false;
        screen.resize();
    }
    return true;
}

bool TopWatch::react_to_keys(TopScreen& screen) {
    while (const auto key = screen.key()) {
        if (*key == TopKey::quit) return false;
        press(*key, top_table_rows(screen.size()));
    }
    return true;
}

void TopWatch::press(TopKey key, std::size_t page) {
    const bool helped = std::exchange(state_.help, false);
    switch (key) {
        case TopKey::help:
            state_.help = !helped;
            break;
        case TopKey::pause:
            state_.paused = !state_.paused;
            break;
        case TopKey::table:
            state_.table =
                state_.table == TopTable::clients ? TopTable::methods : TopTable::clients;
            state_.scroll = 0;
            break;
        default:
            if (!order_by(key)) scroll(key, page);
    }
}

/// False if it is no key to sort the table that is shown.
bool TopWatch::order_by(TopKey key) {
    if (state_.table == TopTable::methods) {
        const auto order = method_order(key);
        if (!order) return false;
        state_.method_order = *order;
        sort(view_.methods, *order);
    } else {
        const auto order = client_order(key);
        if (!order) return false;
        state_.order = *order;
        source_.choose(*order);
        sort(view_.rows, *order);
    }
    state_.scroll = 0;
    return true;
}

void TopWatch::scroll(TopKey key, std::size_t page) {
    switch (key) {
        case TopKey::up:
            state_.scroll -= std::min<std::size_t>(state_.scroll, 1);
            break;
        case TopKey::down:
            ++state_.scroll;
            break;
        case TopKey::page_up:
            state_.scroll -= std::min(state_.scroll, page);
            break;
        case TopKey::page_down:
            state_.scroll += page;
            break;
        case TopKey::home:
            state_.scroll = 0;
            break;
        case TopKey::end:
            state_.scroll = top_all_rows(view_, state_.table);
            break;
        default:
            break;
    }
}

/// While it is paused, news pass by: the next ones are compared with the last that were shown,
/// unless the server may be another one since.
void TopWatch::take_news() {
    auto news = source_.news();
    if (!news) return;
    if (news->end) std::rethrow_exception(news->end);
    if (!news->problem.empty()) {
        state_.problem = "trying again: " + printable(news->problem, 200);
    } else if (news->snapshot) {
        state_.problem.clear();
        starts_anew_ = starts_anew_ || news->first;
        if (state_.paused) return;
        // A server with many clients may answer twice with the figures of one moment.
        if (!starts_anew_ && news->snapshot->uptime == view_.now.uptime) return;
        std::optional<TopSnapshot> before;
        if (!std::exchange(starts_anew_, false)) before = std::move(view_.now);
        show(before, std::move(*news->snapshot));
    }
}

void TopWatch::show(const std::optional<TopSnapshot>& before, TopSnapshot now) {
    view_ = compare(before, std::move(now));
    sort(view_.rows, state_.order);
    sort(view_.methods, state_.method_order);
    if (view_.since_start) return;  // an average would stand out from the rates around it
    state_.history.push_back(view_.rates.messages());
    if (state_.history.size() > top_history) state_.history.pop_front();
}

}  // namespace jsocket::cli
