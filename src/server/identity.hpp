// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

/// Who a message says its sender is: its member `client`, else `client_id`, as text. Empty if it
/// has neither, or one that is null or blank.
std::optional<std::string> identity_of(const json& message);

/// The member that identity_of() looks at, if there is one; null blocks the other.
const json* identity_member(const json& message);

/// A name as it stands in the statistics: without white space around it, and cut to a length that
/// bounds their memory. May be empty.
std::string_view identity_text(std::string_view name);

}  // namespace jsocket
