// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/testing/pipe.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

namespace jsocket::testing {
namespace {

/// One direction of a pipe. All members may be called from any thread.
class Channel {
  public:
    explicit Channel(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

    std::optional<std::size_t> read(std::span<char> space, Deadline deadline) {
        std::unique_lock lock(mutex_);
        const bool ready = changed_.wait_until(
            lock, deadline, [this] { return reading_ended_ || writing_ended_ || unread() > 0; });
        if (!ready) return std::nullopt;
        if (reading_ended_) return 0;
        const std::size_t size = bytes_.copy(space.data(), space.size(), read_);
        read_ += size;
        if (read_ > bytes_.size() / 2) bytes_.erase(0, std::exchange(read_, 0));
        changed_.notify_all();
        return size;
    }

    void write(std::string_view bytes, std::chrono::milliseconds timeout) {
        std::unique_lock lock(mutex_);
        while (!bytes.empty()) {
            const bool ready = changed_.wait_until(lock, deadline_after(timeout), [this] {
                return writing_ended_ || reader_gone_ || unread() < capacity_;
            });
            if (!ready) throw TimeoutError("pipe: the other end does not read");
            if (writing_ended_ || reader_gone_) {
                throw ConnectionError("socket connection broken: pipe",
                                      std::make_error_code(std::errc::broken_pipe));
            }
            const std::size_t size = std::min(bytes.size(), capacity_ - unread());
            bytes_.append(bytes.substr(0, size));
            bytes.remove_prefix(size);
            changed_.notify_all();
        }
    }

    void end_writing() { set(writing_ended_); }

    /// The reader wants no more, but its end is still there: writing goes on until it is full.
    void end_reading() { set(reading_ended_); }

    void leave_reading() {
        end_reading();
        set(reader_gone_);
    }

  private:
    std::size_t unread() const { return bytes_.size() - read_; }

    void set(bool& flag) {
        const std::lock_guard lock(mutex_);
        flag = true;
        changed_.notify_all();
    }

    const std::size_t capacity_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string bytes_;     // written
    std::size_t read_ = 0;  // how many of them have been read
    bool writing_ended_ = false;
    bool reading_ended_ = false;
    bool reader_gone_ = false;
};

class PipeEnd : public Stream {
  public:
    PipeEnd(std::shared_ptr<Channel> incoming, std::shared_ptr<Channel> outgoing)
        : incoming_(std::move(incoming)), outgoing_(std::move(outgoing)) {}
    ~PipeEnd() override {
        incoming_->leave_reading();
        outgoing_->end_writing();
    }

    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override {
        return incoming_->read(space, deadline);
    }
    void write_all(std::string_view bytes, Pace pace) override {
        outgoing_->write(bytes, pace.timeout);
    }
    void interrupt() noexcept override { incoming_->end_reading(); }
    void finish_writing() noexcept override { outgoing_->end_writing(); }
    void shutdown() noexcept override {
        incoming_->leave_reading();
        outgoing_->end_writing();
    }
    std::string peer() const override { return "unknown"; }

  private:
    const std::shared_ptr<Channel> incoming_;
    const std::shared_ptr<Channel> outgoing_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> pipe(std::size_t capacity) {
    const auto there = std::make_shared<Channel>(capacity);
    const auto back = std::make_shared<Channel>(capacity);
    return {std::make_unique<PipeEnd>(back, there), std::make_unique<PipeEnd>(there, back)};
}

}  // namespace jsocket::testing
