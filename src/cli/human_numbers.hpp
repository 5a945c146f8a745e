// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

/// Numbers for people: about three digits and a unit, never wider than 8 characters.
namespace jsocket::cli {

/// "0", "0.5", "999", "2.0k", "12.3k"; for counts and for rates.
std::string human_count(double count);

/// "0 B", "999 B", "12.3 kB", "4.5 MB"; with powers of 1000.
std::string human_bytes(double bytes);

/// "850 ns", "12.3 us", "1.2 ms", "34 s"; for latencies.
std::string human_latency(std::chrono::nanoseconds duration);

/// "59 s", "12:03", "1:02:03", "3d 04h"; for how long something lasts already.
std::string human_age(double seconds);

}  // namespace jsocket::cli
