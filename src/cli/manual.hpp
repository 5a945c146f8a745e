// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/description.hpp"

#include <string>
#include <vector>

namespace jsocket::cli {

/// A page for man(1).
struct ManualPage {
    std::string file;  ///< "jsocket-send.1"
    std::string text;
};

/// jsocket(1) and a page for each command. `date` is year-month-day.
std::vector<ManualPage> manual_pages(const Description& jsocket, const std::string& date);

}  // namespace jsocket::cli
