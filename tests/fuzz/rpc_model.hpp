// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/limits.hpp>
#include <jsocket/rpc/dispatcher.hpp>

#include <cstddef>
#include <string_view>

namespace jsocket::test {

constexpr std::size_t longest_batch = 6;
constexpr std::size_t longest_name = 20;

/// Methods that do what RpcModel says of them.
rpc::Dispatcher make_rpc_methods();

/// What JSON-RPC 2.0 says of a text, sentence by sentence, for these methods.
class RpcModel {
  public:
    RpcModel(std::string_view text, const Limits& limits);

    /// A reply, or an array of them; of an error only the code. Null if nothing is sent.
    const json& expected() const { return expected_; }

    /// Calls and notifications that are counted.
    std::size_t calls() const { return calls_; }

  private:
    json reply_to(const json& message);

    json expected_;
    std::size_t calls_ = 0;
};

}  // namespace jsocket::test
