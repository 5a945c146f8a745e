// SPDX-License-Identifier: Apache-2.0
#include "testing/accept_loop.hpp"
#include "testing/proxy_connection.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <exception>
#include <utility>

namespace jsocket::testing {
namespace {

/// With the setting named in what it throws.
Endpoint endpoint_of(const char* setting, const std::string& text) {
    try {
        return parse_endpoint(text);
    } catch (const UsageError& error) {
        throw UsageError(std::string(setting) + ": " + error.what());
    }
}

void check(const LinkFaults& faults) {
    constexpr std::chrono::hours year(365 * 24);
    if (faults.delay < std::chrono::milliseconds::zero() || faults.delay > year) {
        throw UsageError("delay must be from 0 to a year");
    }
}

FaultProxyOptions checked(FaultProxyOptions options) {
    check(options.up);
    check(options.down);
    check_options(
        {.framing = options.framing, .limits = {.max_message_size = options.max_message_size}});
    check_timeout("connect_timeout", options.connect_timeout);
    return options;
}

}  // namespace

class FaultProxy::Impl {
  public:
    explicit Impl(FaultProxyOptions options)
        : options_(checked(std::move(options))),
          server_(endpoint_of("to", options_.to)),
          unreachable_(options_.complain),
          broken_(options_.complain),
          accepting_(
              endpoint_of("listen", options_.listen), options_.max_connections,
              [this](std::uint64_t number, std::unique_ptr<Stream> client) {
                  serve(number, std::move(client));
              },
              options_.complain) {
        accepting_.start();
    }

    ~Impl() { stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void stop() {
        accepting_.stop();
        unreachable_.finish();
        broken_.finish();
    }
    std::uint64_t refused() const { return accepting_.refused(); }
    const Endpoint& endpoint() const { return accepting_.endpoint(); }

  private:
    void serve(std::uint64_t number, std::unique_ptr<Stream> client) noexcept;
    void see(std::uint64_t connection, ProxyEvent event) const;

    const FaultProxyOptions options_;
    const Endpoint server_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Complaints unreachable_;
    Complaints broken_;
    AcceptLoop accepting_;  // last, since its threads use the others
};

void FaultProxy::Impl::serve(std::uint64_t number, std::unique_ptr<Stream> client) noexcept {
    const Interrupt& stop = accepting_.stopping();
    try {
        auto server = connect_stream(server_, deadline_after(options_.connect_timeout), &stop);
        see(number, {.kind = ProxyEvent::Kind::connect});
        ProxyConnection::Observe observe;
        if (options_.observe) {
            observe = [this, number](const ProxyEvent& event) { see(number, event); };
        }
        {
            ProxyConnection connection(options_, std::move(client), std::move(server),
                                       std::move(observe));
            connection.run(stop);
        }
        see(number, {.kind = ProxyEvent::Kind::close});
    } catch (const ConnectError& error) {
        if (!stop.raised()) unreachable_.add(error.what());
    } catch (const std::exception& error) {
        if (!stop.raised()) broken_.add(error.what());
    }
}

void FaultProxy::Impl::see(std::uint64_t connection, ProxyEvent event) const {
    if (!options_.observe) return;
    event.connection = connection;
    event.time = std::chrono::steady_clock::now() - start_;
    options_.observe(event);
}

std::uint64_t FaultProxy::refused_connections() const { return impl_->refused(); }

FaultProxy::FaultProxy(FaultProxyOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

FaultProxy::~FaultProxy() = default;

void FaultProxy::stop() { impl_->stop(); }

std::uint16_t FaultProxy::port() const { return impl_->endpoint().port; }

std::string FaultProxy::endpoint() const { return to_string(impl_->endpoint()); }

}  // namespace jsocket::testing
