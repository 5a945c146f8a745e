// SPDX-License-Identifier: Apache-2.0
#include "core/json_scanner.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <cmath>

namespace jsocket {
namespace {

/// Finds what has no JSON text, or is beyond a limit, before dump() recurses into it.
class Checker {
  public:
    explicit Checker(const Limits& limits) : limits_(limits) {}

    void check(const json& value) {
        if (++elements_ > limits_.max_elements) {
            throw UsageError("message of more than max_elements " +
                             std::to_string(limits_.max_elements) + " values");
        }
        if (value.is_structured()) {
            check_members(value);
        } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
            throw UsageError("message with a number that JSON does not have: NaN or infinity");
        } else if (value.is_binary() || value.is_discarded()) {
            throw UsageError("message with a value that JSON does not have: " +
                             std::string(value.type_name()));
        }
    }

  private:
    void check_members(const json& value) {
        const std::size_t max_depth = std::min(limits_.max_depth, largest_depth);
        if (++depth_ > max_depth) {
            throw UsageError("message nested deeper than max_depth " + std::to_string(max_depth));
        }
        for (const json& member : value) check(member);
        --depth_;
    }

    const Limits& limits_;
    std::size_t elements_ = 0;
    std::size_t depth_ = 0;
};

}  // namespace

json parse(std::string_view text, const Limits& limits) {
    JsonScanner(text, limits, JsonScanner::Integers::fitting).scan();
    try {
        return json::parse(text);
    } catch (const json::exception& error) {
        // What is left of errors is a decimal beyond double.
        throw PayloadError(PayloadError::Kind::invalid_json, printable(error.what(), 200));
    }
}

void serialize(const json& value, std::string& out, const Limits& limits) {
    Checker(limits).check(value);
    std::string text;
    try {
        text = value.dump();
    } catch (const json::exception& error) {
        throw UsageError("message cannot be sent: " + printable(error.what(), 200));
    }
    if (text.size() > limits.max_message_size) {
        throw MessageTooLarge(text.size(), limits.max_message_size);
    }
    out += text;
}

}  // namespace jsocket
