// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// Messages for whoever has registered a spdlog logger named `jsocket`; nobody else sees any.
/// None on the path of a message. What comes from a peer has gone through printable().
namespace jsocket::log {

void info(const std::string& text) noexcept;
void warn(const std::string& text) noexcept;

}  // namespace jsocket::log
