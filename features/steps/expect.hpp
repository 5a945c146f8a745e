// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "location.hpp"

#include <chrono>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

/// A step did not find what it expected.
class StepFailed : public std::runtime_error {
  public:
    StepFailed(const std::string& what, Location where);

    /// File and line, for the report.
    const std::string& where() const noexcept { return where_; }

  private:
    std::string where_;
};

/// Throws StepFailed if `condition` does not hold.
void expect(bool condition, const std::string& otherwise, Location where = Location::current());

template <typename Actual, typename Expected>
void expect_equal(const Actual& actual, const Expected& expected, const std::string& of_what,
                  Location where = Location::current()) {
    if (!(actual == expected)) {
        std::ostringstream text;
        text << of_what << ": expected " << expected << ", but it is " << actual;
        throw StepFailed(text.str(), where);
    }
}

/// How long a step waits for what must happen soon: long enough for a busy machine.
inline constexpr std::chrono::milliseconds patience = std::chrono::seconds(10);

/// Waits until `condition` holds, for what cannot be waited for in a better way, and throws
/// StepFailed if it still does not when patience ends.
void eventually(const std::function<bool()>& condition, const std::string& otherwise,
                Location where = Location::current());
