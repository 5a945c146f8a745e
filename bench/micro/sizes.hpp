// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

namespace jsocket::bench {

/// The sizes of message at which everything here is measured.
inline void usual_sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->Arg(64)->Arg(1024)->Arg(64 * 1024)->Arg(1024 * 1024);
}

inline void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

}  // namespace jsocket::bench
