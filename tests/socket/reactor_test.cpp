// SPDX-License-Identifier: Apache-2.0
#include "socket/reactor.hpp"

#include "support/address.hpp"
#include "support/descriptors.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::deadline_after;
using jsocket::no_deadline;
using jsocket::Reactor;

constexpr std::size_t stack_size = 512 * 1024;

/// Two ends of a connection, one of which is full.
class ReactorTest : public testing::Test {
  protected:
    ReactorTest() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw_errno("socketpair");
        }
        near = FileDescriptor(ends[0]);
        far = FileDescriptor(ends[1]);
        fill();
    }

    void fill() const {
        const std::string bytes(64 * 1024, 'x');
        while (::send(near.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
    }

    void make_room() const {
        std::array<char, 64 * 1024> space{};
        while (::recv(far.get(), space.data(), space.size(), MSG_DONTWAIT) > 0) {
        }
    }

    bool called(int times = 1) {
        return wait_until([&] { return calls == times; });
    }

    FileDescriptor near;
    FileDescriptor far;
    Reactor reactor{stack_size};
    std::atomic<int> calls{0};
};

TEST_F(ReactorTest, CallsOnceThereIsRoom) {
    Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
    EXPECT_FALSE(watch.waiting());
    for (int i = 1; i <= 3; ++i) {
        watch.wait(no_deadline);
        EXPECT_TRUE(watch.waiting());
        EXPECT_EQ(calls, i - 1);
        make_room();
        ASSERT_TRUE(called(i));
        EXPECT_FALSE(watch.waiting());
        fill();
    }
}

TEST_F(ReactorTest, CallsAtTheDeadline) {
    Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
    const Stopwatch stopwatch;
    watch.wait(deadline_after(20ms));
    ASSERT_TRUE(called());
    EXPECT_GE(stopwatch.elapsed(), 20ms);
    watch.wait(deadline_after(-1s));
    EXPECT_TRUE(called(2)) << "a deadline that has passed";
}

TEST_F(ReactorTest, CallsWhenTheConnectionIsAtAnEnd) {
    Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
    watch.wait(no_deadline);
    ::shutdown(near.get(), SHUT_RDWR);
    ASSERT_TRUE(called());
    watch.wait(no_deadline);
    EXPECT_TRUE(called(2)) << "it is still";
}

TEST_F(ReactorTest, CallsOnceForTheLatestWait) {
    Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
    watch.wait(deadline_after(1ms));
    watch.wait(no_deadline);
    watch.wait(no_deadline);
    make_room();
    ASSERT_TRUE(called());
    fill();
    watch.wait(deadline_after(10ms));
    EXPECT_TRUE(called(2)) << "and not for those before";
}

TEST_F(ReactorTest, DoesNotCallAfterCancel) {
    Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
    watch.wait(deadline_after(patience));
    watch.cancel();
    EXPECT_FALSE(watch.waiting());
    make_room();
    Reactor::Watch other(reactor, far.get(), [this] { calls += 10; });
    other.wait(no_deadline);
    EXPECT_TRUE(called(10)) << "the thread had the chance to call the other one, too";
}

TEST_F(ReactorTest, MayStartTheNextWaitInACall) {
    Reactor::Watch* self = nullptr;
    Reactor::Watch watch(reactor, near.get(), [&] {
        if (++calls < 5) self->wait(deadline_after(1ms));
    });
    self = &watch;
    watch.wait(deadline_after(1ms));
    EXPECT_TRUE(called(5));
}

TEST_F(ReactorTest, AWatchIsDestroyedAfterItsCallAndMayBeDestroyedByIt) {
    std::atomic<bool> inside{false};
    std::atomic<bool> over{false};
    auto watch = std::make_unique<Reactor::Watch>(reactor, near.get(), [&] {
        inside = true;
        std::this_thread::yield();
        over = true;
    });
    watch->wait(deadline_after(1ms));
    ASSERT_TRUE(wait_until([&] { return inside.load(); }));
    watch.reset();
    EXPECT_TRUE(over);

    watch = std::make_unique<Reactor::Watch>(reactor, near.get(), [&] {
        watch.reset();
        ++calls;
    });
    watch->wait(deadline_after(1ms));
    EXPECT_TRUE(called());
}

TEST_F(ReactorTest, LeavesTheDescriptorOpenAndBlocking) {
    {
        Reactor::Watch watch(reactor, near.get(), [this] { ++calls; });
        watch.wait(no_deadline);
        make_room();
        ASSERT_TRUE(called());
        EXPECT_EQ(::fcntl(near.get(), F_GETFL) & O_NONBLOCK, 0) << "after a wait";
        fill();
        watch.wait(no_deadline);
    }
    EXPECT_EQ(::fcntl(near.get(), F_GETFL) & O_NONBLOCK, 0) << "after the watch";
    make_room();
    EXPECT_EQ(::send(near.get(), "x", 1, MSG_DONTWAIT), 1);
}

TEST_F(ReactorTest, CostsNothingBeforeItIsUsedAndAfterItIsStopped) {
    const auto before = open_descriptors();
    {
        Reactor idle(stack_size);
        EXPECT_EQ(open_descriptors(), before);
        Reactor::Watch watch(idle, near.get(), [] {});
        watch.wait(no_deadline);
        EXPECT_GT(open_descriptors().size(), before.size());
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ReactorTest, RefusesToWatchOnceStoppedAndCallsNobody) {
    Reactor::Watch early(reactor, near.get(), [this] { ++calls; });
    early.wait(no_deadline);
    reactor.stop();
    reactor.stop();
    make_room();
    early.wait(deadline_after(1ms));
    EXPECT_THROW(Reactor::Watch(reactor, near.get(), [] {}), std::system_error);
    EXPECT_EQ(calls, 0);
}

}  // namespace
