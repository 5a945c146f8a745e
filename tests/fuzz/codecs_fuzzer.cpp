// SPDX-License-Identifier: Apache-2.0
//
// Receives a stream of one format in pieces, and compares what has come of it, piece by piece, with
// what the model of the unit tests makes of the same bytes; then lays out its messages again.
#include "framing/model.hpp"
#include "framing/streams.hpp"
#include "fuzz/stream_recipe.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/frame_reader.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace jsocket;
using test::Reading;
using test::require;

constexpr std::array<Framing, 3> formats{Framing::prefix, Framing::crc, Framing::lines};
constexpr std::array<std::size_t, 8> limits{0, 1, 2, 16, 243, 1'000, 65'536, 10 * 1024 * 1024};

// A model reads from the beginning each time.
constexpr std::size_t most_compared = 16;

class Receiver {
  public:
    Receiver(Framing framing, std::size_t max_message_size, bool releases)
        : reader_(framing, max_message_size), releases_(releases) {
        reading_.framing = framing;
    }

    /// Takes all messages before it looks at any: they live until more is received.
    void receive(std::string_view piece) {
        feed(piece);
        std::vector<std::string_view> payloads;
        try {
            while (const auto payload = reader_.next()) payloads.push_back(*payload);
        } catch (const FramingError& error) {
            reading_.failure = test::to_string(error.kind());
        }
        reading_.payloads.insert(reading_.payloads.end(), payloads.begin(), payloads.end());
        reading_.mid_message = reading_.failure.empty() && reader_.mid_message();
        if (releases_) reader_.release();
    }

    const Reading& reading() const { return reading_; }

  private:
    void feed(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::span<char> space = reader_.prepare();
            require(!space.empty(), "there is room for received bytes");
            const std::size_t size = std::min(space.size(), bytes.size());
            std::memcpy(space.data(), bytes.data(), size);
            reader_.commit(size);
            bytes.remove_prefix(size);
            arrived_ += size;
            // Security: not with what a header claims.
            require(reader_.capacity() <= std::max<std::size_t>(256, 2 * arrived_),
                    "memory grows with what has arrived");
        }
    }

    framing::FrameReader reader_;
    const bool releases_;
    std::size_t arrived_ = 0;
    Reading reading_;
};

void check_reading(Framing framing, std::size_t limit, bool releases,
                   const test::StreamRecipe& recipe) {
    const std::string_view stream = recipe.stream;
    Receiver receiver(framing, limit, releases);
    std::size_t arrived = 0;
    std::size_t compared = 0;
    for (const std::string_view piece : recipe.pieces) {
        receiver.receive(piece);
        const std::size_t before = arrived;
        arrived += piece.size();
        const bool failed = !receiver.reading().failure.empty();
        if (failed || compared++ < most_compared) {
            require(receiver.reading() == test::model(framing, stream.substr(0, arrived), limit),
                    "so far it reads what the model reads");
        }
        if (!failed) continue;
        require(test::model(framing, stream.substr(0, before), limit).failure.empty(),
                "what is wrong was noticed as soon as it was there");
        return;
    }
    require(receiver.reading() == test::model(framing, stream, limit), "it reads as the model");
}

std::string without_line_breaks(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\r', ' ');
    return text;
}

void check_writing(Framing framing, std::size_t limit, const std::vector<std::string>& payloads) {
    const auto codec = framing::make_codec(framing, limit);
    std::string written;
    std::string expected;
    for (const std::string& payload : payloads) {
        codec->encode(payload, written);
        const bool lines = framing == Framing::lines;
        expected += test::frame_of(framing, lines ? without_line_breaks(payload) : payload, "\n");
    }
    require(written == expected, "it writes what the model writes");
    Receiver receiver(framing, limit, false);
    receiver.receive(written);
    require(receiver.reading() == test::model(framing, expected, limit), "it reads what it wrote");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::Input input(data, size);
    const std::uint8_t setup = input.byte();
    const Framing framing = formats[(setup & 3) % formats.size()];
    const std::size_t limit = limits[setup >> 2 & 7];
    test::StreamRecipe recipe;
    test::cook(input, framing, recipe);
    check_reading(framing, limit, (setup >> 5 & 1) != 0, recipe);
    check_writing(framing, limit, recipe.payloads);
    return 0;
}
