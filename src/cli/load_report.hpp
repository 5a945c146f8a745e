// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load.hpp"

#include <jsocket/json.hpp>

#include <cstddef>
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

/// Messages per second.
double rate_of(const LoadResult& result);

}  // namespace jsocket::cli
