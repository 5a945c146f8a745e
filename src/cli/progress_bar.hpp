// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace jsocket::cli {

/// How far something is, in the last line of standard error, as long as it lives. Draws nothing if
/// that is no terminal.
class ProgressBar {
  public:
    ProgressBar();
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// Is it to be seen? If not, there is no need to draw.
    bool visible() const { return visible_; }

    /// `share` is from 0 to 1; `text`, in ASCII, stands behind the bar, as far as there is room.
    void draw(double share, std::string_view text) const;

  private:
    const bool visible_;
};

}  // namespace jsocket::cli
