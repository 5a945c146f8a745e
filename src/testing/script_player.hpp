// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "testing/message_finder.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/socket/stream.hpp>
#include <jsocket/testing/script.hpp>
#include <jsocket/testing/transcript.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace jsocket::testing {

/// Plays a Script on one connection after the other.
///
/// Threads:  run() and check_rest() on one thread after the other; everything else on any.
class ScriptPlayer {
  public:
    /// Makes a connection, or throws an Error. `last`: no other one is going to be needed.
    using Connect = std::function<std::unique_ptr<Stream>(bool last)>;

    struct Options {
        Direction reads;
        Framing framing;
        std::chrono::milliseconds timeout;  // of each step
    };

    ScriptPlayer(Script script, Options options, Connect connect);

    /// All steps. Throws Mismatch.
    void run();

    /// After run(): throws Mismatch if more has come than was expected, and closes.
    void check_rest();

    /// Closes the connection, if there is one; on the thread of run().
    void close();

    /// Ends what run() waits for on a connection, now and from now on.
    void interrupt() noexcept;

    const Transcript& transcript() const { return transcript_; }

  private:
    using Step = Script::Step;
    enum class Received { bytes, end };

    void play(const Step& step);
    void connect();
    void expect(const Step& step);
    void expect_bytes(const std::string& bytes);
    void expect_close();
    void send(const json& message);
    void write(std::string_view bytes);
    json made(const Step& step) const;
    json next_message(const Step& step);
    Received receive(const std::string& expected);
    bool connection_needed_after(std::size_t step) const;
    [[noreturn]] void fail(const std::string& problem) const;
    [[noreturn]] void fail(const std::string& expected, const std::string& got) const;

    const Script script_;
    const Options options_;
    const Connect connect_;
    Transcript transcript_;
    std::size_t current_ = 0;  // step
    Deadline end_{};           // of that
    std::uint64_t connections_ = 0;
    std::unique_ptr<MessageFinder> finder_;
    json latest_;  // message that was expected

    Mutex mutex_;
    // Written by the thread of run() alone, with mutex_ held.
    std::unique_ptr<Stream> stream_;
    bool interrupted_ JSOCKET_GUARDED_BY(mutex_) = false;
};

}  // namespace jsocket::testing
