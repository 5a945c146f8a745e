// SPDX-License-Identifier: Apache-2.0
#include "core/histogram_json.hpp"

#include "core/discard.hpp"

#include <utility>

namespace jsocket {

json with_buckets(const HistogramSnapshot& histogram) {
    Tree buckets{json::array()};
    for (const auto& bucket : histogram.buckets) {
        buckets.value.push_back({bucket.upper.count(), bucket.count});
    }
    Tree entry{histogram};
    entry.value["buckets"] = std::move(buckets.value);
    return std::move(entry.value);
}

}  // namespace jsocket
