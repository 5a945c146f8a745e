// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

/// When each attempt to connect was made, over all threads, and its number within a connect() of a
/// JsonClient, of those whose threads keep count.
struct Attempts {
    struct Attempt {
        Clock::time_point time;
        int number;
    };
    static constexpr std::size_t most = 100'000;

    std::vector<Attempt> list = std::vector<Attempt>(most);
    std::atomic<std::size_t> count{0};
};
Attempts attempts;
thread_local int attempts_of_thread = 0;

}  // namespace

/// In place of the C library's; keeps a record.
extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
    const std::size_t at = attempts.count++;
    if (at < Attempts::most) attempts.list[at] = {Clock::now(), ++attempts_of_thread};
    return static_cast<int>(::syscall(SYS_connect, fd, address, size));
}

/// Clients whose server goes away and comes back, or comes late.
namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::RetryPolicy;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int crowd = scaled(1000, 100);
constexpr milliseconds backoff(1000);

/// Asks one question after the other until the server is lost, connects again, and asks once more.
class Loyal {
  public:
    Loyal(std::uint16_t port, std::atomic<int>& served, Gate& all_served)
        : client_({.port = port,
                   .recv_timeout = 6 * patience,
                   .retry = {.attempts = 1000,
                             .deadline = 6 * patience,
                             .initial_backoff = backoff,
                             .max_backoff = backoff}}),
          back_(std::async(std::launch::async, [this, &served, &all_served] {
              connect();
              client_.request("first");
              ++served;
              all_served.wait();
              ask_until_lost();
              return ask_again();
          })) {}

    /// When it had its first answer from the new server. Throws what went wrong.
    Clock::time_point back() { return back_.get(); }

  private:
    void connect() {
        attempts_of_thread = 0;
        client_.connect();
    }

    void ask_until_lost() {
        try {
            for (;;) client_.request("again");
        } catch (const jsocket::ConnectionError&) {
        }
    }

    /// Once more if it was a server that is dying that took the connection: a process that is
    /// killed may lose its connections before it stops listening.
    Clock::time_point ask_again() {
        for (int i = 0; i < 10; ++i) {
            connect();
            try {
                if (client_.request("last") == "last") return Clock::now();
            } catch (const jsocket::ConnectionError&) {
            }
        }
        throw std::runtime_error("no answer from the new server");
    }

    JsonClient client_;
    std::future<Clock::time_point> back_;
};

/// The most of these that lie within `window` of each other.
std::size_t most_within(milliseconds window, std::vector<Clock::time_point> times) {
    std::sort(times.begin(), times.end());
    std::size_t most = 0;
    for (std::size_t begin = 0, end = 0; begin < times.size(); ++begin) {
        while (end < times.size() && times[end] < times[begin] + window) ++end;
        most = std::max(most, end - begin);
    }
    return most;
}

/// When clients tried that had lost their server, each one's first attempt left out: that is made
/// at once, by all of them. After it each waits for up to `backoff`, any time being as likely. The
/// attempts are densest at the end of the first such wait, when those who waited little try for the
/// second or third time: e times as many in a given time as if each tried once per back-off. Of
/// some four or five for each client, that is 6 or 7 % within a tenth of the back-off.
std::vector<Clock::time_point> later_attempts(std::size_t count) {
    std::vector<Clock::time_point> times;
    for (std::size_t i = 0; i < count; ++i) {
        if (attempts.list[i].number > 1) times.push_back(attempts.list[i].time);
    }
    return times;
}

/// A port where nobody listens, and which nobody else is given.
class KeptPort {
  public:
    KeptPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;  // so that a server may bind to it as well
        setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        const Address address = Address::ipv4(0);
        if (::bind(socket_.get(), address.data(), address.size) != 0) throw_errno("bind");
    }
    std::uint16_t number() const { return Address::of_socket(socket_.get()).port(); }

  private:
    FileDescriptor socket_;
};

TEST(RestartedServer, IsFoundByAllItsClientsWhoDoNotComeAllAtOnce) {
    const KeptPort port;
    ServerProcess first({.options = {.port = port.number()}});
    ServerProcess second({.options = {.port = port.number()}, .held = true});
    attempts.count = 0;
    std::atomic<int> served{0};
    std::deque<Loyal> clients;
    Gate all_served;
    for (int i = 0; i < crowd; ++i) clients.emplace_back(first.port(), served, all_served);
    ASSERT_TRUE(wait_until([&] { return served == crowd; }));
    all_served.open();

    first.kill();
    ASSERT_TRUE(wait_until([&] { return attempts.count >= 7u * crowd; }, 3 * patience));
    const std::size_t made = attempts.count;
    second.go();
    const Clock::time_point there = Clock::now();
    Clock::time_point latest = there;
    for (Loyal& client : clients) latest = std::max(latest, client.back());
    std::printf("all %d are back after %.0f ms\n", crowd,
                std::chrono::duration<double, std::milli>(latest - there).count());
    // Two back-offs, and one for a machine that is busy.
    EXPECT_LE(latest - there, sanitized ? patience : 3 * backoff);

    const std::vector<Clock::time_point> later = later_attempts(made);
    ASSERT_GE(later.size(), 3u * crowd);
    const std::size_t most = most_within(backoff / 10, later);
    std::printf("%zu attempts, at most %zu within 100 ms\n", later.size(), most);
    EXPECT_LE(most * 10, later.size());
    for (std::size_t i = 0; i < made; ++i) ASSERT_LE(attempts.list[i].number, 25) << "a busy loop";
    clients.clear();
    EXPECT_EQ(second.report().at("connects"), crowd + 1);  // and the one who asks
}

TEST(AbsentServer, IsWaitedForByAClientWithRetriesAndFailsAnotherAtOnce) {
    const KeptPort port;
    ServerProcess late({.options = {.port = port.number()}, .held = true});
    const RetryPolicy once{.attempts = 1, .deadline = patience};
    JsonClient hasty({.port = port.number(), .retry = once});
    const Stopwatch watch;
    EXPECT_THROW(hasty.connect(), jsocket::ConnectError);
    EXPECT_LT(watch.elapsed(), seconds(3));

    attempts.count = 0;
    auto answer = std::async(std::launch::async, [&] {
        JsonClient patient({.port = port.number(),
                            .recv_timeout = patience,
                            .retry = {.attempts = 1000,
                                      .deadline = 3 * patience,
                                      .initial_backoff = milliseconds(10),
                                      .max_backoff = milliseconds(100)}});
        patient.connect();
        return patient.request("at last");
    });
    EXPECT_TRUE(wait_until([&] { return attempts.count >= 5; })) << "it goes on trying";
    late.go();
    EXPECT_EQ(answer.get(), "at last");
    EXPECT_EQ(connected_client(port.number()).request("another"), "another");
}

}  // namespace
