// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "socket/current_socket.hpp"
#include "socket/handshake.hpp"
#include "socket/tls_context.hpp"
#include "socket/wait.hpp"
#include "support/mutex.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/error.hpp>

#include <poll.h>
#include <random>
#include <utility>

namespace jsocket {
namespace {

constexpr const char* closed_while_connecting = "closed while connecting";

SocketOptions socket_options(const ClientOptions& options) {
    return {.framing = options.framing,
            .limits = options.limits,
            .recv_timeout = options.recv_timeout,
            .send_timeout = options.send_timeout,
            .min_send_rate = options.min_send_rate,
            .message_deadline = options.message_deadline,
            .min_receive_rate = options.min_receive_rate};
}

void check_client_options(const ClientOptions& options) {
    check_options(socket_options(options));
    if (options.framing == Framing::automatic) {
        throw UsageError("framing is auto; a client has to choose prefix, crc or lines");
    }
    if (options.retry.attempts < 1) {
        throw UsageError("retry.attempts is " + std::to_string(options.retry.attempts) +
                         "; it has to be at least 1");
    }
    if (options.tls) {
        check_timeout("tls.handshake_timeout", options.tls->handshake_timeout);
        if (options.tls->check_host_name && options.tls->host_name.empty() &&
            Endpoint{options.address, 0}.unix_path()) {
            throw UsageError(
                "tls.host_name is empty; with a UNIX-domain socket it has to say "
                "which name the server's certificate has");
        }
    }
    check_timeout("retry.deadline", options.retry.deadline);
    check_timeout("retry.initial_backoff", options.retry.initial_backoff);
    check_timeout("retry.max_backoff", options.retry.max_backoff);
}

/// Anything up to `limit`, each equally likely.
std::chrono::milliseconds jitter(std::chrono::milliseconds limit) {
    thread_local std::minstd_rand random(std::random_device{}());
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::chrono::milliseconds::rep>(0, limit.count())(random));
}

}  // namespace

class JsonClient::Impl {
  public:
    explicit Impl(ClientOptions options)
        : options_(std::move(options)), socket_(to_string(endpoint())) {
        check_client_options(options_);
        if (options_.tls) tls_.emplace(*options_.tls);
    }

    const ClientOptions& options() const { return options_; }

    CurrentSocket& socket() { return socket_; }
    const CurrentSocket& socket() const { return socket_; }

    void connect() {
        if (socket_.connected()) return;
        socket_.close();
        const auto cancel = begin();
        std::shared_ptr<JsonSocket> socket;
        try {
            socket = std::make_shared<JsonSocket>(connect_with_retries(*cancel),
                                                  socket_options(options_));
        } catch (...) {
            end(cancel);
            throw;
        }
        const Lock lock(mutex_);
        if (cancel->raised()) throw ConnectionClosed(closed_while_connecting, false);
        cancel_.reset();
        socket_.set(std::move(socket));
    }

    void close() noexcept {
        const Lock lock(mutex_);
        if (cancel_) cancel_->raise();
        handshake_.interrupt();
        socket_.close();
    }

  private:
    Endpoint endpoint() const { return {options_.address, options_.port}; }

    /// What close() raises while connect() runs.
    std::shared_ptr<Interrupt> begin() {
        std::shared_ptr<Interrupt> cancel;
        try {
            cancel = std::make_shared<Interrupt>();
        } catch (const ConnectionError& error) {
            throw ConnectError(error.what(), error.code(), to_string(endpoint()));
        }
        const Lock lock(mutex_);
        cancel_ = cancel;
        return cancel;
    }

    void end(const std::shared_ptr<Interrupt>& cancel) {
        const Lock lock(mutex_);
        if (cancel_ == cancel) cancel_.reset();
    }

    std::unique_ptr<Stream> connect_with_retries(const Interrupt& cancel) {
        const Deadline deadline = deadline_after(options_.retry.deadline);
        for (int attempt = 1;; ++attempt) {
            try {
                return secured(connect_stream(endpoint(), deadline, &cancel), deadline, cancel);
            } catch (const TlsError& error) {
                fail(error, std::make_error_code(std::errc::permission_denied), attempt);
            } catch (const TimeoutError& error) {
                fail(error, std::make_error_code(std::errc::timed_out), attempt);
            } catch (const UnknownHost& error) {
                fail(error, error.code(), attempt);
            } catch (const ConnectionError& error) {
                if (cancel.raised()) throw ConnectionClosed(closed_while_connecting, false);
                if (attempt >= options_.retry.attempts || !back_off(attempt, deadline, cancel)) {
                    fail(error, error.code(), attempt);
                }
            }
        }
    }

    /// With the handshake done.
    std::unique_ptr<Stream> secured(std::unique_ptr<Stream> stream, Deadline deadline,
                                    const Interrupt& cancel) {
        if (tls_) stream = tls_->connect(std::move(stream), options_.address);
        handshake_.run(*stream, deadline, cancel);
        return stream;
    }

    [[noreturn]] void fail(const Error& error, std::error_code code, int attempts) const {
        throw ConnectError(error.what(), code, to_string(endpoint()), attempts);
    }

    /// Waits before the next attempt. False if the deadline comes before it would.
    bool back_off(int attempt, Deadline deadline, const Interrupt& cancel) const {
        const Deadline next = deadline_after(jitter(options_.retry.backoff_limit(attempt)));
        if (next >= deadline) return false;
        wait_for(-1, 0, next, &cancel);
        return true;
    }

    const ClientOptions options_;
    std::optional<TlsContext> tls_;
    CurrentSocket socket_;
    Handshake handshake_;
    Mutex mutex_;
    std::shared_ptr<Interrupt> cancel_ JSOCKET_GUARDED_BY(mutex_);  // of a connect() that runs
};

JsonClient::JsonClient(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

JsonClient::~JsonClient() = default;

JsonClient::JsonClient(JsonClient&&) noexcept = default;
JsonClient& JsonClient::operator=(JsonClient&&) noexcept = default;

void JsonClient::connect() { impl_->connect(); }

void JsonClient::send_obj(const json& message) { impl_->socket().send_objs({&message, 1}); }

void JsonClient::send_objs(std::span<const json> messages) { impl_->socket().send_objs(messages); }

json JsonClient::read_obj() {
    json reply;
    read_obj(reply);
    return reply;
}

void JsonClient::read_obj(json& reply) { impl_->socket().read_obj(reply); }

std::optional<json> JsonClient::try_read_obj(std::chrono::milliseconds timeout) {
    return impl_->socket().try_read_obj(timeout);
}

json JsonClient::request(const json& message) {
    json reply;
    request(message, reply);
    return reply;
}

void JsonClient::request(const json& message, json& reply) {
    send_obj(message);
    try {
        read_obj(reply);
    } catch (const TimeoutError& error) {
        close();
        throw TimeoutError(error.what());
    }
}

void JsonClient::send_payload(std::string_view payload) { impl_->socket().send_payload(payload); }

std::string JsonClient::read_payload() { return impl_->socket().read_payload(); }

std::optional<std::string> JsonClient::try_read_payload(std::chrono::milliseconds timeout) {
    return impl_->socket().try_read_payload(timeout);
}

void JsonClient::close() noexcept {
    if (impl_) impl_->close();
}

bool JsonClient::connected() const noexcept { return impl_ && impl_->socket().connected(); }

const ClientOptions& JsonClient::options() const noexcept { return impl_->options(); }

}  // namespace jsocket
