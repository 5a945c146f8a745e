// SPDX-License-Identifier: Apache-2.0
#include "server/slots.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace {

using jsocket::Slots;
using Refusal = Slots::Refusal;

/// Slots of clients that came one after another.
class Clients {
  public:
    explicit Clients(Slots& slots) : slots_(slots) {}

    Refusal come(const std::string& host) {
        Slots::Slot slot;
        const Refusal refusal = slots_.take(host, slot);
        EXPECT_EQ(slot.empty(), refusal != Refusal::none);
        if (refusal == Refusal::none) taken_.push_back(std::move(slot));
        return refusal;
    }
    void last_leaves() { taken_.pop_back(); }

  private:
    Slots& slots_;
    std::vector<Slots::Slot> taken_;
};

TEST(Slots, AreCountedInAll) {
    Slots slots(2, 0);
    Clients clients(slots);
    EXPECT_EQ(clients.come("a"), Refusal::none);
    EXPECT_EQ(clients.come(""), Refusal::none);
    EXPECT_EQ(clients.come("a"), Refusal::all_taken);
    EXPECT_EQ(slots.taken(), 2u);
    clients.last_leaves();
    EXPECT_EQ(clients.come("a"), Refusal::none);
    EXPECT_EQ(clients.come("a"), Refusal::all_taken);
    EXPECT_EQ(slots.hosts(), 0u) << "nobody has asked to count hosts";
}

TEST(Slots, AreCountedForEachHost) {
    Slots slots(5, 2);
    Clients clients(slots);
    EXPECT_EQ(clients.come("a"), Refusal::none);
    EXPECT_EQ(clients.come("a"), Refusal::none);
    EXPECT_EQ(clients.come("a"), Refusal::all_of_host_taken);
    EXPECT_EQ(slots.taken(), 2u) << "a refused client takes no slot";
    EXPECT_EQ(clients.come("b"), Refusal::none);
    EXPECT_EQ(slots.hosts(), 2u);
    clients.last_leaves();
    EXPECT_EQ(slots.hosts(), 1u) << "a host without clients is forgotten";
    clients.last_leaves();
    EXPECT_EQ(clients.come("a"), Refusal::none);
    EXPECT_EQ(clients.come("a"), Refusal::all_of_host_taken);
}

TEST(Slots, OfNoHostAreLimitedInAllOnly) {
    Slots slots(4, 1);
    Clients clients(slots);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(clients.come(""), Refusal::none);
    EXPECT_EQ(clients.come(""), Refusal::all_taken);
    EXPECT_EQ(slots.hosts(), 0u);
}

TEST(Slots, ForgetARefusedHostWithoutClients) {
    Slots slots(1, 1);
    Clients clients(slots);
    EXPECT_EQ(clients.come("a"), Refusal::none);
    for (const char* host : {"b", "c", "d"}) EXPECT_EQ(clients.come(host), Refusal::all_taken);
    EXPECT_EQ(slots.hosts(), 1u);
}

TEST(Slot, IsGivenBackOnce) {
    Slots slots(3, 3);
    Slots::Slot first;
    Slots::Slot second;
    slots.take("a", first);
    slots.take("a", second);
    Slots::Slot moved(std::move(first));
    first.give_back();  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(slots.taken(), 2u);
    moved.give_back();
    moved.give_back();
    EXPECT_TRUE(moved.empty());
    EXPECT_EQ(slots.taken(), 1u);
    EXPECT_EQ(slots.hosts(), 1u);
}

TEST(Slot, SaysThatItsClientIsGone) {
    Slots slots(1, 1);
    Slots::Slot slot;
    slots.take("a", slot);
    std::atomic<bool> gone{false};
    slot.give_back(gone);
    EXPECT_TRUE(gone);
    EXPECT_EQ(slots.taken(), 0u);
    gone = false;
    slot.give_back(gone);
    EXPECT_TRUE(gone) << "also without a slot";
    EXPECT_EQ(slots.taken(), 0u);
}

TEST(Slot, IsFreeForWhoeverSeesThatItsClientIsGone) {
    Slots slots(1, 1);
    for (int i = 0; i < 200; ++i) {
        Slots::Slot slot;
        ASSERT_EQ(slots.take("a", slot), Refusal::none);
        std::atomic<bool> gone{false};
        std::thread leaving([&] { slot.give_back(gone); });
        while (!gone) std::this_thread::yield();
        Slots::Slot next;
        EXPECT_EQ(slots.take("a", next), Refusal::none);
        leaving.join();
    }
}

TEST(Slot, IsNotHadBeforeItsClientIsGone) {
    Slots slots(1, 1);
    for (int i = 0; i < 200; ++i) {
        Slots::Slot slot;
        ASSERT_EQ(slots.take("a", slot), Refusal::none);
        std::atomic<bool> gone{false};
        std::thread leaving([&] { slot.give_back(gone); });
        Slots::Slot next;
        while (slots.take("a", next) != Refusal::none) std::this_thread::yield();
        EXPECT_TRUE(gone);
        leaving.join();
    }
}

TEST(Slots, AddUpWhenManyThreadsTakeThem) {
    Slots slots(3, 2);
    std::vector<std::thread> threads;
    for (const char* host : {"a", "a", "a", "b"}) {
        threads.emplace_back([&slots, host] {
            for (int i = 0; i < 1000; ++i) {
                Slots::Slot slot;
                slots.take(host, slot);
                EXPECT_LE(slots.taken(), 3u);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(slots.taken(), 0u);
    EXPECT_EQ(slots.hosts(), 0u);
}

}  // namespace
