// SPDX-License-Identifier: Apache-2.0
#include "testing/recording.hpp"

#include "support/error_of.hpp"
#include "support/wire.hpp"

#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using jsocket::Framing;
using jsocket::json;
using jsocket::testing::Direction;
using jsocket::testing::ProxyEvent;
using jsocket::testing::read_recording;
using jsocket::testing::RecordedConnection;
using jsocket::testing::RecordedEvent;
using jsocket::testing::recording_line;
using test_support::error_of;
using test_support::nested;
using Kind = ProxyEvent::Kind;

std::vector<RecordedConnection> read(const std::vector<std::string>& lines) {
    std::stringstream text;
    for (const std::string& line : lines) text << line << '\n';
    return read_recording(text);
}

std::string problem_of(const std::vector<std::string>& lines) {
    return error_of<jsocket::UsageError>([&] { read(lines); })->what();
}

const std::string connect = R"({"connection":1,"seconds":0,"event":"connect"})";
const std::string close = R"({"connection":1,"seconds":1,"event":"close"})";

/// The event of connection 1 that is written and read again.
RecordedEvent round_trip(ProxyEvent event) {
    event.connection = 1;
    return read({connect, recording_line(event)}).at(0).events.at(0);
}

TEST(Recording, IsAsDocumented) {
    const auto line = [](const ProxyEvent& event) { return recording_line(event); };
    EXPECT_EQ(line({.kind = Kind::connect, .connection = 1, .time = 1500us}),
              R"({"connection":1,"seconds":0.001500,"event":"connect"})");
    EXPECT_EQ(line({.kind = Kind::message,
                    .connection = 12,
                    .time = 61s,
                    .direction = Direction::up,
                    .framing = Framing::crc,
                    .bytes = R"({ "b": 1.0, "a": "x y" })"}),
              R"({"connection":12,"seconds":61.000000,"event":"message","direction":"up",)"
              R"("framing":"crc","message":{"b":1.0,"a":"x y"}})");
    EXPECT_EQ(line({.kind = Kind::message, .connection = 1, .bytes = "\x01\xff"}),
              R"({"connection":1,"seconds":0.000000,"event":"message","direction":"up",)"
              R"("framing":"prefix","payload":"01ff"})");
    EXPECT_EQ(
        line({.kind = Kind::bytes, .connection = 1, .direction = Direction::down, .bytes = "GET"}),
        R"({"connection":1,"seconds":0.000000,"event":"bytes","direction":"down",)"
        R"("bytes":"474554"})");
    EXPECT_EQ(line({.kind = Kind::finish, .connection = 1}),
              R"({"connection":1,"seconds":0.000000,"event":"finish","direction":"up"})");
    EXPECT_EQ(line({.kind = Kind::close, .connection = 1}),
              R"({"connection":1,"seconds":0.000000,"event":"close"})");
}

TEST(Recording, IsReadAsItWasWritten) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        const RecordedEvent event = round_trip({.kind = Kind::message,
                                                .direction = Direction::down,
                                                .framing = framing,
                                                .bytes = " {\"a\": [1, 2.0]}"});
        EXPECT_EQ(event.line, 2U);
        EXPECT_EQ(event.kind, Kind::message);
        EXPECT_EQ(event.direction, Direction::down);
        EXPECT_EQ(event.framing, framing);
        EXPECT_EQ(event.message, (json{{"a", {1, 2.0}}}));
        EXPECT_EQ(event.bytes, R"({"a":[1,2.0]})");
    }
    EXPECT_EQ(round_trip({.kind = Kind::finish, .direction = Direction::up}).kind, Kind::finish);
}

TEST(Recording, KeepsEveryByteOfWhatIsNoJson) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    for (const Kind kind : {Kind::message, Kind::bytes}) {
        const RecordedEvent event = round_trip({.kind = kind, .bytes = all});
        EXPECT_EQ(event.bytes, all);
        EXPECT_FALSE(event.message);
    }
}

