// SPDX-License-Identifier: Apache-2.0
#include "support/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/pipe.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <tuple>

namespace {

using namespace std::chrono_literals;
using jsocket::Deadline;
using jsocket::deadline_after;
using jsocket::Stream;
using jsocket::testing::pipe;
using test_support::patience;
using test_support::Stopwatch;

constexpr Deadline at_once{};

std::optional<std::string> read(Stream& stream, Deadline deadline = deadline_after(patience),
                                std::size_t space = 100) {
    std::string bytes(space, '\0');
    const auto size = stream.read_some(bytes, deadline);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

std::errc code_of_failed_write(Stream& stream) {
    try {
        stream.write_all("x", patience);
    } catch (const jsocket::ConnectionError& error) {
        return std::errc(error.code().value());
    }
    return {};
}

/// The result of `call` in another thread, after `signal` was called while it (most likely) waited.
template <typename Call, typename Signal>
auto while_waiting(Call call, Signal signal) {
    std::promise<void> running;
    auto result = std::async(std::launch::async, [&] {
        running.set_value();
        return call();
    });
    running.get_future().wait();
    result.wait_for(5ms);
    signal();
    return result.get();
}

struct Pipe : ::testing::Test {
    Pipe() { std::tie(near, far) = pipe(); }
    void open(std::size_t capacity) { std::tie(near, far) = pipe(capacity); }

    std::unique_ptr<Stream> near;
    std::unique_ptr<Stream> far;
};

TEST_F(Pipe, CarriesBytesBothWays) {
    near->write_all("there", 1s);
    far->write_all("back", 1s);
    EXPECT_EQ(read(*far), "there");
    EXPECT_EQ(read(*near), "back");
}

TEST_F(Pipe, ReadsWhatIsThereUpToTheSpaceThereIs) {
    near->write_all("abc", 1s);
    near->write_all("def", 1s);
    EXPECT_EQ(read(*far, at_once, 4), "abcd");
    EXPECT_EQ(read(*far, at_once, 4), "ef");
}

TEST_F(Pipe, ReadsNothingWhenTheDeadlinePassesAndTheBytesLater) {
    EXPECT_EQ(read(*far, at_once), std::nullopt);
    Stopwatch watch;
    EXPECT_EQ(read(*far, deadline_after(20ms)), std::nullopt);
    EXPECT_GE(watch.elapsed(), 19ms);
    near->write_all("late", 1s);
    EXPECT_EQ(read(*far, at_once), "late");
}

TEST_F(Pipe, WakesAReaderWhenBytesCome) {
    EXPECT_EQ(while_waiting([&] { return read(*far, jsocket::no_deadline); },
                            [&] { near->write_all("now", 1s); }),
              "now");
}

TEST_F(Pipe, GivesEverythingWrittenBeforeTheEndOfTheStream) {
    near->write_all("last words", 1s);
    near->finish_writing();
    EXPECT_EQ(read(*far), "last words");
    EXPECT_EQ(read(*far), "");
    EXPECT_EQ(read(*far), "");
}

TEST_F(Pipe, CarriesBytesBackAfterTheOtherSideHasFinishedWriting) {
    near->finish_writing();
    far->write_all("reply", 1s);
    EXPECT_EQ(read(*near), "reply");
    EXPECT_EQ(code_of_failed_write(*near), std::errc::broken_pipe);
}

TEST_F(Pipe, InterruptEndsReadingAtOnceAndForGood) {
    EXPECT_EQ(while_waiting([&] { return read(*near, jsocket::no_deadline); },
                            [&] { near->interrupt(); }),
              "");
    far->write_all("unread", 1s);
    EXPECT_EQ(read(*near), "");
}

TEST_F(Pipe, InterruptLeavesWritingAsItWas) {
    near->interrupt();
    near->write_all("still", 1s);
    EXPECT_EQ(read(*far), "still");
}

TEST_F(Pipe, HoldsUpAWriterUntilThereIsRoom) {
    open(4);
    const auto write = [&] {
        near->write_all("0123456789", patience);
        return true;
    };
    std::string received;
    EXPECT_TRUE(while_waiting(write, [&] {
        while (received.size() < 10) received += read(*far).value();
    }));
    EXPECT_EQ(received, "0123456789");
}

TEST_F(Pipe, TimesOutAWriteWhenItIsFull) {
    open(4);
    near->write_all("0123", 0ms);
    Stopwatch watch;
    EXPECT_THROW(near->write_all("4", 20ms), jsocket::TimeoutError);
    EXPECT_GE(watch.elapsed(), 19ms);
    EXPECT_EQ(read(*far), "0123");
}

TEST_F(Pipe, KeepsWhatWasWrittenBeforeAWriteTimedOut) {
    open(4);
    EXPECT_THROW(near->write_all("012345", 1ms), jsocket::TimeoutError);
    EXPECT_EQ(read(*far), "0123");
    EXPECT_EQ(read(*far, at_once), std::nullopt);
}

TEST_F(Pipe, EveryByteTakenStartsAWriteTimeoutAnew) {
    open(1);
    auto writing = std::async(std::launch::async, [&] { near->write_all("0123456789", 1s); });
    Stopwatch watch;
    std::string received;
    while (received.size() < 10) {
        writing.wait_for(130ms);  // until the last one it cannot end: this paces the reads
        received += read(*far).value();
    }
    EXPECT_NO_THROW(writing.get());
    EXPECT_GT(watch.elapsed(), 1s);
}

TEST_F(Pipe, ShutdownEndsBothDirections) {
    near->write_all("sent", 1s);
    near->shutdown();
    EXPECT_EQ(read(*near), "");
    EXPECT_EQ(code_of_failed_write(*near), std::errc::broken_pipe);
    EXPECT_EQ(read(*far), "sent");
    EXPECT_EQ(read(*far), "");
    EXPECT_EQ(code_of_failed_write(*far), std::errc::broken_pipe);
}

TEST_F(Pipe, ShutdownEndsWaitingReadsAndWrites) {
    open(1);
    EXPECT_EQ(
        while_waiting([&] { return read(*near, jsocket::no_deadline); }, [&] { near->shutdown(); }),
        "");
    open(1);
    near->write_all("x", 1s);
    EXPECT_EQ(while_waiting([&] { return code_of_failed_write(*near); }, [&] { near->shutdown(); }),
              std::errc::broken_pipe);
}

TEST_F(Pipe, DestroyingAnEndIsAShutdown) {
    near->write_all("goodbye", 1s);
    near.reset();
    EXPECT_EQ(read(*far), "goodbye");
    EXPECT_EQ(read(*far), "");
    EXPECT_EQ(code_of_failed_write(*far), std::errc::broken_pipe);
}

TEST_F(Pipe, EndsAWaitingWriteWhenTheOtherEndGoes) {
    open(1);
    near->write_all("x", 1s);
    EXPECT_EQ(while_waiting([&] { return code_of_failed_write(*near); }, [&] { far.reset(); }),
              std::errc::broken_pipe);
}

TEST_F(Pipe, ReadsInOneThreadWhileItWritesInAnother) {
    open(16);
    const std::string bytes(100'000, 'b');
    const auto echo = std::async(std::launch::async, [&] {
        for (auto part = read(*far); !part->empty(); part = read(*far)) {
            far->write_all(*part, patience);
        }
    });
    const auto writing = std::async(std::launch::async, [&] {
        near->write_all(bytes, patience);
        near->finish_writing();
    });
    std::string received;
    while (received.size() < bytes.size()) received += read(*near).value();
    EXPECT_EQ(received, bytes);
}

TEST_F(Pipe, HasNoName) { EXPECT_EQ(near->peer(), "unknown"); }

}  // namespace
