// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "torture/faults.hpp"
#include "torture/goes_well.hpp"
#include "torture/rpc_talk.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace test_support {

/// The life of one JSON-RPC client of a server that is well. What the client does is a Subject, and
/// so is what it offers to the server; one fault may happen to it.
///
/// Whatever it is, each call ends with its result or as documented, none of them holds a place
/// afterwards, and the client can connect again and be used as before.
class RpcClientLife {
  public:
    RpcClientLife(std::uint16_t port, RpcDesk& desk, Fault& fault)
        : options_{.port = port, .retry = {.attempts = 3}}, desk_(desk), fault_(fault) {}

    void run() {
        std::optional<jsocket::rpc::Client> client;
        if (!goes_well(fault_, [&] { client.emplace(options_, offered_); })) return;
        bool well = goes_well(fault_, [&] { client->connect(); });
        for (const auto part : Talk::parts()) {
            well = well && goes_well(fault_, [&] { (talk_.*part)(*client); });
        }
        fault_.disarm();
        if (client->connected()) {  // though perhaps not for long
            try {
                talk_.fill(*client);
            } catch (const jsocket::ConnectionError&) {
                EXPECT_TRUE(fault_.is_excuse());
                well = false;
            }
        }
        if (!well) client->close();
        EXPECT_NO_THROW(client->connect());
        EXPECT_NO_THROW(talk_.fill(*client));
        for (const auto part : Talk::parts()) EXPECT_NO_THROW((talk_.*part)(*client));
    }

  private:
    using Talk = RpcTalk<Subject>;

    const jsocket::ClientOptions options_;
    RpcDesk& desk_;
    Fault& fault_;
    const jsocket::rpc::Dispatcher offered_ = RpcDesk::offered();
    Talk talk_{desk_};
};

}  // namespace test_support
