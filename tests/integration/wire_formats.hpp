// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"

#include <jsocket/options.hpp>

#include <ostream>
#include <string>
#include <string_view>

namespace jsocket {

/// For GoogleTest, which names tests and failures by it.
inline void PrintTo(Framing framing, std::ostream* out) { *out << to_string(framing); }

}  // namespace jsocket

namespace test_support {

inline constexpr jsocket::Framing all_formats[] = {jsocket::Framing::prefix, jsocket::Framing::crc,
                                                   jsocket::Framing::lines};

/// One message as a client of this format writes it.
inline std::string frame(jsocket::Framing framing, std::string_view payload) {
    switch (framing) {
        case jsocket::Framing::crc:
            return crc_frame(payload);
        case jsocket::Framing::lines:
            return line_frame(payload);
        default:
            return prefix_frame(payload);
    }
}

/// The payload of the next message in this format.
inline std::string receive_frame(RawPeer& peer, jsocket::Framing framing) {
    switch (framing) {
        case jsocket::Framing::crc:
            return peer.receive_crc_frame();
        case jsocket::Framing::lines:
            return peer.receive_line();
        default:
            return peer.receive_prefix_frame();
    }
}

}  // namespace test_support
