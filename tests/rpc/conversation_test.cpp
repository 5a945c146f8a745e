// SPDX-License-Identifier: Apache-2.0
#include "rpc/conversation.hpp"

#include "rpc/rpc_fixture.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

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
    return {.send = [](const json&) {},
            .connection = {
                .reply = [](const std::string&, const std::function<void()>& sent) { sent(); },
                .give_up = [] {},
                .go_on = [] { return true; },
                .limits = {}},
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

/// Calls of a method whose replies are big, over a link that nobody reads until it is opened.
class RpcRepliesUnsent : public ::testing::Test {
  protected:
    RpcRepliesUnsent() {
        bind(std::string(20'000, 'x'));
        Link link = link_to_nobody();
        link.connection.reply = [this](const std::string&, std::function<void()> sent) {
            const std::scoped_lock lock(mutex);
            unsent.push_back(std::move(sent));
            ++replies;
        };
        conversation = std::make_shared<Conversation>(methods, std::move(link));
        conversation->begin();
    }
    ~RpcRepliesUnsent() override {
        open();
        conversation->end(nullptr, true);
    }

    /// All replies leave.
    void open() {
        std::vector<std::function<void()>> left;
        {
            const std::scoped_lock lock(mutex);
            left.swap(unsent);
        }
        for (const auto& sent : left) sent();
    }

    /// The method ends after take() does, so that it is not that which has the reply.
    void bind(const std::string& result) {
        methods.bind("big", [this, result] {
            may_end.acquire();
            return result;
        });
    }

    /// Waits for its reply to be there. Was it taken?
    bool call() {
        json request = json{{"jsonrpc", "2.0"}, {"method", "big"}, {"id", ++last_id}};
        if (const auto refusal = conversation->take(request, 50)) {
            EXPECT_NE(refusal->find("Too many calls in flight"), std::string::npos) << *refusal;
            return false;
        }
        ++taken;
        may_end.release();
        EXPECT_TRUE(wait_until([&] { return replies == taken; }));
        return true;
    }

    Dispatcher methods{{.max_calls_in_flight = 4, .max_bytes_in_flight = 50'000}};
    std::shared_ptr<Conversation> conversation;
    std::atomic<int> replies{0};
    std::counting_semaphore<> may_end{0};
    int taken = 0;
    int last_id = 0;
    std::mutex mutex;
    std::vector<std::function<void()>> unsent;
};

TEST_F(RpcRepliesUnsent, CountInTheBytesInFlight) {
    EXPECT_TRUE(call());
    EXPECT_TRUE(call());
    EXPECT_TRUE(call()) << "40 kB are not too many";
    EXPECT_FALSE(call()) << "60 kB are";
    open();
    EXPECT_TRUE(call());
}

TEST_F(RpcRepliesUnsent, AreAtMostAsManyAsMayBeInFlight) {
    methods = Dispatcher({.max_calls_in_flight = 4});
    bind("");
    Link link = conversation->link();
    conversation->end(nullptr, true);
    conversation = std::make_shared<Conversation>(methods, std::move(link));
    conversation->begin();
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(call()) << i;
    EXPECT_FALSE(call()) << "they hold no threads, but memory";
}

/// What is sent over a link, in order, by method. Sending `held` takes until `opened`.
class SlowLink {
  public:
    explicit SlowLink(std::string held) : held_(std::move(held)) {}

    Link link() {
        Link link = link_to_nobody();
        link.send = [this](const json& message) {
            const auto method = message.at("method").get<std::string>();
            if (method == held_) {
                reached.set();
                opened.wait();
                if (broken) throw ConnectionError("the link is broken");
            }
            const std::scoped_lock lock(mutex_);
            sent_.push_back(method);
            if (method == "rpc.cancel") sent_.push_back(cancelled(message));
            ids_[method] = message.value("id", json());
        };
        return link;
    }

    std::vector<std::string> sent() const {
        const std::scoped_lock lock(mutex_);
        return sent_;
    }

    Event reached;
    Event opened;
    std::atomic<bool> broken{false};  // sending `held` fails then

  private:
    /// The method of the call.
    std::string cancelled(const json& cancellation) const {
        for (const auto& [method, id] : ids_) {
            if (id == cancellation.at("params").at("id")) return method;
        }
        return "nothing that was sent";
    }

    const std::string held_;
    mutable std::mutex mutex_;
    std::vector<std::string> sent_;
    std::map<std::string, json> ids_;
};

/// Makes a call that is cancelled as it times out. Time-outs come in the order of their deadlines,
/// and so do cancellations: what was due before has had its turn.
void let_time_out(Conversation& conversation, const SlowLink& link, std::string_view method) {
    const std::size_t before = link.sent().size();
    conversation.start(method, nullptr, {.timeout = 2ms}, [](json*, const std::exception_ptr&) {});
    EXPECT_TRUE(wait_until([&] { return link.sent().size() == before + 3; }));
}

/// Over there it would be for a call that is not known.
TEST(RpcConversation, CancelsNoCallThatHasNotBeenSent) {
    SlowLink link("slow");
    const auto conversation = std::make_shared<Conversation>(Dispatcher(), link.link());
    conversation->begin();
    Event timed_out;
    std::thread slow([&] {
        conversation->start("slow", nullptr, {.timeout = 1ms},
                            [&](json*, const std::exception_ptr&) { timed_out.set(); });
    });
    EXPECT_TRUE(link.reached.wait());
    let_time_out(*conversation, link, "quick");
    link.opened.set();
    slow.join();
    EXPECT_TRUE(timed_out.wait());
    EXPECT_TRUE(wait_until([&] { return link.sent().size() == 6; }));
    EXPECT_EQ(link.sent(), (std::vector<std::string>{"quick", "rpc.cancel", "quick",  //
                                                     "slow", "rpc.cancel", "slow"}));
    conversation->end(nullptr, true);
}

TEST(RpcConversation, HasOneOutcomeForACallThatIsOverdueAndCannotBeSent) {
    SlowLink link("slow");
    link.broken = true;
    const auto conversation = std::make_shared<Conversation>(Dispatcher(), link.link());
    conversation->begin();
    std::atomic<int> completed{0};
    const auto complete = [&](json*, const std::exception_ptr&) { ++completed; };
    std::thread slow([&] {
        EXPECT_THROW(conversation->start("slow", nullptr, {.timeout = 1ms}, complete),
                     ConnectionError);
    });
    EXPECT_TRUE(link.reached.wait());
    let_time_out(*conversation, link, "quick");
    link.opened.set();
    slow.join();
    let_time_out(*conversation, link, "last");
    EXPECT_EQ(link.sent(), (std::vector<std::string>{"quick", "rpc.cancel", "quick",  //
                                                     "last", "rpc.cancel", "last"}));
    conversation->end(nullptr, true);
    EXPECT_EQ(completed, 0);
}

}  // namespace
}  // namespace jsocket::rpc
