// SPDX-License-Identifier: Apache-2.0
#include "testing/observed_stream.hpp"

#include <jsocket/error.hpp>

#include <utility>

namespace jsocket::testing {
namespace {

Direction opposite(Direction direction) {
    return direction == Direction::up ? Direction::down : Direction::up;
}

}  // namespace

ObservedStream::ObservedStream(std::unique_ptr<Stream> stream, Direction reads, Framing framing,
                               Observe observe)
    : stream_(std::move(stream)),
      observe_(std::move(observe)),
      in_{reads, MessageFinder(framing, largest_automatic_message)},
      out_{opposite(reads), MessageFinder(framing, largest_automatic_message)} {}

ObservedStream::~ObservedStream() {
    const Lock lock(mutex_);
    if (!in_.ended) end(out_);  // this side closes, unless the other one has
}

std::optional<std::size_t> ObservedStream::read_some(std::span<char> space, Deadline deadline) {
    try {
        const auto size = stream_->read_some(space, deadline);
        const Lock lock(mutex_);
        if (size && *size > 0) passed(in_, {space.data(), *size});
        if (size && *size == 0 && !interrupted_) end(in_);
        return size;
    } catch (const ConnectionError&) {
        const Lock lock(mutex_);
        if (!interrupted_) end(in_);
        throw;
    }
}

void ObservedStream::write_all(std::string_view bytes, Pace pace) {
    {
        const Lock lock(mutex_);
        passed(out_, bytes);
    }
    stream_->write_all(bytes, pace);
}

void ObservedStream::interrupt() noexcept {
    {
        const Lock lock(mutex_);
        interrupted_ = true;
    }
    stream_->interrupt();
}

void ObservedStream::finish_writing() noexcept {
    {
        const Lock lock(mutex_);
        end(out_);
    }
    stream_->finish_writing();
}

void ObservedStream::shutdown() noexcept {
    {
        const Lock lock(mutex_);
        end(out_);
        interrupted_ = true;
    }
    stream_->shutdown();
}

void ObservedStream::passed(Lane& lane, std::string_view bytes) {
    lane.finder.add(bytes);
    while (const auto found = lane.finder.next()) {
        if (found->kind == MessageFinder::Kind::message) {
            tell(lane, ProxyEvent::Kind::message, found->bytes);
        } else if (found->kind == MessageFinder::Kind::other) {
            tell(lane, ProxyEvent::Kind::bytes, found->bytes);
        }
    }
}

void ObservedStream::end(Lane& lane) {
    if (std::exchange(lane.ended, true)) return;
    if (!lane.finder.rest().empty()) tell(lane, ProxyEvent::Kind::bytes, lane.finder.rest());
    tell(lane, ProxyEvent::Kind::finish, {});
}

void ObservedStream::tell(const Lane& lane, ProxyEvent::Kind kind, std::string_view bytes) {
    observe_({.kind = kind,
              .direction = lane.direction,
              .framing = lane.finder.framing(),
              .bytes = bytes});
}

}  // namespace jsocket::testing
