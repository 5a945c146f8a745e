// SPDX-License-Identifier: Apache-2.0
#include "support/thread.hpp"
#include "testing/script_player.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/socket/interrupt.hpp>
#include <jsocket/socket/listener.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/scripted_peer.hpp>

#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace jsocket::testing {
namespace {

constexpr std::size_t stack_size = 512 * 1024;

ScriptPlayer::Options player_options(const ScriptedPeerOptions& options) {
    check_timeout("timeout", options.timeout);
    const bool client = !options.to.empty();
    const bool chosen = options.framing != Framing::automatic;
    return {.reads = client ? Direction::down : Direction::up,
            .framing = client && !chosen ? Framing::prefix : options.framing,
            .timeout = options.timeout};
}

}  // namespace

class ScriptedPeer::Impl {
  public:
    Impl(Script script, ScriptedPeerOptions options, std::unique_ptr<Stream> stream)
        : options_(std::move(options)),
          given_(std::move(stream)),
          player_(std::move(script), player_options(options_),
                  [this](bool last) { return connect(last); }) {
        if (options_.to.empty() && !given_) {
            listener_.emplace(parse_endpoint(options_.listen), stopping_);
            endpoint_ = listener_->endpoint();
        } else if (!given_) {
            endpoint_ = parse_endpoint(options_.to);
        }
        listens_ = listener_.has_value();
        thread_.emplace(stack_size, [this] { run(); });
    }

    ~Impl() {
        if (finished_) return;
        if (std::uncaught_exceptions() > exceptions_) {
            stop();
            if (went_wrong_) tell(*went_wrong_);
        } else {
            end_unasked();
        }
    }

    void finish() {
        const std::lock_guard lock(finishing_);
        if (!std::exchange(finished_, true)) {
            thread_->join();
            try {
                if (!went_wrong_) player_.check_rest();
            } catch (const Mismatch& mismatch) {
                went_wrong_ = mismatch.what();
            }
        }
        if (went_wrong_) throw Mismatch(*went_wrong_);
    }

    Endpoint endpoint() const { return listens_ ? endpoint_ : Endpoint{}; }
    Transcript transcript() const { return player_.transcript(); }

  private:
    std::unique_ptr<Stream> connect(bool last);
    void run() noexcept;
    void stop();
    void end_unasked();
    void tell(const std::string& text) const;

    const ScriptedPeerOptions options_;
    const int exceptions_ = std::uncaught_exceptions();
    Interrupt stopping_;
    std::unique_ptr<Stream> given_;
    std::optional<Listener> listener_;  // until the last connection is made
    Endpoint endpoint_;
    bool listens_ = false;
    ScriptPlayer player_;
    std::optional<std::string> went_wrong_;  // the thread's, until that has been joined
    std::mutex finishing_;
    bool finished_ = false;
    std::optional<Thread> thread_;
};

/// Whoever connects once too often is refused, rather than left waiting.
std::unique_ptr<Stream> ScriptedPeer::Impl::connect(bool last) {
    if (given_) return std::move(given_);
    const Deadline deadline = deadline_after(options_.timeout);
    if (!options_.to.empty()) return connect_stream(endpoint_, deadline, &stopping_);
    if (!listener_) throw UsageError("a script on a stream cannot reconnect");
    auto stream = listener_->accept(deadline);
    if (!stream) {
        throw TimeoutError("nobody connected to " + to_string(endpoint_) + " for " +
                           std::to_string(options_.timeout.count()) + " ms");
    }
    if (last) listener_.reset();
    return stream;
}

/// What went wrong is known before the other side sees that the connection is closed, and its test
/// perhaps ends by that.
void ScriptedPeer::Impl::run() noexcept {
    try {
        player_.run();
    } catch (const std::exception& error) {
        if (!stopping_.raised()) went_wrong_ = error.what();
        player_.close();
    } catch (...) {
        went_wrong_ = "a function of the script threw something that is not a std::exception";
        player_.close();
    }
    listener_.reset();
}

void ScriptedPeer::Impl::stop() {
    stopping_.raise();
    player_.interrupt();
    thread_->join();
}

void ScriptedPeer::Impl::end_unasked() {
    try {
        finish();
        return;
    } catch (const Mismatch& mismatch) {
        tell(mismatch.what());
    }
    if (!options_.report) std::terminate();
}

void ScriptedPeer::Impl::tell(const std::string& text) const {
    if (options_.report) return options_.report(text);
    std::fprintf(stderr, "jsocket::testing::ScriptedPeer: %s\n", text.c_str());
}

ScriptedPeer::ScriptedPeer(Script script, ScriptedPeerOptions options)
    : impl_(std::make_unique<Impl>(std::move(script), std::move(options), nullptr)) {}

ScriptedPeer::ScriptedPeer(std::unique_ptr<Stream> stream, Script script,
                           ScriptedPeerOptions options)
    : impl_(std::make_unique<Impl>(std::move(script), std::move(options), std::move(stream))) {}

ScriptedPeer::~ScriptedPeer() = default;

void ScriptedPeer::finish() { impl_->finish(); }

std::uint16_t ScriptedPeer::port() const { return impl_->endpoint().port; }

std::string ScriptedPeer::endpoint() const {
    const Endpoint endpoint = impl_->endpoint();
    return endpoint == Endpoint{} ? "" : to_string(endpoint);
}

Transcript ScriptedPeer::transcript() const { return impl_->transcript(); }

}  // namespace jsocket::testing
