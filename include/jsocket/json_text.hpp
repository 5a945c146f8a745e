// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>

#include <string>
#include <string_view>

/// JSON as text, for programs that pass it on without making a tree of it. Nothing is lost or
/// changed on this way: the order of members, numbers of any size, `1.0` and `-0.0`.
namespace jsocket {

/// Is it one strict JSON text (RFC 8259, UTF-8, nothing after it) within the limits of depth and
/// elements? Throws PayloadError if not. Recursive, as deep as max_depth; needs no other memory.
void validate(std::string_view text, const Limits& limits = {});

/// A JSON text without the white space between its values. Throws PayloadError as validate() does.
std::string compact(std::string_view text, const Limits& limits = {});

/// At most `max_bytes` of `text`, with control characters and bytes that are not ASCII escaped, so
/// that text from a peer can go into a message or a log line. Security: no forged log lines.
std::string printable(std::string_view text, std::size_t max_bytes = 60);

}  // namespace jsocket
