// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/top_line.hpp"
#include "cli/top_model.hpp"

#include <cstddef>
#include <span>
#include <vector>

/// The tables of `jsocket top`: a heading, and a line for each row. No line is wider than there are
/// columns, of which as many are shown as fit.
namespace jsocket::cli {

std::vector<TopLine> client_table(std::span<const TopRow> rows, std::size_t columns);

std::vector<TopLine> method_table(std::span<const MethodRow> rows, std::size_t columns);

}  // namespace jsocket::cli
