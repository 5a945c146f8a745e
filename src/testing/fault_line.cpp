// SPDX-License-Identifier: Apache-2.0
#include "testing/fault_line.hpp"

#include <algorithm>
#include <chrono>

namespace jsocket::testing {
namespace {

// A fast trickle is written in so many portions per second: the kernel wakes nobody much oftener.
constexpr std::size_t portions_per_second = 100;

}  // namespace

FaultLine::FaultLine(const LinkFaults& faults) : faults_(faults) {
    if (faults_.message <= 1) first_ = 0;
}

bool FaultLine::affected() const {
    return faults_.message == 0 || faults_.message == messages_ + 1;
}

void FaultLine::add(std::string_view bytes, Deadline now) {
    if (bytes.empty()) return;
    if (pieces_.empty() || pieces_.back().affected != affected() ||
        pieces_.back().due != due(now)) {
        pieces_.push_back({.affected = affected(), .due = due(now)});
    }
    Piece& piece = pieces_.back();
    piece.bytes += bytes;
    if (piece.affected) flip(piece.bytes, bytes.size());
    added_ += bytes.size();
}

void FaultLine::end_message() {
    if (faults_.message == 0) return;
    ++messages_;
    if (messages_ == faults_.message) end_ = added_;
    if (messages_ + 1 == faults_.message) first_ = added_;
}

void FaultLine::finish(Deadline now) { finish_ = due(now); }

/// The last `size` of `bytes` have just been added.
void FaultLine::flip(std::string& bytes, std::size_t size) const {
    if (!faults_.flip_bit) return;
    const std::uint64_t earlier = added_ - first_;  // bytes that have been counted before
    const std::uint64_t at = *faults_.flip_bit / 8;
    if (at < earlier || at - earlier >= size) return;
    char& byte = bytes[bytes.size() - size + (at - earlier)];
    byte = static_cast<char>(byte ^ (1 << *faults_.flip_bit % 8));
}

/// How many bytes may still pass before what happens `after` so many; nothing if it has not come
/// to that, or never will.
std::optional<std::uint64_t> FaultLine::left(std::optional<std::uint64_t> after) const {
    if (!after || first_ > written_ || written_ > end_) return std::nullopt;
    const std::uint64_t passed = written_ - first_;
    if (*after < passed) return std::nullopt;
    return *after - passed;
}

FaultLine::Step FaultLine::next(Deadline now) const {
    if (left(faults_.reset_after) == 0U) return {.kind = Step::Kind::reset};
    if (left(faults_.cut_after) == 0U) return {.kind = Step::Kind::cut};
    if (pieces_.empty()) {
        if (!finish_) return {};
        if (*finish_ > now) return {.until = *finish_};
        return {.kind = Step::Kind::finish};
    }
    const Piece& piece = pieces_.front();
    const Deadline due = piece.affected ? std::max(piece.due, next_write_) : piece.due;
    if (due > now) return {.until = due};
    return {.kind = Step::Kind::write,
            .bytes = std::string_view(piece.bytes).substr(piece.begin, write_size(piece))};
}

std::size_t FaultLine::write_size(const Piece& piece) const {
    std::uint64_t size = piece.bytes.size() - piece.begin;
    for (const auto after : {faults_.reset_after, faults_.cut_after}) {
        size = std::min(size, left(after).value_or(size));
    }
    if (!piece.affected) return size;
    if (faults_.chunk > 0) size = std::min<std::uint64_t>(size, faults_.chunk);
    if (faults_.trickle > 0) {
        size = std::min<std::uint64_t>(
            size, std::max<std::size_t>(1, faults_.trickle / portions_per_second));
    }
    return size;
}

void FaultLine::written(std::size_t size, Deadline now) {
    Piece& piece = pieces_.front();
    written_ += size;
    piece.begin += size;
    if (piece.affected && faults_.trickle > 0) {
        const std::chrono::duration<double> pause(static_cast<double>(size) /
                                                  static_cast<double>(faults_.trickle));
        next_write_ = now + std::chrono::duration_cast<Deadline::duration>(pause);
    }
    if (piece.begin == piece.bytes.size()) pieces_.pop_front();
}

}  // namespace jsocket::testing
