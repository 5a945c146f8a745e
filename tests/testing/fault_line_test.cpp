// SPDX-License-Identifier: Apache-2.0
#include "testing/fault_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using jsocket::Deadline;
using jsocket::testing::FaultLine;
using jsocket::testing::LinkFaults;
using Kind = FaultLine::Step::Kind;
using Writes = std::vector<std::pair<std::chrono::milliseconds, std::string>>;

/// A line and a clock that stands still unless it is set.
struct Line {
    explicit Line(const LinkFaults& faults) : line(faults) {}

    void add(std::string_view bytes) { line.add(bytes, start + time); }
    void add_message(std::string_view bytes) {
        add(bytes);
        line.end_message();
    }

    /// Writes all that may be written, and waits for what may be later, for ever if need be.
    Kind run() {
        for (;;) {
            const FaultLine::Step step = line.next(start + time);
            if (step.kind == Kind::write) {
                writes.emplace_back(std::chrono::duration_cast<std::chrono::milliseconds>(time),
                                    step.bytes);
                line.written(step.bytes.size(), start + time);
            } else if (step.kind == Kind::wait && step.until != jsocket::no_deadline) {
                time = step.until - start;
            } else {
                return step.kind;
            }
        }
    }

    std::string written() const {
        std::string all;
        for (const auto& [when, bytes] : writes) all += bytes;
        return all;
    }

    const Deadline start{1h};
    Deadline::duration time{};
    FaultLine line;
    Writes writes;
};

TEST(FaultLine, WithoutFaultsPassesBytesAndTheirEndAtOnce) {
    Line line({});
    line.add("abc");
    EXPECT_EQ(line.run(), Kind::wait);
    line.add("de");
    line.line.finish(line.start);
    EXPECT_EQ(line.run(), Kind::finish);
    EXPECT_EQ(line.writes, (Writes{{0ms, "abc"}, {0ms, "de"}}));
}

TEST(FaultLine, PassesOnTheRestOfWhatWasNotWrittenWhole) {
    Line line({});
    line.add("abc");
    line.line.written(2, line.start);
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.writes, (Writes{{0ms, "c"}}));
}

TEST(FaultLine, DelaysEachByteAndTheEndByTheSame) {
    Line line({.delay = 200ms});
    line.add("a");
    line.time = 50ms;
    line.add("b");
    line.line.finish(line.start + 70ms);
    EXPECT_EQ(line.run(), Kind::finish);
    EXPECT_EQ(line.writes, (Writes{{200ms, "a"}, {250ms, "b"}}));
    EXPECT_EQ(line.time, 270ms);
}

TEST(FaultLine, TricklesByteByByteWhenSlow) {
    Line line({.trickle = 4});
    line.add("abc");
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.writes, (Writes{{0ms, "a"}, {250ms, "b"}, {500ms, "c"}}));
}

TEST(FaultLine, TricklesInPortionsWhenFast) {
    Line line({.trickle = 300});
    line.add("abcdefgh");
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.writes, (Writes{{0ms, "abc"}, {10ms, "def"}, {20ms, "gh"}}));
}

TEST(FaultLine, WritesChunksOfTheSizeAskedFor) {
    Line line({.chunk = 2});
    line.add("abcde");
    line.add("f");
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.writes, (Writes{{0ms, "ab"}, {0ms, "cd"}, {0ms, "ef"}}));
}

TEST(FaultLine, CutsAndResetsAfterTheExactByte) {
    for (std::size_t after = 0; after <= 5; ++after) {
        for (const Kind kind : {Kind::cut, Kind::reset}) {
            LinkFaults faults;
            (kind == Kind::cut ? faults.cut_after : faults.reset_after) = after;
            Line line(faults);
            line.add("ab");
            line.add("cde");
            EXPECT_EQ(line.run(), kind);
            EXPECT_EQ(line.written(), std::string("abcde").substr(0, after));
        }
    }
}

TEST(FaultLine, GoesOnUntilTheByteToCutAfterHasCome) {
    Line line({.cut_after = 6});
    line.add("abcde");
    EXPECT_EQ(line.run(), Kind::wait);
    line.line.finish(line.start);
    EXPECT_EQ(line.run(), Kind::finish);
}

TEST(FaultLine, FlipsEachBitOnceAndNoOther) {
    const std::string bytes = "\x01\x80zz\xff";
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        Line line({.flip_bit = bit});
        line.add(bytes.substr(0, 2));
        line.add(bytes.substr(2));
        line.run();
        std::string expected = bytes;
        expected[bit / 8] = static_cast<char>(expected[bit / 8] ^ (1 << bit % 8));
        EXPECT_EQ(line.written(), expected);
    }
}

TEST(FaultLine, CountsFromTheBeginningOfTheMessageAskedFor) {
    Line line({.flip_bit = 8, .message = 2});
    line.add_message("aaa");
    line.add("a");  // the message arrives in two parts
    line.add_message("aa");
    line.add_message("aaa");
    line.run();
    EXPECT_EQ(line.written(), "aaaa`aaaa");
}

TEST(FaultLine, LeavesOtherMessagesAlone) {
    Line line({.delay = 100ms, .trickle = 10, .chunk = 1, .message = 2});
    for (const char* message : {"aa", "bb", "cc"}) line.add_message(message);
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.writes, (Writes{{0ms, "aa"}, {100ms, "b"}, {200ms, "b"}, {200ms, "cc"}}));
}

TEST(FaultLine, CutsAMessageAtAnyOfItsBytesAndNotBeyond) {
    for (std::size_t after = 0; after <= 3; ++after) {
        Line line({.cut_after = after, .message = 2});
        line.add_message("aaa");
        line.add_message("bb");
        line.add_message("ccc");
        EXPECT_EQ(line.run(), after <= 2 ? Kind::cut : Kind::wait) << after;
        EXPECT_EQ(line.written(), std::string("aaabbccc").substr(0, after <= 2 ? 3 + after : 8));
    }
}

TEST(FaultLine, IsFullWhenItHoldsItsCapacity) {
    Line line({.delay = 1ms});
    line.add(std::string(FaultLine::capacity - 1, 'x'));
    EXPECT_FALSE(line.line.full());
    line.add("x");
    EXPECT_TRUE(line.line.full());
    line.run();
    EXPECT_FALSE(line.line.full());
}

TEST(FaultLine, IsFullOfFewBytesThatCameInManyPieces) {
    Line line({.delay = 1h});
    for (std::size_t piece = 1; piece < FaultLine::piece_capacity; ++piece) {
        line.add("x");
        line.time += 1us;
    }
    EXPECT_FALSE(line.line.full());
    line.add("x");
    EXPECT_TRUE(line.line.full());
    EXPECT_EQ(line.run(), Kind::wait);
    EXPECT_EQ(line.written().size(), FaultLine::piece_capacity);
    EXPECT_FALSE(line.line.full());
}

}  // namespace
