// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace jsocket::cli {

/// The lines of standard input; while the next one is waited for, other things can happen.
class ScriptLines {
  public:
    /// Calls `on_wake` whenever `wake` is readable while there is no line.
    ScriptLines(int wake, std::function<void()> on_wake)
        : wake_(wake), on_wake_(std::move(on_wake)) {}

    /// Nothing else happens.
    ScriptLines() : ScriptLines(-1, {}) {}

    /// The next line, without its end; empty behind the last one. Throws Error if standard input
    /// cannot be read.
    std::optional<std::string> read();

  private:
    std::optional<std::string> take_line();
    void read_more();

    const int wake_;
    const std::function<void()> on_wake_;
    std::string text_;          // what has been read
    std::size_t begin_ = 0;     // of the next line in it
    std::size_t searched_ = 0;  // there is no end of a line between begin_ and here
    bool ended_ = false;
};

}  // namespace jsocket::cli
