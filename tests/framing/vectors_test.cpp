// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "core/verdict.hpp"
#include "framing/streams.hpp"

#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket {
namespace {

struct Vector {
    std::string name;
    Framing framing = Framing::automatic;
    std::string bytes;
    std::size_t max_message_size = 0;
    std::vector<std::string> messages;
    std::string failure;
    bool canonical = false;
    Framing detected = Framing::automatic;
};

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        int byte = -1;
        const char* end = hex.data() + i + 2;
        if (std::from_chars(hex.data() + i, end, byte, 16).ptr != end)
            throw std::runtime_error(hex);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

Framing framing_named(const json& name) {
    return name.is_null() ? Framing::automatic
                          : framing_from_string(name.get<std::string>()).value();
}

std::vector<Vector> read_vectors() {
    const json index = json::parse(test::read_file(JSOCKET_TEST_VECTORS "/framing.json"));
    // The limits that the vectors are written for are the library's defaults.
    EXPECT_EQ(index.at("limits").at("max_message_size"), Limits().max_message_size);
    EXPECT_EQ(index.at("limits").at("max_depth"), Limits().max_depth);
    std::vector<Vector> vectors;
    for (const json& entry : index.at("vectors")) {
        const json& failure = entry.at("failure");
        vectors.push_back({
            .name = entry.at("name"),
            .framing = framing_named(entry.at("framing")),
            .bytes = from_hex(entry.at("hex")),
            .max_message_size = entry.value("max_message_size", Limits().max_message_size),
            .messages = entry.at("messages"),
            .failure = failure.is_null() ? "" : failure.get<std::string>(),
            .canonical = entry.value("canonical", false),
            .detected = framing_named(entry.value("detected", json())),
        });
    }
    return vectors;
}

/// Messages and failure of a stream in pieces of `chunk` bytes: framing, then JSON.
struct Received {
    std::vector<std::string> messages;
    std::string failure;
    Framing framing = Framing::automatic;
};

Received receive(const Vector& vector, std::size_t chunk) {
    const test::Reading reading = test::read_pieces(vector.framing, vector.max_message_size,
                                                    test::chunks(vector.bytes, chunk));
    Received received{.messages = {}, .failure = "", .framing = reading.framing};
    for (const std::string& payload : reading.payloads) {
        const std::string verdict = test::verdict(payload);
        if (verdict != "ok") {
            received.failure = verdict;
            return received;
        }
        received.messages.push_back(payload);
    }
    received.failure = reading.mid_message ? "closed_mid_message" : reading.failure;
    return received;
}

TEST(Vectors, LeadToTheirMessagesAndFailuresInPiecesOfEverySize) {
    const std::vector<Vector> vectors = read_vectors();
    ASSERT_GE(vectors.size(), 151u);
    for (const Vector& vector : vectors) {
        SCOPED_TRACE(vector.name);
        for (std::size_t chunk = 1; chunk <= vector.bytes.size() + 1; ++chunk) {
            const Received received = receive(vector, chunk);
            ASSERT_EQ(received.messages, vector.messages) << chunk;
            ASSERT_EQ(received.failure, vector.failure) << chunk;
            if (vector.framing == Framing::automatic) {
                ASSERT_EQ(received.framing, vector.detected) << chunk;
            }
        }
    }
}

TEST(Vectors, AreWhatTheCodecsWrite) {
    std::size_t canonical = 0;
    for (const Vector& vector : read_vectors()) {
        if (!vector.canonical) continue;
        std::string out;
        const auto codec = framing::make_codec(vector.framing, vector.max_message_size);
        for (const std::string& message : vector.messages) codec->encode(message, out);
        EXPECT_EQ(out, vector.bytes) << vector.name;
        ++canonical;
    }
    EXPECT_GE(canonical, 30u);
}

}  // namespace
}  // namespace jsocket
