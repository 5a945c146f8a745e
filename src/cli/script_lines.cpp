// SPDX-License-Identifier: Apache-2.0
#include "cli/script_lines.hpp"

#include "cli/standard_input.hpp"

#include <algorithm>
#include <array>
#include <poll.h>
#include <unistd.h>

namespace jsocket::cli {

std::optional<std::string> ScriptLines::read() {
    for (;;) {
        if (auto line = take_line()) return line;
        if (ended_) return std::nullopt;
        std::array<pollfd, 2> ready{{{STDIN_FILENO, POLLIN, 0}, {wake_, POLLIN, 0}}};
        if (poll(ready.data(), ready.size(), -1) < 0) continue;  // a signal
        if (ready[1].revents != 0) on_wake_();
        if (ready[0].revents != 0) read_more();
    }
}

/// A last line needs no end.
std::optional<std::string> ScriptLines::take_line() {
    std::size_t end = text_.find('\n', searched_);
    searched_ = text_.size();
    if (end == std::string::npos) {
        if (!ended_ || begin_ == text_.size()) return std::nullopt;
        end = text_.size();
    }
    std::string line = text_.substr(begin_, end - begin_);
    begin_ = searched_ = std::min(end + 1, text_.size());
    return line;
}

void ScriptLines::read_more() {
    text_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    const std::string piece = read_some_input();
    text_ += piece;
    ended_ = piece.empty();
}

}  // namespace jsocket::cli
