// SPDX-License-Identifier: Apache-2.0
#include "scenarios/rounds.hpp"
#include "server/scripted.hpp"
#include "support/log_capture.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <pthread.h>

namespace {

std::atomic<int> threads_to_fail{0};

}  // namespace

/// In place of the C library's; fails as often as a test says.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
    if (threads_to_fail > 0) {
        --threads_to_fail;
        return EAGAIN;
    }
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    return create(thread, attributes, run, argument);
}

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerOptions;
using testing::HasSubstr;

TEST(NoThreadLeft, CostsThatClientItsConnectionAndTheServerGoesOn) {
    constexpr int too_many = 5;
    const LogCapture log;
    Running<Factory::Server> server;
    jsocket::JsonClient early = connected_client(server.port());
    EXPECT_EQ(early.request(1), 1);
    for (int i = 1; i <= too_many; ++i) {
        threads_to_fail = 1;
        EXPECT_TRUE(RawPeer::connect(server.port()).closed_by_peer());
        EXPECT_EQ(threads_to_fail, 0);
        EXPECT_EQ(early.request(i), i) << "those who are served notice nothing";
        EXPECT_EQ(server.client_stats().refused_connections, std::uint64_t(i));
    }
    EXPECT_EQ(server.active(), 1u);
    EXPECT_EQ(connected_client(server.port()).request(2), 2) << "as soon as there is a thread";
    ASSERT_FALSE(log.warnings().empty());
    EXPECT_THAT(log.warnings()[0].text, HasSubstr("cannot start a thread"));
}

TEST(NoThreadLeft, NowAndThenEveryClientIsServedOrCountedAsRefused) {
    Random random(39);
    Running<Factory::Server> server;
    std::vector<RawPeer> served;
    std::uint64_t refused = 0;
    for (int i = 0; i < 100; ++i) {
        const bool fail = pick(random, 4) == 0;
        if (fail) threads_to_fail = 1;
        RawPeer client = RawPeer::connect(server.port());
        if (fail) {
            EXPECT_TRUE(client.closed_by_peer());
            ++refused;
        } else {
            client.send(prefix_frame("1"));
            EXPECT_EQ(client.receive_prefix_frame(), "1");
            served.push_back(std::move(client));
        }
    }
    EXPECT_EQ(server.client_stats().refused_connections, refused);
    EXPECT_EQ(server.active(), served.size());
}

template <typename Kind>
class Threads : public testing::Test {};
TYPED_TEST_SUITE(Threads, BothKinds, KindNames);

TYPED_TEST(Threads, OfWhichNoneIsLeftMakeStartThrowAndItMayBeTriedAgain) {
    typename TypeParam::Server server;
    threads_to_fail = 1;
    EXPECT_THROW(server.start(), jsocket::Error);
    EXPECT_FALSE(server.running());
    server.join();
    server.start();
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
    server.stop();
    server.join();
}

/// Documented with MessageHandler: a hook must not end its thread.
TYPED_TEST(Threads, EndedOrCancelledInAHookEndTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const std::pair<const char*, std::function<void()>> ways[] = {
        {"pthread_exit", [] { ::pthread_exit(nullptr); }},
        {"pthread_cancel",
         [] {
             ::pthread_cancel(::pthread_self());
             ::pthread_testcancel();
         }},
    };
    for (const auto& [name, end_thread] : ways) {
        SCOPED_TRACE(name);
        EXPECT_DEATH(
            {
                Hooks<typename TypeParam::Handler> hooks;
                hooks.message = [&](auto&, json& message) -> std::optional<json> {
                    end_thread();
                    return message;
                };
                const Running<typename TypeParam::Server> server(ServerOptions{}, hooks);
                connected_client(server.port()).request(1);
            },
            testing::ContainsRegex("FATAL: exception not rethrown|terminate called"));
    }
}

}  // namespace
