// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/top_page.hpp"

#include <optional>
#include <vector>

namespace jsocket::cli {

/// What somebody may press.
enum class TopKey {
    quit,
    messages,
    bytes,
    calls,
    latency,
    failures,
    name,
    table,
    pause,
    help,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    other,
};

/// The terminal, while it shows lines from corner to corner.
///
/// Lifetime: one at a time. The destructor gives the terminal back as it was.
class TopScreen {
  public:
    /// Throws UsageError if the terminal cannot do it.
    TopScreen();
    ~TopScreen();
    TopScreen(const TopScreen&) = delete;
    TopScreen& operator=(const TopScreen&) = delete;

    TopSize size() const;

    /// To be called when the window has another size.
    void resize();

    void draw(const std::vector<TopLine>& lines);

    /// What was pressed; empty if nothing was. Does not wait.
    std::optional<TopKey> key();

    /// Can it show what is not ASCII?
    static bool unicode();
};

}  // namespace jsocket::cli
