// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/histogram.hpp>
#include <jsocket/json.hpp>

namespace jsocket {

/// A histogram as JSON, and with it all that it has counted: "buckets", pairs of the longest
/// duration in nanoseconds and the count. Whoever gets two of them learns what happened in between.
json with_buckets(const HistogramSnapshot& histogram);

}  // namespace jsocket
