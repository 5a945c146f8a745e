// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/signal_queue.hpp"
#include "cli/top_page.hpp"
#include "cli/top_screen.hpp"
#include "cli/top_source.hpp"

#include <optional>

namespace jsocket::cli {

/// Shows what a TopSource tells until somebody has seen enough.
class TopWatch {
  public:
    /// `first` is what the source has been asked already. `source` is to be started by run().
    TopWatch(TopSource& source, TopSnapshot first, std::string server);

    /// Returns after `q`, SIGINT, SIGTERM, SIGHUP or SIGQUIT, or when the terminal is gone; throws
    /// what the source ended with. To be called before any thread is started, since it blocks these
    /// signals.
    void run();

  private:
    bool wait_and_react(TopScreen& screen, const SignalQueue& signals);
    bool react_to_signal(TopScreen& screen, const SignalQueue& signals);
    bool react_to_keys(TopScreen& screen);
    void press(TopKey key, std::size_t page);
    bool order_by(TopKey key);
    void scroll(TopKey key, std::size_t page);
    void take_news();
    void show(const std::optional<TopSnapshot>& before, TopSnapshot now);

    TopSource& source_;
    TopState state_;
    TopView view_;
    bool starts_anew_ = false;  // there is nothing to compare the next view with
};

}  // namespace jsocket::cli
