// SPDX-License-Identifier: Apache-2.0
#include "socket/json_socket_fixture.hpp"

#include <future>
#include <map>
#include <thread>
#include <vector>

/// Calls from several threads at once.
namespace {

using namespace socket_tests;
using jsocket::ConnectionClosed;

class JsonSocketThreads : public SocketFixture {
  protected:
    /// A receive() in another thread; it is waiting, or about to, when this returns.
    std::future<void> waiting_receive() {
        auto begun = std::make_shared<std::promise<void>>();
        auto result = std::async(std::launch::async, [this, begun] {
            begun->set_value();
            socket->receive(jsocket::no_deadline);
        });
        begun->get_future().wait();
        result.wait_for(5ms);
        return result;
    }
};

TEST_F(JsonSocketThreads, MessagesSentFromManyThreadsNeverInterleave) {
    constexpr int senders = 4;
    constexpr int each = 100;
    for (const Framing framing : all_framings) {
        open({.framing = framing}, 1000);
        std::vector<std::thread> threads;
        for (int sender = 0; sender < senders; ++sender) {
            threads.emplace_back([&, sender] {
                for (int number = 0; number < each; ++number) {
                    const json message = {{"sender", sender},
                                          {"number", number},
                                          {"text", std::string(number * 17 % 3000, 'x')}};
                    if (number % 3 == 0) socket->send_obj(message);
                    if (number % 3 == 1) socket->send_payload(message.dump());
                    if (number % 3 == 2) socket->queue_payload(message.dump());
                }
                socket->flush();
            });
        }
        jsocket::JsonSocket there(std::move(far), {.framing = framing});
        std::map<int, int> next;
        for (int i = 0; i < senders * each; ++i) {
            const json message = jsocket::parse(receive(there).value());
            ASSERT_EQ(message["number"], next[message["sender"]]++);
        }
        for (std::thread& thread : threads) thread.join();
    }
}

TEST_F(JsonSocketThreads, OneThreadReceivesWhileOthersSend) {
    open({}, 100);
    auto echo = std::async(std::launch::async, [this] {
        for (auto part = read_now(*far, deadline_after(patience)); part && !part->empty();
             part = read_now(*far, deadline_after(patience))) {
            write(*part);
        }
    });
    auto sending = std::async(std::launch::async, [this] {
        for (int i = 0; i < 500; ++i) socket->send_obj(i);
    });
    for (int i = 0; i < 500; ++i) ASSERT_EQ(receive(*socket), std::to_string(i));
    sending.get();
    socket->close();
}

TEST_F(JsonSocketThreads, InterruptEndsAReceiveThatWaits) {
    auto receiving = waiting_receive();
    socket->interrupt();
    EXPECT_THROW(receiving.get(), ConnectionClosed);
    EXPECT_THROW(receive(*socket), ConnectionClosed);
}

TEST_F(JsonSocketThreads, InterruptEndsReceivingEvenIfMessagesAreThere) {
    write(prefix_frame("1") + prefix_frame("2"));
    EXPECT_EQ(receive(*socket), "1");
    socket->interrupt();
    EXPECT_THROW(receive(*socket), ConnectionClosed);
}

TEST_F(JsonSocketThreads, InterruptLeavesSendingAsItWas) {
    socket->interrupt();
    socket->send_payload("1");
    EXPECT_EQ(read_now(*far), prefix_frame("1"));
    EXPECT_THROW(receive(*socket), ConnectionClosed);
    socket->send_payload("2");
    EXPECT_EQ(read_now(*far), prefix_frame("2"));
}

TEST_F(JsonSocketThreads, InterruptEndsLingering) {
    auto finishing = std::async(std::launch::async, [this] { socket->finish(patience); });
    Stopwatch watch;
    EXPECT_EQ(read_now(*far, deadline_after(patience)), "");
    socket->interrupt();
    finishing.get();
    EXPECT_LT(watch.elapsed(), patience / 2);
}

TEST_F(JsonSocketThreads, CloseEndsAReceiveThatWaits) {
    auto receiving = waiting_receive();
    socket->close();
    EXPECT_THROW(receiving.get(), ConnectionClosed);
    expect_closed();
}

TEST_F(JsonSocketThreads, CloseEndsASendThatWaits) {
    open({.send_timeout = patience}, 10);
    auto sending =
        std::async(std::launch::async, [this] { socket->send_payload(std::string(100, '1')); });
    EXPECT_TRUE(read_now(*far, deadline_after(patience)).has_value());
    Stopwatch watch;
    socket->close();
    EXPECT_THROW(sending.get(), jsocket::ConnectionError);
    EXPECT_LT(watch.elapsed(), patience / 2);
}

TEST_F(JsonSocketThreads, ASendThatFailsEndsAReceiveInAnotherThread) {
    auto [near, other] = jsocket::testing::pipe(10);
    far = std::move(other);
    socket =
        std::make_unique<jsocket::JsonSocket>(std::move(near), SocketOptions{.send_timeout = 10ms});
    auto receiving = waiting_receive();
    EXPECT_THROW(socket->send_payload(std::string(100, '1')), jsocket::TimeoutError);
    EXPECT_THROW(receiving.get(), ConnectionClosed);
}

TEST_F(JsonSocketThreads, AReceiveThatFailsAndThenCloseEndSendingInAnotherThread) {
    open({.framing = Framing::crc, .send_timeout = jsocket::no_timeout}, 100);
    write("JSNx");
    auto sending = std::async(std::launch::async, [this] {
        for (int i = 0; i < 1000; ++i) socket->send_payload("12345678901234567890");
    });
    EXPECT_THROW(receive(*socket), jsocket::FramingError);
    socket->close();  // what ends a send that waits already
    EXPECT_THROW(sending.get(), jsocket::ConnectionError);
}

}  // namespace
