// SPDX-License-Identifier: Apache-2.0
#include "rpc/conversation.hpp"

#include "rpc/rpc_fixture.hpp"

#include <atomic>
#include <memory>
#include <pthread.h>
#include <thread>

namespace {

/// Where the next thread that wakes up one other is held.
struct Gate {
    jsocket::rpc::Event reached;
    jsocket::rpc::Event opened;
};

std::atomic<Gate*> gate{nullptr};

}  // namespace

/// Waking up all is right as well, and needs no look-up of the function that this one hides.
extern "C" int pthread_cond_signal(pthread_cond_t* condition) noexcept {
    if (Gate* const here = gate.exchange(nullptr)) {
        here->reached.set();
        here->opened.wait();
    }
    return pthread_cond_broadcast(condition);
}

namespace jsocket::rpc {
namespace {

Link link_to_nobody() {
    const auto send = [](const json&) {};
    return {
        .send = send,
        .connection = {.reply = send, .give_up = [] {}, .go_on = [] { return true; }, .limits = {}},
        .address = "nobody"};
}

TEST(RpcConversation, IsNotDestroyedByItsTimer) {
    Gate slot_given_back;
    Event both_begun;
    Event destroyed;
    const std::thread::id here = std::this_thread::get_id();
    std::thread::id destroyed_by;
    std::shared_ptr<Conversation> conversation(
        new Conversation(Dispatcher(), link_to_nobody()), [&](Conversation* last) {
            destroyed_by = std::this_thread::get_id();
            slot_given_back.opened.set();
            if (destroyed_by == here) delete last;  // the timer's thread would wait for itself
            destroyed.set();
        });
    const auto start = [&](const Conversation::Completion& completion) {
        conversation->start("m", nullptr, {.timeout = 1ms}, completion);
    };
    conversation->begin();
    start([&](json*, const std::exception_ptr&) { both_begun.wait(); });
    start([](json*, const std::exception_ptr&) {});
    gate = &slot_given_back;
    both_begun.set();
    ASSERT_TRUE(slot_given_back.reached.wait());
    conversation.reset();
    slot_given_back.opened.set();
    ASSERT_TRUE(destroyed.wait());
    EXPECT_EQ(destroyed_by, here);
}

/// The system gives the id of a thread that has ended to another one.
TEST(RpcConversation, KnowsNoReaderUntilTheNextOneReads) {
    const auto conversation = std::make_shared<Conversation>(Dispatcher(), link_to_nobody());
    conversation->begin();
    conversation->read_here();
    EXPECT_THROW(conversation->require_other_thread(), UsageError);
    conversation->end(nullptr, true);
    EXPECT_NO_THROW(conversation->require_other_thread());
    conversation->begin();
    EXPECT_NO_THROW(conversation->require_other_thread());
    conversation->end(nullptr, true);
}

}  // namespace
}  // namespace jsocket::rpc
