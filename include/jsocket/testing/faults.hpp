// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/socket/stream.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

/// Streams that go wrong where a test wants them to. The point is the fault loop: it fails the
/// first operation of a scenario, then the second, and so on, until the scenario ends before the
/// fault; by then every error path has been taken.
///
///     for (std::size_t n = 0;; ++n) {
///         FaultPlan plan(Fault::fail, n);
///         try {
///             scenario(plan);  // puts a FaultyStream around a stream
///         } catch (const jsocket::Error&) {
///             continue;
///         }
///         if (!plan.fired()) break;
///         // the scenario did not notice the fault: right or wrong?
///     }
namespace jsocket::testing {

/// What goes wrong with an operation.
enum class Fault {
    fail,           ///< it throws ConnectionError; so do all operations after it
    end_of_stream,  ///< a read returns 0, now and from now on; a write fails with broken_pipe
    stall,          ///< nothing moves until its deadline or time-out; the next one goes well again
    truncate,       ///< a write writes its first bytes only, and fails; a read fails
    split,          ///< a write is made as two; a read gets part of what is there
    byte_by_byte,   ///< it, and all after it, move one byte at a time; nothing fails
};

/// Which operation of a FaultyStream goes wrong, and how; and what became of it. Each read_some()
/// and each write_all() is an operation; the first has number 0.
///
/// Threads:  all members may be called from any thread; several streams may share a plan, which
///           then numbers their operations together.
/// Lifetime: must outlive the streams that follow it.
class FaultPlan {
  public:
    /// Nothing goes wrong; operations are counted.
    FaultPlan() = default;

    /// `bytes`: how much Fault::truncate writes; the size of the first part for Fault::split, at
    /// least 1 for a read. `code`: what Fault::fail and Fault::truncate throw.
    FaultPlan(Fault fault, std::size_t operation, std::size_t bytes = 0,
              std::errc code = std::errc::connection_reset)
        : fault_(fault), operation_(operation), bytes_(bytes), code_(code) {}

    /// Has the operation begun that was to go wrong?
    bool fired() const noexcept { return operations() > operation_; }

    /// How many operations have begun.
    std::size_t operations() const noexcept { return operations_.load(); }

  private:
    friend class FaultyStream;

    const Fault fault_ = Fault::fail;
    const std::size_t operation_ = std::numeric_limits<std::size_t>::max();
    const std::size_t bytes_ = 0;
    const std::errc code_ = std::errc::connection_reset;
    std::atomic<std::size_t> operations_{0};
};

/// A Stream that passes everything on to another one, but for what its FaultPlan says.
///
/// Threads:  as Stream says.
/// Errors:   those of the Stream within, and those of the plan.
class FaultyStream : public Stream {
  public:
    /// Several may follow one plan.
    FaultyStream(std::unique_ptr<Stream> stream, FaultPlan& plan);

    void handshake(Deadline deadline) override;
    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override;
    std::uint64_t received() const override;
    void write_all(std::string_view bytes, Pace pace) override;
    void interrupt() noexcept override;
    void await_delivery(std::chrono::milliseconds timeout) noexcept override;
    void finish_writing() noexcept override;
    void shutdown() noexcept override;
    void acknowledge_now() noexcept override;
    std::string peer() const override;
    PeerCredentials credentials() const override;

  private:
    bool begin_operation();
    bool byte_by_byte() const;
    [[noreturn]] void break_down(std::errc code);
    std::optional<std::size_t> faulty_read(std::span<char> space, Deadline deadline);
    void faulty_write(std::string_view bytes, Pace pace);
    bool stall(Deadline deadline, const bool& ended);

    const std::unique_ptr<Stream> stream_;
    FaultPlan& plan_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable ended_;
    bool reading_ended_ = false;
    bool shut_down_ = false;
    std::errc broken_{};  // what every operation throws from now on, if not 0
};

}  // namespace jsocket::testing
