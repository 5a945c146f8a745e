// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <optional>
#include <string>

namespace jsocket::testing {

/// `value` as compact JSON, for a report: at most some 200 bytes of ASCII, `anything()` spelled
/// out.
std::string shown(const json& value);

/// Where `got` first differs from `pattern`, in words; empty if it does not. Where `pattern` has an
/// anything(), `got` may have any value, but must have one.
std::optional<std::string> difference(const json& pattern, const json& got);

}  // namespace jsocket::testing
