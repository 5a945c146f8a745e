// SPDX-License-Identifier: Apache-2.0
#include "support/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace {

using namespace std::chrono_literals;
using jsocket::Deadline;
using jsocket::deadline_after;
using jsocket::Stream;
using jsocket::testing::Fault;
using jsocket::testing::FaultPlan;
using jsocket::testing::FaultyStream;
using test_support::patience;
using test_support::Stopwatch;

constexpr Deadline at_once{};

std::optional<std::string> read(Stream& stream, Deadline deadline = deadline_after(patience)) {
    std::string bytes(100, '\0');
    const auto size = stream.read_some(bytes, deadline);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

/// What a ConnectionError of `operation` says; 0 if it throws none.
template <typename Operation>
std::errc failure_of(Operation operation) {
    try {
        operation();
    } catch (const jsocket::ConnectionError& error) {
        return std::errc(error.code().value());
    }
    return {};
}

/// A pipe of which one end follows a plan.
struct Faults : ::testing::Test {
    void follow(FaultPlan& plan) {
        auto [near, far] = jsocket::testing::pipe();
        faulty = std::make_unique<FaultyStream>(std::move(near), plan);
        other = std::move(far);
    }

    std::unique_ptr<Stream> faulty;
    std::unique_ptr<Stream> other;
};

TEST_F(Faults, WithoutAFaultEverythingPassesAndIsCounted) {
    FaultPlan plan;
    follow(plan);
    faulty->write_all("there", 1s);
    EXPECT_EQ(read(*other), "there");
    other->write_all("back", 1s);
    EXPECT_EQ(read(*faulty), "back");
    EXPECT_EQ(read(*faulty, at_once), std::nullopt);
    faulty->acknowledge_now();
    EXPECT_EQ(faulty->peer(), "unknown");
    EXPECT_EQ(plan.operations(), 3u);
    EXPECT_FALSE(plan.fired());
    faulty->finish_writing();
    EXPECT_EQ(read(*other), "");
    faulty->interrupt();
    EXPECT_EQ(read(*faulty), "");
}

TEST_F(Faults, FailsTheOperationThatWasAskedForAndAllAfterIt) {
    FaultPlan plan(Fault::fail, 2, 0, std::errc::network_down);
    follow(plan);
    other->write_all("abc", 1s);
    EXPECT_EQ(read(*faulty), "abc");
    faulty->write_all("x", 1s);
    EXPECT_FALSE(plan.fired());
    EXPECT_EQ(failure_of([&] { read(*faulty); }), std::errc::network_down);
    EXPECT_TRUE(plan.fired());
    EXPECT_EQ(failure_of([&] { read(*faulty); }), std::errc::network_down);
    EXPECT_EQ(failure_of([&] { faulty->write_all("y", 1s); }), std::errc::network_down);
}

TEST_F(Faults, FailsAWriteWithoutWritingAnyOfIt) {
    FaultPlan plan(Fault::fail, 0);
    follow(plan);
    EXPECT_EQ(failure_of([&] { faulty->write_all("y", 1s); }), std::errc::connection_reset);
    EXPECT_EQ(read(*other), "");
}

TEST_F(Faults, EndsTheStreamForAReaderForGood) {
    FaultPlan plan(Fault::end_of_stream, 0);
    follow(plan);
    other->write_all("unread", 1s);
    EXPECT_EQ(read(*faulty), "");
    EXPECT_EQ(read(*faulty), "");
    faulty->write_all("still", 1s);
    EXPECT_EQ(read(*other), "still");
}

TEST_F(Faults, EndsTheStreamForAWriterAsABrokenPipe) {
    FaultPlan plan(Fault::end_of_stream, 0);
    follow(plan);
    EXPECT_EQ(failure_of([&] { faulty->write_all("y", 1s); }), std::errc::broken_pipe);
    EXPECT_EQ(read(*other), "");
}

TEST_F(Faults, StallsAReadUntilItsDeadlineAndNotTheNext) {
    FaultPlan plan(Fault::stall, 0);
    follow(plan);
    other->write_all("late", 1s);
    Stopwatch watch;
    EXPECT_EQ(read(*faulty, deadline_after(20ms)), std::nullopt);
    EXPECT_GE(watch.elapsed(), 19ms);
    EXPECT_EQ(read(*faulty), "late");
}

TEST_F(Faults, StallsAWriteUntilItsTimeout) {
    FaultPlan plan(Fault::stall, 0);
    follow(plan);
    Stopwatch watch;
    EXPECT_THROW(faulty->write_all("x", 20ms), jsocket::TimeoutError);
    EXPECT_GE(watch.elapsed(), 19ms);
    EXPECT_EQ(read(*other, at_once), std::nullopt);
}

TEST_F(Faults, InterruptAndShutdownEndAStall) {
    FaultPlan reading(Fault::stall, 0);
    follow(reading);
    auto end = std::async(std::launch::async, [&] { return read(*faulty, jsocket::no_deadline); });
    ASSERT_TRUE(test_support::wait_until([&] { return reading.fired(); }));
    faulty->interrupt();
    EXPECT_EQ(end.get(), "");

    FaultPlan writing(Fault::stall, 0);
    follow(writing);
    auto failure = std::async(std::launch::async, [&] {
        return failure_of([&] { faulty->write_all("x", jsocket::no_timeout); });
    });
    ASSERT_TRUE(test_support::wait_until([&] { return writing.fired(); }));
    faulty->shutdown();
    EXPECT_EQ(failure.get(), std::errc::broken_pipe);
}

TEST_F(Faults, TruncatesAWrite) {
    FaultPlan plan(Fault::truncate, 1, 4);
    follow(plan);
    faulty->write_all("whole.", 1s);
    EXPECT_EQ(failure_of([&] { faulty->write_all("truncated", 1s); }), std::errc::connection_reset);
    EXPECT_EQ(read(*other), "whole.trun");
    EXPECT_EQ(read(*other), "");
}

TEST_F(Faults, TruncatesNothingOfAShorterWriteButFailsIt) {
    FaultPlan plan(Fault::truncate, 0, 100);
    follow(plan);
    EXPECT_EQ(failure_of([&] { faulty->write_all("short", 1s); }), std::errc::connection_reset);
    EXPECT_EQ(read(*other), "short");
}

TEST_F(Faults, SplitsARead) {
    FaultPlan plan(Fault::split, 0, 2);
    follow(plan);
    other->write_all("abcde", 1s);
    EXPECT_EQ(read(*faulty), "ab");
    EXPECT_EQ(read(*faulty), "cde");
}

TEST_F(Faults, SplitsAWriteInTwo) {
    FaultPlan inner_plan;
    FaultPlan plan(Fault::split, 0, 2);
    auto [near, far] = jsocket::testing::pipe();
    FaultyStream stream(std::make_unique<FaultyStream>(std::move(near), inner_plan), plan);
    stream.write_all("abcde", 1s);
    EXPECT_EQ(inner_plan.operations(), 2u);
    EXPECT_EQ(read(*far), "abcde");
}

TEST_F(Faults, MovesOneByteAtATimeFromTheFaultOn) {
    FaultPlan plan(Fault::byte_by_byte, 1);
    follow(plan);
    other->write_all("ab", 1s);
    EXPECT_EQ(read(*faulty), "ab");
    other->write_all("cde", 1s);
    EXPECT_EQ(read(*faulty), "c");
    EXPECT_EQ(read(*faulty), "d");
    EXPECT_EQ(read(*faulty), "e");

    FaultPlan inner_plan;
    auto [near, far] = jsocket::testing::pipe();
    FaultyStream stream(std::make_unique<FaultyStream>(std::move(near), inner_plan), plan);
    stream.write_all("abcde", 1s);
    EXPECT_EQ(inner_plan.operations(), 5u);
    EXPECT_EQ(read(*far), "abcde");
}

TEST_F(Faults, NumbersTheOperationsOfStreamsThatShareAPlanTogether) {
    FaultPlan plan(Fault::fail, 1);
    auto [near, far] = jsocket::testing::pipe();
    FaultyStream left(std::move(near), plan);
    FaultyStream right(std::move(far), plan);
    left.write_all("x", 1s);
    EXPECT_EQ(failure_of([&] { read(right); }), std::errc::connection_reset);
    EXPECT_EQ(plan.operations(), 2u);
}

TEST_F(Faults, AFaultLoopEndsWhenTheScenarioHasNoMoreOperations) {
    std::size_t failures = 0;
    for (std::size_t n = 0; n < 100; ++n) {
        FaultPlan plan(Fault::fail, n);
        follow(plan);
        other->write_all("question", 1s);
        try {
            read(*faulty);
            faulty->write_all("answer", 1s);
        } catch (const jsocket::Error&) {
            ++failures;
            continue;
        }
        ASSERT_FALSE(plan.fired());
        break;
    }
    EXPECT_EQ(failures, 2u);
}

/// Notes what it is asked for.
class NotedStream : public jsocket::Stream {
  public:
    void handshake(Deadline) override { handshakes += 1; }
    std::optional<std::size_t> read_some(std::span<char>, Deadline) override { return 0; }
    void write_all(std::string_view, jsocket::Pace) override {}
    void interrupt() noexcept override {}
    void finish_writing() noexcept override {}
    void shutdown() noexcept override {}
    std::uint64_t received() const override { return 7; }
    std::string peer() const override { return "a peer"; }
    jsocket::PeerCredentials credentials() const override {
        return {.uid = 1, .gid = 2, .pid = 3, .certificate_subject = "CN=a"};
    }

    int handshakes = 0;
};

TEST(FaultyStreams, PassOnWhatIsNoOperation) {
    FaultPlan plan;
    auto inner = std::make_unique<NotedStream>();
    const NotedStream& noted = *inner;
    FaultyStream faulty(std::move(inner), plan);
    faulty.handshake(jsocket::no_deadline);
    EXPECT_EQ(noted.handshakes, 1);
    EXPECT_EQ(faulty.received(), 7u);
    EXPECT_EQ(faulty.peer(), "a peer");
    EXPECT_EQ(faulty.credentials().certificate_subject, "CN=a");
    EXPECT_EQ(plan.operations(), 0u);
}

}  // namespace
