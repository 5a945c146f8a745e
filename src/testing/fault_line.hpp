// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::testing {

/// One direction of a connection through a proxy: holds bytes that have come, and says which are
/// to go on when. No I/O and no clock.
class FaultLine {
  public:
    struct Step {
        enum class Kind {
            wait,    ///< for `until`, or for more bytes
            write,   ///< `bytes`, or the first of them
            finish,  ///< finish sending: everything has been written
            cut,     ///< close the connection
            reset,   ///< the same, with a reset
        };

        Kind kind = Kind::wait;
        std::string_view bytes{};  ///< live until add() or written()
        Deadline until = no_deadline;
    };

    explicit FaultLine(const LinkFaults& faults);

    /// Takes bytes that have come. Those of two messages are to be given apart.
    void add(std::string_view bytes, Deadline now);

    /// What comes from now on belongs to the next message.
    void end_message();

    /// The sender has finished.
    void finish(Deadline now);

    /// What to do now.
    Step next(Deadline now) const;

    /// The first `size` bytes of next() have been written.
    void written(std::size_t size, Deadline now);

    /// Is so much held that no more should be read?
    bool full() const { return added_ - written_ >= capacity || pieces_.size() >= piece_capacity; }

    /// How much is held before its sender has to wait, but for what one more read brings.
    static constexpr std::size_t capacity = 256 * 1024;

    /// The same for reads of a few bytes each with a delay: each costs more than its bytes.
    static constexpr std::size_t piece_capacity = 4096;

  private:
    struct Piece {
        std::string bytes{};
        std::size_t begin = 0;  // of what has not been written
        bool affected = false;  // by faults
        Deadline due{};
    };

    bool affected() const;
    Deadline due(Deadline now) const { return affected() ? now + faults_.delay : now; }
    void flip(std::string& bytes, std::size_t size) const;
    std::optional<std::uint64_t> left(std::optional<std::uint64_t> after) const;
    std::size_t write_size(const Piece& piece) const;

    static constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

    const LinkFaults faults_;
    std::deque<Piece> pieces_;
    std::uint64_t added_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t messages_ = 0;         // that have ended
    std::uint64_t first_ = unknown;      // byte that faults affect
    std::uint64_t end_ = unknown;        // of those bytes
    std::optional<Deadline> finish_{};   // when to pass the end on
    Deadline next_write_ = immediately;  // of a trickle
};

}  // namespace jsocket::testing
