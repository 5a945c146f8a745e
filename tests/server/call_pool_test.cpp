// SPDX-License-Identifier: Apache-2.0
#include "server/call_pool.hpp"

#include "support/wait.hpp"

#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <latch>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <system_error>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> threads_fail{false};

}  // namespace

/// In place of the C library's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) noexcept {
    if (threads_fail) return EAGAIN;
    static const auto create =
        reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
    return create(thread, attributes, run, argument);
}

namespace {

using jsocket::CallPool;
using test_support::wait_until;

constexpr std::size_t stack_size = 256 * 1024;

/// Lanes of a pool, with jobs that run until they are told to end.
class Calls : public testing::Test {
  protected:
    /// One connection.
    struct Client {
        explicit Client(CallPool& pool) : lane(pool.open(stack_size, 1'000)) {}

        void call() {
            lane->run([this] {
                ++running;
                may_end.acquire();
                --running;
            });
        }
        void end(int count) { may_end.release(count); }
        bool runs(int count) const {
            return wait_until([&] { return running == count; });
        }

        std::shared_ptr<CallPool::Lane> lane;
        std::atomic<int> running{0};
        std::counting_semaphore<> may_end{0};
    };

    void TearDown() override {
        for (Client* const client : {&first, &second, &third}) {
            client->end(1'000);
            client->lane->finish();
        }
        pool->finish();
    }

    const std::shared_ptr<CallPool> pool = std::make_shared<CallPool>(8, stack_size);
    Client first{*pool};
    Client second{*pool};
    Client third{*pool};
};

TEST_F(Calls, OfOneClientLeaveHalfOfTheSharedThreadsToOthers) {
    for (int i = 0; i < 100; ++i) first.call();
    EXPECT_TRUE(first.runs(1 + 4));
    for (int i = 0; i < 100; ++i) second.call();
    EXPECT_TRUE(second.runs(1 + 2));
    third.call();
    EXPECT_TRUE(third.runs(1)) << "a new client has a thread at once";
    EXPECT_TRUE(first.runs(1 + 4));
}

TEST_F(Calls, OfEachClientHaveAThreadWhoeverHasTheOthers) {
    std::vector<std::unique_ptr<Client>> greedy;
    for (int i = 0; i < 20; ++i) {
        greedy.push_back(std::make_unique<Client>(*pool));
        for (int call = 0; call < 10; ++call) greedy.back()->call();
    }
    for (const auto& client : greedy) EXPECT_TRUE(wait_until([&] { return client->running > 0; }));
    const auto running = [&] {
        int sum = 0;
        for (const auto& client : greedy) sum += client->running;
        return sum;
    };
    EXPECT_TRUE(wait_until([&] { return running() == 20 + 8; })) << running();
    first.call();
    EXPECT_TRUE(first.runs(1));
    for (const auto& client : greedy) {
        client->end(1'000);
        client->lane->finish();
    }
}

TEST_F(Calls, OfEachClientHaveAThreadWhenAllBeginAtOnce) {
    constexpr int clients = 40;
    std::vector<std::unique_ptr<Client>> greedy;
    for (int i = 0; i < clients; ++i) greedy.push_back(std::make_unique<Client>(*pool));
    std::latch begun(clients);
    std::vector<std::jthread> callers;
    for (const auto& client : greedy) {
        callers.emplace_back([&begun, &client] {
            begun.arrive_and_wait();
            for (int call = 0; call < 8; ++call) client->call();
        });
    }
    callers.clear();
    for (const auto& client : greedy) {
        EXPECT_TRUE(wait_until([&] { return client->running > 0; }));
    }
    for (const auto& client : greedy) {
        client->end(1'000);
        client->lane->finish();
    }
}

TEST_F(Calls, ThatWaitStartWhenOthersEnd) {
    for (int i = 0; i < 12; ++i) first.call();
    EXPECT_TRUE(first.runs(5));
    first.end(9);
    EXPECT_TRUE(first.runs(3)) << "the last of those that waited";
}

TEST_F(Calls, GiveTheirThreadsToWhoHasFewest) {
    for (int i = 0; i < 100; ++i) first.call();
    ASSERT_TRUE(first.runs(5));
    for (int i = 0; i < 100; ++i) second.call();
    ASSERT_TRUE(second.runs(3));
    first.end(2);
    EXPECT_TRUE(wait_until([&] { return first.running == 4 && second.running == 4; }));
}

/// A thread that has made one call is not to be passed over because it has yet to wait for the
/// next.
TEST_F(Calls, TakeNoMoreThreadsThanMayRun) {
    static std::atomic<int> threads{0};
    static std::atomic<int> most{0};
    struct Counted {
        Counted() {
            const int now = ++threads;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
        }
        ~Counted() { --threads; }
    };
    most = 0;
    constexpr int calls = 20'000;
    std::atomic<int> made{0};
    for (int i = 0; i < calls; ++i) {
        for (Client* const client : {&first, &second, &third}) {
            client->lane->run([&] {
                static thread_local const Counted counted;
                ++made;
            });
        }
    }
    EXPECT_TRUE(wait_until([&] { return made == 3 * calls; }));
    EXPECT_LE(most, 3 + 8 + 1) << "one each, those that all share, and one that looks for work";
}

TEST_F(Calls, OfAClientStartInTheirOrder) {
    std::mutex mutex;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i) first.call();
    ASSERT_TRUE(first.runs(5));
    for (int i = 0; i < 20; ++i) {
        first.lane->run([&, i] {
            const std::scoped_lock lock(mutex);
            order.push_back(i);
        });
    }
    first.end(1);  // one thread for all of them
    EXPECT_TRUE(wait_until([&] {
        const std::scoped_lock lock(mutex);
        return order.size() == 20;
    }));
    const std::scoped_lock lock(mutex);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(Calls, OfAClientWithABacklogWait) {
    first.lane->add_backlog(1'001);
    first.call();
    second.call();
    EXPECT_TRUE(second.runs(1));
    EXPECT_EQ(first.running, 0);
    first.lane->remove_backlog(1);
    EXPECT_TRUE(first.runs(1));
}

TEST_F(Calls, GoOnAfterAThreadThatCouldNotBeStarted) {
    first.lane->add_backlog(2'000);
    first.call();
    threads_fail = true;
    first.lane->remove_backlog(2'000);
    threads_fail = false;
    first.call();
    EXPECT_TRUE(first.runs(2));
}

TEST_F(Calls, ThatCannotBeStartedAreRefused) {
    threads_fail = true;
    EXPECT_THROW(first.call(), std::system_error);
    threads_fail = false;
    first.call();
    EXPECT_TRUE(first.runs(1));
}

TEST_F(Calls, ThatHaveNotBegunRunWhereTheClientEnds) {
    for (int i = 0; i < 10; ++i) first.call();
    ASSERT_TRUE(first.runs(5));
    std::atomic<bool> ran{false};
    first.lane->run([&] { ran = true; });
    first.end(1'000);
    first.lane->finish();
    EXPECT_TRUE(ran);
    EXPECT_EQ(first.running, 0);
}

TEST_F(Calls, NeedTheStackThatThreadsWereStartedWith) {
    EXPECT_NO_THROW(pool->open(2 * stack_size, 0)->finish());
    first.call();
    ASSERT_TRUE(first.runs(1));
    EXPECT_NO_THROW(pool->open(2 * stack_size, 0)->finish());
    EXPECT_THROW(pool->open(3 * stack_size, 0), jsocket::UsageError);
}

}  // namespace
