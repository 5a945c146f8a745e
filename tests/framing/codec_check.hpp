// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verdict.hpp"
#include "framing/streams.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/codec.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace jsocket::test {

/// What a codec says to these bytes: "more", "blank", the payload in quotes, or the kind of
/// FramingError.
inline std::string decoded(framing::Codec& codec, std::string_view bytes) {
    try {
        const auto frame = codec.decode(bytes);
        if (!frame) return "more";
        EXPECT_LE(frame->size, bytes.size());
        if (frame->blank) return "blank";
        EXPECT_GE(frame->payload.data(), bytes.data()) << "not within the bytes";
        EXPECT_LE(frame->payload.data() + frame->payload.size(), bytes.data() + frame->size);
        return '"' + std::string(frame->payload) + '"';
    } catch (const FramingError& error) {
        expect_fit_for_a_log(error.what());
        EXPECT_FALSE(error.connection_usable());
        return to_string(error.kind());
    }
}

template <typename Codec>
std::string encoded(std::string_view payload) {
    std::string out = "before";
    Codec(1'000).encode(payload, out);
    EXPECT_TRUE(out.starts_with("before"));
    return out.substr(6);
}

}  // namespace jsocket::test
