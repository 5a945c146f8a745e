// SPDX-License-Identifier: Apache-2.0
//
// What framing costs by itself: laying out one message, and finding it again.
#include "load/payload.hpp"
#include "micro/sizes.hpp"

#include <jsocket/framing/frame_reader.hpp>

#include <algorithm>
#include <string>

namespace jsocket::bench {
namespace {

void encode(benchmark::State& state, Framing framing) {
    const std::string payload = make_payload(static_cast<std::size_t>(state.range(0)));
    const auto codec = framing::make_codec(framing, largest_message);
    std::string out;
    for (auto _ : state) {
        out.clear();
        codec->encode(payload, out);
    }
    count_bytes(state);
}
BENCHMARK_CAPTURE(encode, prefix, Framing::prefix)->Apply(usual_sizes);
BENCHMARK_CAPTURE(encode, crc, Framing::crc)->Apply(usual_sizes);
BENCHMARK_CAPTURE(encode, lines, Framing::lines)->Apply(usual_sizes);

/// With the copy into the buffer that otherwise the kernel makes.
void decode(benchmark::State& state, Framing framing) {
    std::string bytes;
    framing::make_codec(framing, largest_message)
        ->encode(make_payload(static_cast<std::size_t>(state.range(0))), bytes);
    framing::FrameReader reader(framing, largest_message);
    for (auto _ : state) {
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const auto space = reader.prepare();
            const std::size_t size = std::min(space.size(), rest.size());
            std::copy_n(rest.begin(), size, space.begin());
            reader.commit(size);
            rest.remove_prefix(size);
            if (rest.empty()) benchmark::DoNotOptimize(reader.next());
        }
    }
    count_bytes(state);
}
BENCHMARK_CAPTURE(decode, prefix, Framing::prefix)->Apply(usual_sizes);
BENCHMARK_CAPTURE(decode, crc, Framing::crc)->Apply(usual_sizes);
BENCHMARK_CAPTURE(decode, lines, Framing::lines)->Apply(usual_sizes);

}  // namespace
}  // namespace jsocket::bench
