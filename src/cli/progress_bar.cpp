// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.hpp"

#include "cli/terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace jsocket::cli {
namespace {

constexpr std::size_t longest_bar = 40;
constexpr const char* to_line_start_and_erase = "\r\x1b[K";

void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

ProgressBar::ProgressBar() : visible_(is_terminal(STDERR_FILENO)) {}

ProgressBar::~ProgressBar() {
    if (visible_) write(to_line_start_and_erase);
}

void ProgressBar::draw(double share, std::string_view text) const {
    if (!visible_) return;
    // Without the last column, behind which some terminals begin a new line.
    const std::size_t room = std::max<std::size_t>(columns(STDERR_FILENO), 2) - 1;
    const std::size_t bar = std::min(longest_bar, room / 3);
    const auto done = static_cast<std::size_t>(static_cast<double>(bar) * share);
    std::string line = "[" + std::string(done, '#') + std::string(bar - done, '.') + "] ";
    line += text;
    line.resize(std::min(line.size(), room));
    write(to_line_start_and_erase + line);
}

}  // namespace jsocket::cli
