// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/wait.hpp"
#include "torture/faults.hpp"
#include "torture/rpc_desk.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <exception>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

/// A tree of the test's own: to destroy one nlohmann allocates, and must not fail.
struct OwnTree {
    jsocket::json value = nullptr;
    ~OwnTree() {
        const Bystander own;
        value = nullptr;
    }
};

/// What a client under torture says to an RpcDesk. Each part throws what a call throws; what comes
/// otherwise than it should without an exception fails the test.
///
/// `Side` is Subject if the client is meant, Bystander if the server is.
template <typename Side>
class RpcTalk {
  public:
    using Client = jsocket::rpc::Client;
    using Part = void (RpcTalk::*)(Client&);

    explicit RpcTalk(RpcDesk& desk) : desk_(desk) {}

    static constexpr std::array<Part, 10> parts() {
        return {&RpcTalk::call,      &RpcTalk::call_many, &RpcTalk::batch,    &RpcTalk::notify,
                &RpcTalk::call_back, &RpcTalk::fail,      &RpcTalk::discover, &RpcTalk::statistics,
                &RpcTalk::time_out,  &RpcTalk::leave};
    }

    /// Calls that are answered one by one, with parameters by position and by name.
    void call(Client& client) {
        const Side here;
        OwnTree got;
        EXPECT_EQ(client.call<int>("add", positions_, in_time), 5);
        EXPECT_EQ(client.call<int>("add", names_, in_time), 8);
        EXPECT_EQ(client.call<std::string>("join", texts_, in_time), joined_);
        got.value = client.call("echo", tree_, in_time);
        EXPECT_EQ(got.value, tree_[0]);
    }

    /// As many at a time as there may be.
    void call_many(Client& client) {
        const Side here;
        call_all<int>(client, "add", positions_, 5);
        call_all<std::string>(client, "join", texts_, joined_);
    }

    void batch(Client& client) {
        const Side here;
        const auto outcomes = client.batch(batch_, in_time);
        ASSERT_EQ(outcomes.size(), 3u);
        EXPECT_EQ(outcomes[0].template get<int>(), 5);
        EXPECT_EQ(outcomes[1].template get<std::string>(), joined_);
        EXPECT_EQ(outcomes[2].template get<int>(), 8);
    }

    /// Notifications are there before a call that is made after them, if nothing went wrong.
    void notify(Client& client) {
        const Side here;
        const int before = client.call<int>("notes", nullptr, in_time);
        client.notify("note", one_);
        client.notify("note", one_);
        const int after = client.call<int>("notes", nullptr, in_time);
        if (after != before + 2) throw jsocket::Error("a notification came to nothing", true);
    }

    /// The server calls the client meanwhile.
    void call_back(Client& client) {
        const Side here;
        EXPECT_EQ(client.call<int>("ask", one_, in_time), 2);
    }

    void fail(Client& client) {
        const Side here;
        expect_error(client, "fail", RpcDesk::failure);
        expect_error(client, "nothing", jsocket::rpc::method_not_found);
        expect_error(client, "add", jsocket::rpc::invalid_params);  // has data
    }

    void discover(Client& client) {
        const Side here;
        OwnTree got;
        got.value = client.call("rpc.discover", nullptr, in_time);
        EXPECT_EQ(got.value, description_.value);
    }

    void statistics(Client& client) {
        const Side here;
        OwnTree got;
        got.value = client.call("rpc.stats", nullptr, in_time);
        EXPECT_TRUE(got.value.at("methods").at("add").at("latency").contains("buckets"));
        EXPECT_FALSE(got.value.at("stats").at("clients").empty());
    }

    /// The call is cancelled over there, or the connection ends, which cancels it, too.
    void time_out(Client& client) {
        const Side here;
        const auto before = client.stray_replies();
        try {
            client.call<void>("wait", nullptr, {.timeout = std::chrono::milliseconds(5)});
            ADD_FAILURE() << "a call that is not answered has a result";
        } catch (const jsocket::TimeoutError& error) {
            EXPECT_TRUE(error.connection_usable());
        }
        const Bystander own;
        EXPECT_TRUE(wait_until([&] {
            return client.stray_replies() > before || !client.connected();
        })) << "the call is not cancelled";
    }

    /// With calls pending, which end at once.
    void leave(Client& client) {
        const Side here;
        std::array<std::future<void>, 2> calls;
        try {
            for (auto& call : calls) call = client.async_call<void>("wait", nullptr, in_time);
        } catch (const std::exception&) {
            client.close();  // the first one is still in flight
            throw;
        }
        wait_until_in_method(calls);
        client.close();
        for (auto& call : calls) {
            EXPECT_EQ(call.wait_for(patience / 2), std::future_status::ready);
            try {
                call.get();
                ADD_FAILURE() << "a call that is not answered has a result";
            } catch (const jsocket::ConnectionError&) {
                // as it should
            }
        }
        client.connect();
        const Bystander own;
        EXPECT_TRUE(wait_until([&] { return desk_.waiting() == 0; })) << "they are not cancelled";
    }

    /// Is there a place for each call that may be in flight at a time?
    void fill(Client& client) {
        const Side here;
        call_all<int>(client, "meet", nullptr, RpcDesk::places);
    }

  private:
    void wait_until_in_method(const std::array<std::future<void>, 2>& calls) const {
        const Bystander own;
        const auto ready = [](const std::future<void>& call) {
            return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
        };
        EXPECT_TRUE(
            wait_until([&] { return desk_.waiting() == 2 || ready(calls[0]) || ready(calls[1]); }));
    }

    /// Every call ends, whatever becomes of the others. Throws what the first one that failed has
    /// thrown.
    template <typename T>
    static void call_all(Client& client, const char* method, const jsocket::json& params,
                         const T& expected) {
        std::array<std::future<T>, RpcDesk::places> calls;
        std::exception_ptr failed;
        for (auto& call : calls) {
            try {
                call = client.async_call<T>(method, params, in_time);
            } catch (const std::exception&) {
                failed = std::current_exception();
                break;
            }
        }
        for (auto& call : calls) {
            if (!call.valid()) break;
            try {
                EXPECT_EQ(call.get(), expected);
            } catch (const std::exception&) {
                failed = std::current_exception();
            }
        }
        if (failed) std::rethrow_exception(failed);
    }

    static void expect_error(Client& client, const char* method, int code) {
        try {
            client.call(method, nullptr, in_time);
            ADD_FAILURE() << method << " has a result";
        } catch (const jsocket::rpc::RpcError& error) {
            if (error.code() != code) throw;
        }
    }

    jsocket::rpc::Batch make_batch() const {
        jsocket::rpc::Batch batch;
        batch.call("add", positions_);
        batch.notify("note", one_);
        batch.call("join", texts_);
        batch.call("add", names_);
        return batch;
    }

    static constexpr jsocket::rpc::CallOptions in_time{.timeout = patience};

    RpcDesk& desk_;
    const jsocket::json positions_ = {2, 3};
    const jsocket::json names_ = {{"a", 4}, {"b", 4}};
    const jsocket::json one_ = {1};
    const jsocket::json texts_ =
        jsocket::json::array({jsocket::json::array({"a text that takes memory", ", and another"})});
    const std::string joined_ = "a text that takes memory, and another";
    const jsocket::json tree_ = jsocket::json::array(
        {{{"list", {1, -2, 3.5, nullptr, {{"a", "a text that takes memory"}}}}, {"z", {{}, {1}}}}});
    const jsocket::rpc::Batch batch_ = make_batch();
    const OwnTree description_{desk_.methods().discover()};
};

}  // namespace test_support
