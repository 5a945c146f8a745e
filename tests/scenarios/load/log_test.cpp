// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>
#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <fcntl.h>
#include <unistd.h>

/// A log that cannot be written, because the disk is full or whoever reads it does not.
namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerFactory;

class BrokenLog : public testing::Test {
  protected:
    ~BrokenLog() override { spdlog::drop("jsocket"); }

    /// Clients that break the protocol, each of which is worth a line of log; and others.
    void serve(int count) {
        const std::uint64_t before = failures(server.client_stats());
        JsonClient good = connected_client(server.port());
        for (int i = 0; i < count; ++i) {
            RawPeer bad = RawPeer::connect(server.port());
            bad.send(prefix_frame("{]"));
            ASSERT_TRUE(bad.closed_by_peer());
            ASSERT_EQ(good.request(i), i);
        }
        EXPECT_TRUE(wait_until([&] {
            return failures(server.client_stats()) == before + static_cast<std::uint64_t>(count);
        }));
    }

    using JsonClient = jsocket::JsonClient;
    Running<ServerFactory<ScriptedWorker>> server;
};

TEST_F(BrokenLog, OnAFullDiskCostsNoClientItsConnection) {
    std::atomic<int> dropped{0};
    auto logger = spdlog::basic_logger_mt("jsocket", "/dev/full");
    logger->flush_on(spdlog::level::info);
    logger->set_error_handler([&](const std::string&) {
        ++dropped;
        throw std::runtime_error("so does whoever hears of it");
    });
    serve(100);
    // One line a second of a kind is tried, and none can have been written.
    EXPECT_GE(dropped, 1);
}

/// Writes to a pipe whose reader may be asleep.
class PipeSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit PipeSink(int fd) : fd_(fd) {}

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        for (auto rest = message.payload; rest.size() > 0;) {
            const ssize_t size = ::write(fd_, rest.data(), rest.size());
            if (size <= 0) return;
            rest = {rest.data() + size, rest.size() - static_cast<std::size_t>(size)};
        }
    }
    void flush_() override {}

    const int fd_;
};

TEST_F(BrokenLog, ThatNobodyReadsHoldsNobodyUpAndCountsWhatItDrops) {
    constexpr std::size_t queue = 64;
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const FileDescriptor reader(pipe[0]);
    FileDescriptor writer(pipe[1]);
    const std::string rubbish(static_cast<std::size_t>(::fcntl(writer.get(), F_GETPIPE_SZ)), 'x');
    ASSERT_EQ(::write(writer.get(), rubbish.data(), rubbish.size()), ssize_t(rubbish.size()));

    auto threads = std::make_shared<spdlog::details::thread_pool>(queue, 1);
    spdlog::register_logger(std::make_shared<spdlog::async_logger>(
        "jsocket", std::make_shared<PipeSink>(writer.get()), threads,
        spdlog::async_overflow_policy::overrun_oldest));
    // One line is being written, and the queue is full.
    const auto logger = spdlog::get("jsocket");
    for (std::size_t i = 0; i < 2 * queue; ++i) logger->info("line {}", i);
    const std::size_t dropped = threads->overrun_counter();
    EXPECT_GE(dropped, queue - 1);
    const Stopwatch stopwatch;
    while (threads->overrun_counter() == dropped && stopwatch.elapsed() < patience) serve(10);
    EXPECT_GT(threads->overrun_counter(), dropped) << "by a line of the server's";

    std::string line(rubbish.size(), ' ');
    ASSERT_EQ(::read(reader.get(), line.data(), line.size()), ssize_t(rubbish.size()));
    EXPECT_TRUE(wait_until([&] { return threads->queue_size() == 0; }));
    spdlog::drop("jsocket");
    threads.reset();  // what is left has been written
    writer.close();
    std::string log;
    for (ssize_t size = 0; (size = ::read(reader.get(), line.data(), line.size())) > 0;) {
        log.append(line, 0, static_cast<std::size_t>(size));
    }
    EXPECT_NE(log.find("is disconnected, invalid_json"), std::string::npos) << log;
}

}  // namespace
