// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/options.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace jsocket::framing {

/// Which wire format a connection speaks, from the first bytes its client has sent; nothing if
/// there are none yet. docs/framing.md has the table.
///
/// Throws FramingError (bad_header) for what is reserved, `GET ` and a TLS handshake, and
/// PayloadError (invalid_json) for text that cannot begin a JSON value, such as another HTTP
/// method. Security: a web page that makes a browser post to this port does not get through.
std::optional<Framing> detect(std::string_view first_bytes, std::size_t max_message_size);

}  // namespace jsocket::framing
