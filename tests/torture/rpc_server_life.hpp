// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "torture/faults.hpp"
#include "torture/goes_well.hpp"
#include "torture/rpc_talk.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <gtest/gtest.h>

#include <future>
#include <optional>

namespace test_support {

/// The life of one JSON-RPC server with one client after another, until it is stopped while a
/// method runs. What the server does is a Subject; one fault may happen to it.
///
/// Whatever it is, each call ends with its result or as documented, and the server serves the next
/// client in all that it offers.
class RpcServerLife {
  public:
    explicit RpcServerLife(Fault& fault) : fault_(fault) {}

    void run() {
        std::optional<Server> server;
        const jsocket::ServerOptions options{.port = 0, .answer_stats = true};
        const bool started = goes_well(fault_, [&] { server.emplace(options, methods_); });
        if (started) live(*server);
        server.reset();
        EXPECT_EQ(desk_.inside(), 0);
        for (const auto& [name, stats] : methods_.method_stats()) {
            EXPECT_EQ(stats.in_flight, 0u) << name;
        }
    }

  private:
    using Server = jsocket::Running<jsocket::rpc::Server>;
    using Client = jsocket::rpc::Client;
    using Talk = RpcTalk<Bystander>;

    void live(Server& server) {
        Client client({.port = server.port()}, RpcDesk::offered());
        bool well = as_client([&] { client.connect(); });
        for (const auto part : Talk::parts()) {
            well = well && as_client([&] { (talk_.*part)(client); });
        }
        well = well && goes_well(fault_, [&] { server.notify_all("hear", text_); });
        if (!well) expect_recovery(client);
        Client other({.port = server.port()}, RpcDesk::offered());
        if (as_client([&] { other.connect(); })) {
            as_client([&] { talk_.call_many(other); });
        }
        stop_amid_a_call(server, other);
    }

    /// Only one thing fails. What it happened to may still have a connection, though perhaps not
    /// for long, and may connect again.
    void expect_recovery(Client& client) {
        if (client.connected()) as_client([&] { talk_.fill(client); });
        client.close();
        EXPECT_NO_THROW(client.connect());
        EXPECT_NO_THROW(talk_.fill(client));
        for (const auto part : Talk::parts()) EXPECT_NO_THROW((talk_.*part)(client));
    }

    void stop_amid_a_call(Server& server, const Client& client) {
        std::future<void> call;
        as_client([&] { call = client.async_call<void>("wait", nullptr, {.timeout = patience}); });
        if (call.valid()) {
            EXPECT_TRUE(wait_until([&] { return desk_.waiting() > 0 || is_ready(call); }));
        }
        goes_well(fault_, [&] {
            server.stop();
            server.join();
        });
        if (!call.valid()) return;
        as_client([&] {
            try {
                call.get();
                ADD_FAILURE() << "the method is not told to stop";
            } catch (const jsocket::rpc::RpcError& error) {
                if (error.code() != RpcDesk::stopped) throw;
            }
        });
    }

    static bool is_ready(const std::future<void>& call) {
        return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

    /// A client may lose its connection or a call to a fault, but neither to nothing nor without
    /// noticing.
    template <typename Operation>
    bool as_client(Operation operation) {
        try {
            operation();
            return true;
        } catch (const jsocket::TimeoutError& error) {
            ADD_FAILURE() << "neither answered nor disconnected: " << error.what();
        } catch (const jsocket::Error& error) {
            EXPECT_TRUE(fault_.is_excuse()) << error.what();
        }
        return false;
    }

    Fault& fault_;
    RpcDesk desk_;
    const jsocket::rpc::Dispatcher methods_ = desk_.methods();
    Talk talk_{desk_};
    const jsocket::json text_ = {"a text that takes memory"};
};

}  // namespace test_support
