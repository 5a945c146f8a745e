// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load_options.hpp"
#include "cli/pacer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace jsocket::cli {

/// What one connection of a load says, and which of its messages a reply belongs to. Messages are
/// numbered from 0, as the Pacer does.
///
/// Threads:  sending() and message() on the sending thread, take() and waiting_since() on the
///           receiving one, size() on any.
class Exchange {
  public:
    struct Reply {
        std::uint64_t number;         ///< of the message that it belongs to
        LoadClock::time_point start;  ///< from when on that one's latency counts
        std::string_view error = {};  ///< its object, if it is an error of JSON-RPC; of the text
    };

    virtual ~Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// The next `count` messages, from number `first` on, may be sent, as Pacer::wait() has said.
    virtual void sending(std::uint64_t first, std::size_t count) = 0;

    /// The text of a message that is sent now, each one once and in turn; it lives until the next
    /// call.
    virtual std::string_view message(std::uint64_t number) = 0;

    /// The bytes of that text.
    virtual std::size_t size(std::uint64_t number) const = 0;

    /// Makes of a text that has come what it is a reply to; empty if it is none. Throws
    /// ProtocolError for one that should not have come.
    virtual std::optional<Reply> take(std::string_view text) = 0;

    /// Since when the reply that has been missing for longest is waited for. Requires that not all
    /// messages that may be sent have been replied to.
    virtual LoadClock::time_point waiting_since() = 0;

  protected:
    Exchange() = default;
};

/// `number` is that of the connection; each begins with another message.
std::unique_ptr<Exchange> make_exchange(const LoadOptions& options, const Pacer& pacer,
                                        std::size_t number);

}  // namespace jsocket::cli
