// SPDX-License-Identifier: Apache-2.0
#include "server/allowed_users.hpp"
#include "socket/current_socket.hpp"
#include "socket/handshake.hpp"
#include "socket/tls_context.hpp"
#include "support/mutex.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/json_server.hpp>
#include <jsocket/socket/listener.hpp>

#include <utility>

namespace jsocket {
namespace {

ServerOptions checked(ServerOptions options) {
    check_options(options);
    return options;
}

}  // namespace

class JsonServer::Impl {
  public:
    explicit Impl(ServerOptions options)
        : options_(checked(std::move(options))),
          tls_(options_.tls ? std::optional<TlsContext>(*options_.tls) : std::nullopt),
          listener_({options_.address, options_.port}, stop_, options_.unix_mode),
          endpoint_(listener_.endpoint()),
          client_("a client") {
        check_allowed_uids(options_, endpoint_);
    }

    void accept_connection() {
        client_.close();
        const Lock lock(accept_mutex_);
        auto stream = accept_allowed(deadline_after(options_.accept_timeout));
        if (!stream && !stop_.raised()) {
            throw TimeoutError(
                "no client within " + std::to_string(options_.accept_timeout.count()) + " ms",
                true);
        }
        if (stream) {
            SocketOptions options = socket_options(options_);
            options.spin = {};  // it is for threads that do nothing but serve
            client_.set(std::make_shared<JsonSocket>(secured(std::move(stream)), options));
        }
        // Looked at after set(): close() either finds the client or is found here.
        if (stop_.raised()) {
            client_.close();
            throw ConnectionClosed("the server is closed", false);
        }
    }

    void close() noexcept {
        stop_.raise();  // ends an accept that waits with the mutex held
        handshake_.interrupt();
        client_.close();
        const Lock lock(accept_mutex_);
        listener_.close();
    }

    /// Empty at the deadline, and when the server is closed. Users that are not allowed find the
    /// end of the stream.
    std::unique_ptr<Stream> accept_allowed(Deadline deadline) {
        while (std::chrono::steady_clock::now() < deadline) {
            auto stream = listener_.accept(deadline);
            if (!stream || is_allowed(*stream, options_)) return stream;
        }
        return nullptr;
    }

    /// With the handshake done.
    std::unique_ptr<Stream> secured(std::unique_ptr<Stream> stream) {
        if (tls_) stream = tls_->accept(std::move(stream));
        handshake_.run(*stream, no_deadline, stop_);
        return stream;
    }

    const ServerOptions options_;
    const std::optional<TlsContext> tls_;
    Interrupt stop_;
    Handshake handshake_;
    Mutex accept_mutex_;
    Listener listener_;
    const Endpoint endpoint_;  // outlives the listener
    CurrentSocket client_;
};

JsonServer::JsonServer(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

JsonServer::~JsonServer() = default;

void JsonServer::accept_connection() { impl_->accept_connection(); }

void JsonServer::send_obj(const json& message) { impl_->client_.send_objs({&message, 1}); }

json JsonServer::read_obj() {
    json message;
    impl_->client_.read_obj(message);
    return message;
}

std::optional<json> JsonServer::try_read_obj(std::chrono::milliseconds timeout) {
    return impl_->client_.try_read_obj(timeout);
}

void JsonServer::close_connection() noexcept { impl_->client_.close(); }

void JsonServer::close() noexcept { impl_->close(); }

bool JsonServer::connected() const noexcept { return impl_->client_.connected(); }

std::uint16_t JsonServer::port() const noexcept { return impl_->endpoint_.port; }

std::string JsonServer::endpoint() const { return to_string(impl_->endpoint_); }

}  // namespace jsocket
