// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load.hpp"

#include <jsocket/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

/// What a load has measured, for people and for programs.
namespace jsocket::cli {

/// As docs/bench.md describes it.
json to_json(const LoadResult& result, const LoadOptions& options);

struct ReportStyle {
    std::size_t columns = 80;
    bool colour = false;
};

/// Lines of ASCII that end with a line feed, the last one included.
std::string report(const LoadResult& result, const LoadOptions& options, ReportStyle style);

/// "1,234,567".
std::string grouped(std::uint64_t number);

/// "850 ns", "1.23 ms", "12.3 s".
std::string short_duration(std::chrono::nanoseconds duration);

/// "64 B", "1.23 MB"; a kB is a thousand bytes.
std::string short_size(double bytes);

/// Messages per second.
double rate_of(const LoadResult& result);

}  // namespace jsocket::cli
