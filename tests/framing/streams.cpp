// SPDX-License-Identifier: Apache-2.0
#include "framing/streams.hpp"

#include "core/verdict.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <cstring>

namespace jsocket::test {
namespace {

/// Takes every message that has arrived; says what went wrong, if anything.
std::string drain(framing::FrameReader& reader, std::vector<std::string>& payloads) {
    try {
        while (const auto payload = reader.next()) payloads.emplace_back(*payload);
        return "";
    } catch (const FramingError& error) {
        expect_fit_for_a_log(error.what());
        return to_string(error.kind());
    } catch (const PayloadError& error) {
        expect_fit_for_a_log(error.what());
        return to_string(error.kind());
    }
}

}  // namespace

std::string to_string(FramingError::Kind kind) {
    switch (kind) {
        case FramingError::Kind::bad_header:
            return "bad_header";
        case FramingError::Kind::bad_checksum:
            return "bad_checksum";
        case FramingError::Kind::oversize:
            return "oversize";
    }
    return "unknown";
}

void feed(framing::FrameReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<char> space = reader.prepare();
        ASSERT_FALSE(space.empty());
        const std::size_t size = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), size);
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

Reading read_pieces(Framing framing, std::size_t max_message_size,
                    const std::vector<std::string_view>& pieces) {
    framing::FrameReader reader(framing, max_message_size);
    Reading reading;
    for (const std::string_view piece : pieces) {
        feed(reader, piece);
        reading.failure = drain(reader, reading.payloads);
        if (!reading.failure.empty()) break;
    }
    reading.framing = reader.framing();
    reading.mid_message = reading.failure.empty() && reader.mid_message();
    return reading;
}

std::vector<std::string_view> chunks(std::string_view stream, std::size_t size) {
    std::vector<std::string_view> result;
    for (std::size_t i = 0; i < stream.size(); i += size) result.push_back(stream.substr(i, size));
    return result;
}

}  // namespace jsocket::test
