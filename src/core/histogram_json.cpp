// SPDX-License-Identifier: Apache-2.0
#include "core/histogram_json.hpp"

#include <utility>

namespace jsocket {

json with_buckets(const HistogramSnapshot& histogram) {
    json buckets = json::array();
    for (const auto& bucket : histogram.buckets) {
        buckets.push_back({bucket.upper.count(), bucket.count});
    }
    json entry = histogram;
    entry["buckets"] = std::move(buckets);
    return entry;
}

}  // namespace jsocket
