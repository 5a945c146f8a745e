// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"
#include "support/wait.hpp"
#include "support/wire.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jsocket::rpc {

using namespace std::chrono_literals;
using test_support::patience;
using test_support::prefix_frame;
using test_support::RawPeer;
using test_support::wait_until;

/// What tests of one thread wait for and another one brings about.
class Event {
  public:
    void set() {
        const std::scoped_lock lock(mutex_);
        set_ = true;
        changed_.notify_all();
    }

    /// False if it was not set in time.
    bool wait(std::chrono::milliseconds timeout = patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, timeout, [this] { return set_; });
    }

    /// The same, also ended by a stop token. Was it stopped?
    bool wait_or_stop(const std::stop_token& stop) {
        const std::stop_callback wake(stop, [this] {
            const std::scoped_lock lock(mutex_);
            changed_.notify_all();
        });
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [&] { return set_ || stop.stop_requested(); });
        return stop.stop_requested();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

/// A server of `methods`, started when first asked for, and clients of it.
class RpcTest : public ::testing::Test {
  protected:
    Running<Server>& server() {
        if (!server_) server_.emplace(options, methods);
        return *server_;
    }

    Client new_client(const Dispatcher& offered = Dispatcher()) {
        Client client({.port = server().port()}, offered);
        client.connect();
        return client;
    }

    RawPeer new_raw_client() { return RawPeer::connect(server().port()); }

    /// For destructors of fixtures whose members the methods use.
    void stop_server() { server_.reset(); }

    ServerOptions options = {};
    Dispatcher methods;

  private:
    std::optional<Running<Server>> server_;
};

inline json receive(RawPeer& peer) { return json::parse(peer.receive_prefix_frame()); }

inline void send(RawPeer& peer, const json& message) { peer.send(prefix_frame(message.dump())); }

/// A request; a notification without an id.
inline json request(std::string_view method, json params = nullptr, json id = nullptr) {
    json message = {{"jsonrpc", "2.0"}, {"method", method}};
    if (!params.is_null()) message["params"] = std::move(params);
    if (!id.is_null()) message["id"] = std::move(id);
    return message;
}

inline json result(json value, json id) {
    return {{"jsonrpc", "2.0"}, {"result", std::move(value)}, {"id", std::move(id)}};
}

/// Well formed, but beyond Limits, or with a number that no tree can hold.
inline std::vector<std::string> unreadable_results(const json& id) {
    std::vector<std::string> texts;
    for (const std::string& value :
         {std::string(200, '[') + std::string(200, ']'), std::string("18446744073709551616")}) {
        texts.push_back(R"({"jsonrpc":"2.0","result":)" + value + R"(,"id":)" + id.dump() + "}");
    }
    return texts;
}

/// The code of an error reply, which must have the id.
inline int code_of(const json& reply, const json& id) {
    EXPECT_EQ(reply.at("id"), id) << reply;
    EXPECT_FALSE(reply.contains("result")) << reply;
    return reply.at("error").at("code").get<int>();
}

}  // namespace jsocket::rpc
