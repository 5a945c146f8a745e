// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Numbers for people: three digits that count and a unit, in no more than 8 characters.
namespace jsocket::cli {

/// "0", "0.5", "999", "2.00k", "12.3k"; for counts and for rates.
std::string human_count(double count);

/// "0 B", "999 B", "12.3 kB", "4.54 MB"; with powers of 1000.
std::string human_bytes(double bytes);

/// "850 ns", "12.3 us", "1.20 ms", "34.0 s"; as human_age() from 1000 seconds on.
std::string human_duration(std::chrono::nanoseconds duration);

/// "59 s", "12:03", "1:02:03", "3d 04h"; for how long something lasts already.
std::string human_age(double seconds);

/// "0.5/s", "12.3/s", "1,234,567/s", as wide as need be; for a rate that is to be compared.
std::string human_rate(double per_second);

/// "1,234,567", as wide as need be; for a count that is to be exact.
std::string human_exactly(std::uint64_t count);

}  // namespace jsocket::cli
