// SPDX-License-Identifier: Apache-2.0
#include "socket/json_socket_fixture.hpp"

#include <future>

namespace {

using namespace socket_tests;

class JsonSocket : public SocketFixture {};

TEST_F(JsonSocket, SendsEachFramingAsItIsOnTheWire) {
    for (const Framing framing : all_framings) {
        open({.framing = framing});
        socket->send_obj({{"echo", "h\u00e9llo"}});
        EXPECT_EQ(read_now(*far), frame(framing, "{\"echo\":\"h\u00e9llo\"}"));
    }
}

TEST_F(JsonSocket, SendsOneMessageInOneWrite) {
    for (const Framing framing : all_framings) {
        FaultPlan counter;
        open({.framing = framing}, counter);
        socket->send_obj({1, 2, 3});
        EXPECT_EQ(counter.operations(), 1u);
        socket->send_payload("[" + std::string(100'000, ' ') + "]");
        EXPECT_EQ(counter.operations(), 2u);
    }
}

TEST_F(JsonSocket, ReceivesEachFraming) {
    for (const Framing framing : all_framings) {
        open({.framing = framing});
        write(frame(framing, "{\"a\": [1, 2]}"));
        EXPECT_EQ(receive(*socket), "{\"a\": [1, 2]}");
        EXPECT_EQ(socket->framing(), framing);
    }
}

TEST_F(JsonSocket, SpeaksWhatItsPeerSpeaksInAutomaticFraming) {
    for (const Framing framing : all_framings) {
        open({.framing = Framing::automatic});
        EXPECT_EQ(socket->framing(), Framing::automatic);
        write(frame(framing, "[0]"));
        EXPECT_EQ(receive(*socket), "[0]");
        EXPECT_EQ(socket->framing(), framing);
        socket->send_payload("[1]");
        EXPECT_EQ(read_now(*far), frame(framing, "[1]"));
    }
}

TEST_F(JsonSocket, SendsThePrefixFramingBeforeItsPeerHasSpoken) {
    open({.framing = Framing::automatic});
    socket->send_payload("[1]");
    EXPECT_EQ(read_now(*far), prefix_frame("[1]"));
    write(crc_frame("[2]"));
    EXPECT_EQ(receive(*socket), "[2]");
    socket->send_payload("[3]");
    EXPECT_EQ(read_now(*far), crc_frame("[3]"));
}

TEST_F(JsonSocket, CarriesEveryKindOfValue) {
    for (const char* text : {"null", "true", "0", "-1.5", "\"\"", "[]", "{}", "[null]"}) {
        socket->send_obj(json::parse(text));
        EXPECT_EQ(read_now(*far), prefix_frame(text));
    }
}

TEST_F(JsonSocket, PassesPayloadsOnUnchanged) {
    const std::string payload = "{ \"z\" : 123456789012345678901234567890, \"a\":1.0 }";
    socket->send_payload(payload);
    EXPECT_EQ(read_now(*far), prefix_frame(payload));
    write(prefix_frame(payload));
    EXPECT_EQ(receive(*socket), payload);
}

TEST_F(JsonSocket, CarriesMessagesBiggerThanItsBuffers) {
    auto [near, other] = jsocket::testing::pipe(1000);
    jsocket::JsonSocket big(std::move(near), {});
    const std::string payload = '"' + std::string(900'000, 'x') + '"';
    const auto sending = std::async(std::launch::async, [&] { big.send_payload(payload); });
    jsocket::JsonSocket there(std::move(other), {});
    EXPECT_EQ(receive(there), payload);
}

TEST_F(JsonSocket, GivesMessagesThatArrivedTogetherOneByOne) {
    FaultPlan counter;
    open({}, counter);
    write(prefix_frame("1") + prefix_frame("2") + prefix_frame("3") +
          prefix_frame("4").substr(0, 4));
    EXPECT_EQ(receive(*socket), "1");
    EXPECT_EQ(socket->receive_buffered(), "2");
    EXPECT_EQ(receive(*socket, at_once), "3");
    EXPECT_EQ(socket->receive_buffered(), std::nullopt);
    EXPECT_EQ(counter.operations(), 1u) << "it read although messages were there";
    write("4");
    EXPECT_EQ(receive(*socket), "4");
}

TEST_F(JsonSocket, LooksOnlyAtWhatHasArrivedWhenAskedForABufferedMessage) {
    write(prefix_frame("1"));
    EXPECT_EQ(socket->receive_buffered(), std::nullopt);
    EXPECT_EQ(receive(*socket), "1");
}

TEST_F(JsonSocket, ReceivesTheSameOneByteAtATime) {
    for (const Framing framing : all_framings) {
        FaultPlan plan(Fault::byte_by_byte, 0);
        open({.framing = framing}, plan);
        write(frame(framing, "{\"first\":1}") + frame(framing, "\"\u00e9\"") + frame(framing, "3"));
        EXPECT_EQ(receive(*socket), "{\"first\":1}");
        EXPECT_EQ(receive(*socket), "\"\u00e9\"");
        EXPECT_EQ(receive(*socket), "3");
        EXPECT_GE(plan.operations(), 3u * 2);
    }
}

TEST_F(JsonSocket, ReceivesTheSameWhereverItsBytesAreSplit) {
    for (const Framing framing :
         {Framing::prefix, Framing::crc, Framing::lines, Framing::automatic}) {
        const Framing spoken = framing == Framing::automatic ? Framing::crc : framing;
        const std::string bytes = frame(spoken, "{\"first\":1}") + frame(spoken, "[\"\u00e9\"]");
        for (std::size_t position = 1; position < bytes.size(); ++position) {
            FaultPlan plan(Fault::split, 0, position);
            open({.framing = framing}, plan);
            write(bytes);
            ASSERT_EQ(receive(*socket), "{\"first\":1}") << position;
            ASSERT_EQ(receive(*socket), "[\"\u00e9\"]") << position;
            ASSERT_EQ(plan.operations(), 2u);
        }
    }
}

TEST_F(JsonSocket, SendsTheSameWhereverItsBytesAreSplit) {
    for (const Framing framing : all_framings) {
        const std::string bytes = frame(framing, "{\"first\":1}");
        for (std::size_t position = 0; position <= bytes.size(); ++position) {
            FaultPlan plan(Fault::split, 0, position);
            open({.framing = framing}, plan);
            socket->send_payload("{\"first\":1}");
            ASSERT_EQ(read_now(*far), bytes);
        }
        FaultPlan plan(Fault::byte_by_byte, 0);
        open({.framing = framing}, plan);
        socket->send_payload("{\"first\":1}");
        EXPECT_EQ(read_now(*far), bytes);
    }
}

TEST_F(JsonSocket, KeepsQueuedMessagesUntilTheyAreFlushed) {
    FaultPlan counter;
    open({}, counter);
    socket->queue_payload("1");
    socket->queue_payload("2");
    EXPECT_EQ(read_now(*far), std::nullopt);
    socket->flush();
    EXPECT_EQ(read_now(*far), prefix_frame("1") + prefix_frame("2"));
    EXPECT_EQ(counter.operations(), 1u) << "messages that wait have to leave together";
    socket->flush();
    EXPECT_EQ(counter.operations(), 1u) << "there is nothing to write";
}

TEST_F(JsonSocket, SendsQueuedMessagesBeforeLaterOnes) {
    socket->queue_payload("1");
    socket->send_payload("2");
    EXPECT_EQ(read_now(*far), prefix_frame("1") + prefix_frame("2"));
    socket->queue_payload("3");
    socket->send_obj(4);
    EXPECT_EQ(read_now(*far), prefix_frame("3") + prefix_frame("4"));
}

TEST_F(JsonSocket, WritesQueuedMessagesWhenThereAreManyOfThem) {
    FaultPlan counter;
    open({}, counter);
    std::string expected;
    const std::string payload = '"' + std::string(1000, 'q') + '"';
    for (int i = 0; i < 500; ++i) {
        socket->queue_payload(payload);
        expected += prefix_frame(payload);
    }
    EXPECT_GT(counter.operations(), 0u) << "half a megabyte waits in memory";
    EXPECT_LT(counter.operations(), 250u) << "hardly any message waited for another one";
    socket->flush();
    EXPECT_EQ(read_now(*far), expected);
}

TEST_F(JsonSocket, GivesMemoryBackWhenToldAndIsUsableAfterwards) {
    write(prefix_frame('"' + std::string(500'000, 'x') + '"'));
    EXPECT_TRUE(receive(*socket));
    EXPECT_GE(socket->capacity(), 500'000u);
    socket->release_memory();
    EXPECT_EQ(socket->capacity(), 0u);
    expect_usable();
}

TEST_F(JsonSocket, LosesNothingWhenItGivesMemoryBack) {
    write(prefix_frame("1") + prefix_frame("2") + prefix_frame("[3]").substr(0, 5));
    EXPECT_EQ(receive(*socket), "1");
    socket->queue_payload("4");
    socket->release_memory();
    EXPECT_EQ(receive(*socket), "2");
    socket->release_memory();
    write(prefix_frame("[3]").substr(5));
    EXPECT_EQ(receive(*socket), "[3]");
    socket->flush();
    EXPECT_EQ(read_now(*far), prefix_frame("4"));
}

TEST_F(JsonSocket, WithASpinLooksAgainAndAgainAfterAMessageThatCameSoon) {
    FaultPlan counter;
    open({.spin = 1s}, counter);
    write(prefix_frame("1"));
    EXPECT_EQ(receive(*socket), "1");
    EXPECT_EQ(counter.operations(), 1u);
    auto receiving = std::async(std::launch::async, [&] { return receive(*socket); });
    EXPECT_TRUE(wait_until([&] { return counter.operations() > 10; }));
    write(prefix_frame("2"));
    EXPECT_EQ(receiving.get(), "2");
}

TEST_F(JsonSocket, WithoutASpinLooksOnce) {
    FaultPlan counter;
    open({}, counter);
    for (std::size_t i = 1; i <= 10; ++i) {
        write(prefix_frame("1"));
        EXPECT_EQ(receive(*socket), "1");
        EXPECT_EQ(receive(*socket, at_once), std::nullopt);
        EXPECT_EQ(counter.operations(), 2 * i);
    }
}

TEST_F(JsonSocket, KnowsItsPeerAndItsOptions) {
    open({.framing = Framing::crc, .recv_timeout = 7ms});
    EXPECT_EQ(socket->peer(), "unknown");
    EXPECT_EQ(socket->options().framing, Framing::crc);
    EXPECT_EQ(socket->options().recv_timeout, 7ms);
}

TEST_F(JsonSocket, ReceivesMessagesUpToTheSizeLimitAndSendsThem) {
    for (const Framing framing : all_framings) {
        open({.framing = framing, .limits = {.max_message_size = 10}});
        const std::string fits = "\"" + std::string(8, 'x') + "\"";
        write(frame(framing, fits));
        EXPECT_EQ(receive(*socket), fits);
        socket->send_payload(fits);
        EXPECT_EQ(read_now(*far), frame(framing, fits));
        socket->send_obj(std::string(8, 'x'));
        EXPECT_EQ(read_now(*far), frame(framing, fits));
    }
}

TEST_F(JsonSocket, ClosesWhenItIsDestroyed) {
    socket->send_payload("1");
    socket.reset();
    EXPECT_EQ(read_now(*far), prefix_frame("1"));
    EXPECT_EQ(read_now(*far), "");
    EXPECT_THROW(write("1"), jsocket::ConnectionError);
}

TEST_F(JsonSocket, ClosesOnce) {
    socket->close();
    socket->close();
    expect_closed();
}

TEST_F(JsonSocket, LetsItsPeerReadEverythingBeforeItFinishes) {
    socket->send_payload("1");
    far->finish_writing();
    socket->finish(patience);
    EXPECT_EQ(read_now(*far), prefix_frame("1"));
    EXPECT_EQ(read_now(*far), "");
    EXPECT_FALSE(socket->connected());
}

TEST_F(JsonSocket, FinishesWithoutALeavingPeerWhenTheLingerIsOver) {
    Stopwatch watch;
    socket->finish(30ms);
    EXPECT_GE(watch.elapsed(), 29ms);
    expect_closed();
}

TEST_F(JsonSocket, ReadsPastWhatItsPeerStillSendsWhileItFinishes) {
    write(std::string(100'000, 'x'));
    far->finish_writing();
    Stopwatch watch;
    socket->finish(patience);
    EXPECT_LT(watch.elapsed(), patience);
    expect_closed();
}

}  // namespace