TEST(Recording, TakesEveryMessageThatAServerTakes) {
    const std::string deep = nested(128);
    EXPECT_EQ(round_trip({.kind = Kind::message, .bytes = deep}).message, json::parse(deep));
    std::string many = "[1";
    while (many.size() < 2 * 999'998) many += ",1";
    many += ']';
    EXPECT_TRUE(round_trip({.kind = Kind::message, .bytes = many}).message);
    // What no tree can hold stays text.
    const std::string big = "18446744073709551616";
    EXPECT_EQ(round_trip({.kind = Kind::message, .bytes = big}).bytes, big);
    EXPECT_FALSE(round_trip({.kind = Kind::message, .bytes = big}).message);
}

TEST(Recording, HasConnectionsInTheOrderOfTheirNumbers) {
    const auto connections =
        read({R"({"connection":7,"seconds":0,"event":"connect"})", "", connect,
              R"({"connection":7,"seconds":0.5,"event":"finish","direction":"up"})", close,
              R"({"connection":7,"seconds":0.5,"event":"close"})"});
    ASSERT_EQ(connections.size(), 2U);
    EXPECT_EQ(connections[0].number, 1U);
    EXPECT_EQ(connections[0].events.size(), 0U);
    EXPECT_EQ(connections[1].number, 7U);
    EXPECT_EQ(connections[1].events.at(0).line, 4U);
}

TEST(Recording, NeedNotBeClosed) { EXPECT_EQ(read({connect}).size(), 1U); }

TEST(Recording, ThatIsNotJsonIsRefusedWithItsLine) {
    EXPECT_EQ(problem_of({connect, R"({"connection":1,)"}).substr(0, 8), "line 2: ");
    EXPECT_EQ(problem_of({"[]"}), "line 1: expected an object");
}

TEST(Recording, WithoutAMemberIsRefusedByItsName) {
    const json message = {{"connection", 1}, {"seconds", 0},      {"event", "message"},
                          {"message", 1},    {"direction", "up"}, {"framing", "crc"}};
    EXPECT_EQ(read({connect, message.dump()}).at(0).events.size(), 1U);
    for (const auto& [name, value] : message.items()) {
        json without = message;
        without.erase(name);
        EXPECT_EQ(problem_of({connect, without.dump()}), "line 2: there is no \"" + name + '"');
    }
    EXPECT_EQ(problem_of({connect, R"({"connection":1,"seconds":0,"event":"bytes",)"
                                   R"("direction":"up"})"}),
              "line 2: there is no \"bytes\"");
}

TEST(Recording, WithAMemberThatIsWrongIsRefusedByItsName) {
    const json message = {{"connection", 1}, {"seconds", 0},      {"event", "message"},
                          {"payload", "31"}, {"direction", "up"}, {"framing", "crc"}};
    const std::vector<std::pair<const char*, json>> wrong = {
        {"connection", 0},   {"connection", -1},  {"connection", "1"}, {"connection", 1.5},
        {"seconds", -1},     {"seconds", "0"},    {"event", "open"},   {"event", 1},
        {"direction", "UP"}, {"framing", "auto"}, {"payload", "3"},    {"payload", "0x"},
        {"payload", "3G"},   {"payload", 31}};
    for (const auto& [name, value] : wrong) {
        json changed = message;
        changed[name] = value;
        const std::string problem = problem_of({connect, changed.dump()});
        EXPECT_EQ(problem.find("line 2: \"" + std::string(name) + "\" must be "), 0U)
            << changed << ": " << problem;
    }
}

TEST(Recording, InAnOrderThatCannotBeIsRefused) {
    const std::string bytes =
        R"({"connection":1,"seconds":1,"event":"bytes","direction":"up","bytes":"00"})";
    const std::string finish = R"({"connection":1,"seconds":1,"event":"finish","direction":"up"})";
    const std::string message =
        R"({"connection":1,"seconds":1,"event":"message","direction":"up","framing":"crc","message":1})";
    EXPECT_EQ(problem_of({bytes}), "line 1: this connection has not been made before");
    EXPECT_EQ(problem_of({connect, connect}), "line 2: this connection has been made before");
    EXPECT_EQ(problem_of({connect, close, bytes}),
              "line 3: this connection has been closed before");
    EXPECT_EQ(problem_of({connect, finish, bytes}),
              "line 3: this direction has been finished before");
    EXPECT_EQ(problem_of({connect, bytes, message}),
              "line 3: no message can come after bytes that are none");
    EXPECT_EQ(problem_of({connect, bytes,
                          R"({"connection":1,"seconds":0.9,"event":"finish","direction":"up"})"}),
              "line 3: \"seconds\" is less than before");
    const std::string down = R"({"connection":1,"seconds":1,"event":"finish","direction":"down"})";
    EXPECT_EQ(read({connect, message, finish, down, close}).at(0).events.size(), 3U);
}

}  // namespace
