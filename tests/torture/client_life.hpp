// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "torture/faults.hpp"
#include "torture/goes_well.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

/// The life of one client of a server that is well. What the client does is a Subject; one fault
/// may happen to it.
///
/// Whatever it is, the call that it happens to fails as documented or not at all, and the client
/// can be used again: it connects if it has to, and gets the replies to what it asks.
class ClientLife {
  public:
    ClientLife(jsocket::ClientOptions options, Fault& fault)
        : options_(std::move(options)), fault_(fault) {}

    void run() {
        std::optional<jsocket::JsonClient> client;
        if (!call([&] { client.emplace(options_); })) return;
        bool well = call([&] { client->connect(); });
        for (int round = 0; well && round < 2; ++round) {
            well = request(*client) && pipeline(*client) && close_and_connect(*client);
        }
        fault_.disarm();
        const json question = "whose reply is this?";
        EXPECT_NO_THROW(client->connect());
        EXPECT_EQ(client->request(question), question);
    }

  private:
    bool request(jsocket::JsonClient& client) {
        json reply;
        for (const json& message : messages_) {
            if (!call([&] { client.request(message, reply); })) return false;
            EXPECT_EQ(reply, message);
        }
        return true;
    }

    /// A failure leaves replies under way, of which only the caller knows; it begins anew.
    bool pipeline(jsocket::JsonClient& client) {
        std::vector<json> replies(messages_.size());
        const auto last = messages_.size() - 1;
        const bool well = call([&] {
            client.send_objs(messages_);
            for (std::size_t i = 0; i < last; ++i) client.read_obj(replies[i]);
            if (auto reply = client.try_read_obj(patience)) replies[last] = std::move(*reply);
        });
        if (well) {
            EXPECT_EQ(replies, messages_);
        } else {
            client.close();
        }
        return well;
    }

    bool close_and_connect(jsocket::JsonClient& client) {
        return call([&] {
            client.close();
            client.connect();
        });
    }

    template <typename Operation>
    bool call(Operation operation) {
        return goes_well(fault_, operation);
    }

    const jsocket::ClientOptions options_;
    Fault& fault_;
    const std::vector<json> messages_ = {
        {{"list", {1, -2, 3.5, nullptr, {{"a", "a text that takes a little memory"}}}}},
        {{"z", {{"y", {{"x", 1}}}}}, {"list", "other"}},
        json::array({std::string(6'000, 'x')}),
        17,
    };
};

}  // namespace test_support
