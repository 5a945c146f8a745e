// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace test_support {

/// One of eight addresses of the loopback network. A client has some 28,000 ports for each, which a
/// connection that it closed itself keeps for a minute.
std::uint32_t source_address(int number);

/// Connects from that address to 127.0.0.1.
RawPeer connect_from(std::uint32_t source, std::uint16_t port);

/// What a number of requests took, in milliseconds.
struct Latencies {
    std::size_t wrong = 0;  ///< replies that were no echo, or none at all
    std::size_t size() const { return times.size(); }

    /// The time that so many percent of the requests have taken at most; 0 without any.
    double percentile(double percent) const;

    std::vector<double> times;
};

/// Has `clients` connections, each from a thread of its own, ask `requests` questions each, all at
/// once.
Latencies ask_at_once(std::uint16_t port, int clients, int requests);

}  // namespace test_support
