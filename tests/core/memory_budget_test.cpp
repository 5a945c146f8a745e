// SPDX-License-Identifier: Apache-2.0
#include "core/memory_budget.hpp"

#include "support/wait.hpp"
#include "support/wire.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/pipe.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <list>
#include <memory>
#include <thread>

namespace {

using namespace std::chrono_literals;
using jsocket::deadline_after;
using jsocket::MemoryAccount;
using jsocket::MemoryBudget;
using jsocket::MemoryError;
using jsocket::MemoryHold;

constexpr std::size_t mebibyte = 1024 * 1024;

/// A connection: what it holds, and whether it was cut.
struct Client {
    explicit Client(const std::shared_ptr<MemoryBudget>& budget)
        : account(budget, [this] { ++cuts; }), hold(&account) {}

    std::atomic<int> cuts{0};
    MemoryAccount account;
    MemoryHold hold;
};

class Budget : public testing::Test {
  protected:
    const std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(8 * mebibyte);
    Client small{budget};
    Client large{budget};
};

TEST_F(Budget, CountsWhatIsHeldAndGivenBack) {
    large.hold.set(mebibyte);
    small.hold.set(10'000);
    EXPECT_EQ(budget->held(), mebibyte + 10'000);
    large.hold.set(mebibyte / 2);
    EXPECT_EQ(large.account.held(), mebibyte / 2);
    large.hold.clear();
    small.hold.clear();
    EXPECT_EQ(budget->held(), 0u);
}

TEST_F(Budget, IsNotTouchedByLittle) {
    for (const std::size_t bytes : {100u, 4'096u, 0u}) small.hold.set(bytes);
    EXPECT_EQ(budget->held(), 0u);
    MemoryHold(nullptr).set(SIZE_MAX);
}

TEST_F(Budget, LetsEverybodyReadUpToTheSoftLimitAndThenThoseWithLittle) {
    large.hold.set(6 * mebibyte);
    EXPECT_TRUE(large.account.may_read());
    large.hold.set(6 * mebibyte + 10'000);
    EXPECT_FALSE(large.account.may_read());
    EXPECT_TRUE(small.account.may_read());
    EXPECT_EQ(large.cuts, 0);
}

TEST_F(Budget, StopsAllThatHoldTheSame) {
    small.hold.set(3 * mebibyte + 10'000);
    large.hold.set(3 * mebibyte + 10'000);
    EXPECT_FALSE(small.account.may_read());
    EXPECT_FALSE(large.account.may_read());
}

TEST_F(Budget, WakesWhoWaitsForRoomWhenThereIsSome) {
    large.hold.set(7 * mebibyte);
    auto waits = std::async(std::launch::async, [&] {
        return large.account.wait_for_room(deadline_after(test_support::patience),
                                           [] { return false; });
    });
    large.hold.set(mebibyte);
    EXPECT_TRUE(waits.get());
}

TEST_F(Budget, WakesWhoWaitsForRoomWhenThatIsOver) {
    large.hold.set(7 * mebibyte);
    std::atomic<bool> ended{false};
    auto waits = std::async(std::launch::async, [&] {
        return large.account.wait_for_room(jsocket::no_deadline, [&] { return ended.load(); });
    });
    ended = true;
    large.account.wake();
    EXPECT_FALSE(waits.get());
    EXPECT_FALSE(large.account.wait_for_room(deadline_after(5ms), [] { return false; }));
}

TEST_F(Budget, CutsTheLargestWhoeverGrows) {
    large.hold.set(7 * mebibyte);
    small.hold.set(2 * mebibyte);
    EXPECT_EQ(large.cuts, 1);
    EXPECT_TRUE(large.account.exceeded());
    EXPECT_EQ(small.cuts, 0);
    EXPECT_FALSE(small.account.exceeded());
    small.hold.set(3 * mebibyte);
    EXPECT_EQ(small.cuts, 0) << "what the other one holds is going to be free";
    EXPECT_EQ(large.cuts, 1) << "once is enough";
}

TEST_F(Budget, TellsWhoGrowsThatItIsCut) {
    small.hold.set(mebibyte);
    EXPECT_THROW(large.hold.set(9 * mebibyte), MemoryError);
    EXPECT_EQ(large.cuts, 1);
    EXPECT_EQ(large.account.held(), 9 * mebibyte) << "it is there until it is given back";
    EXPECT_THROW(large.hold.set(10 * mebibyte), MemoryError) << "it may not go on";
    large.hold.clear();
    EXPECT_EQ(budget->held(), mebibyte);
    EXPECT_THROW(small.hold.set(9 * mebibyte), MemoryError) << "that one's share is used up";
}

TEST_F(Budget, CutsAsManyAsAreTooMany) {
    Client third(budget);
    third.hold.set(3 * mebibyte);
    large.hold.set(4 * mebibyte);
    EXPECT_THROW(small.hold.set(12 * mebibyte), MemoryError);
    EXPECT_EQ(small.cuts, 1);
    EXPECT_EQ(large.cuts + third.cuts, 0);
    Client fourth(budget);
    fourth.hold.set(3 * mebibyte);
    EXPECT_EQ(large.cuts, 1);
    EXPECT_EQ(third.cuts, 0);
}

/// What they hold may be slow to come back: it must not grow without end.
TEST_F(Budget, LeavesRoomForLittleMoreThanTwiceItselfWithThoseThatWereCut) {
    std::list<Client> others;
    for (int i = 0; i < 4; ++i) others.emplace_back(budget).hold.set(5 * mebibyte);
    EXPECT_EQ(budget->held(), 20 * mebibyte);
    Client last(budget);
    EXPECT_THROW(last.hold.set(5 * mebibyte), MemoryError);
    last.hold.clear();
    others.front().hold.clear();
    small.hold.set(5 * mebibyte);
    EXPECT_EQ(small.cuts, 0) << "there is room again";
}

/// Its connection is being destroyed, and what it holds is yet to be given back.
TEST_F(Budget, CutsNobodyWhoHasRetired) {
    large.hold.set(5 * mebibyte);
    large.account.retire();
    EXPECT_THROW(small.hold.set(4 * mebibyte), MemoryError);
    EXPECT_EQ(large.cuts, 0);
    EXPECT_EQ(small.cuts, 1);
    large.hold.clear();
    EXPECT_EQ(budget->held(), 4 * mebibyte);
}

TEST_F(Budget, HasRoomAgainOnceWhoWasCutIsGone) {
    {
        Client huge(budget);
        EXPECT_THROW(huge.hold.set(20 * mebibyte), MemoryError);
    }
    EXPECT_EQ(budget->held(), 0u);
    large.hold.set(7 * mebibyte);
    EXPECT_EQ(large.cuts, 0);
    EXPECT_THROW(large.hold.set(9 * mebibyte), MemoryError);
}

/// A connection that holds most of a budget that is used up to its soft limit.
class Reading : public Budget {
  protected:
    Reading() {
        large.hold.set(3 * mebibyte / 2);
        small.hold.set(3 * mebibyte / 2);
        write(frame.substr(0, 100'000));
        EXPECT_EQ(socket.receive(deadline_after(1ms)), std::nullopt);
        own.set(7 * mebibyte / 2);
    }

    void write(std::string_view bytes) { far->write_all(bytes, test_support::patience); }

    const std::string text = '"' + std::string(300'000, 'x') + '"';
    const std::string frame = test_support::prefix_frame(text);
    std::unique_ptr<jsocket::Stream> far;
    MemoryAccount account{budget, [] {}};
    MemoryHold own{&account};
    jsocket::JsonSocket socket{[this] {
                                   auto [near, other] = jsocket::testing::pipe(1 << 20);
                                   far = std::move(other);
                                   return std::move(near);
                               }(),
                               {.recv_timeout = 1h, .message_deadline = 60ms},
                               &account};
};

TEST_F(Reading, GoesOnWhenThereIsRoom) {
    write(frame.substr(100'000));
    EXPECT_EQ(socket.receive(deadline_after(5ms)), std::nullopt) << "it must not be read";
    large.hold.clear();
    EXPECT_EQ(socket.receive(deadline_after(test_support::patience)), text);
}

TEST_F(Reading, EndsIfThereIsNoRoomForAsLongAsAMessageMayTake) {
    write(frame.substr(100'000));
    EXPECT_THROW(socket.receive(jsocket::no_deadline), MemoryError);
    EXPECT_FALSE(socket.connected());
}

TEST_F(Reading, EndsAtOnceWhenItIsInterrupted) {
    auto receives = std::async(std::launch::async, [&] {
        EXPECT_THROW(socket.receive(jsocket::no_deadline), jsocket::ConnectionClosed);
    });
    socket.interrupt();
    receives.get();
}

TEST(DefaultMemoryBudget, IsAPartOfTheMachinesMemory) {
    EXPECT_GE(jsocket::default_memory_budget(), mebibyte);
    EXPECT_LE(jsocket::default_memory_budget(), std::size_t{1} << 46);
}

}  // namespace
