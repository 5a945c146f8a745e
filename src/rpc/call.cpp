// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/rpc/call.hpp>

#include <utility>

namespace jsocket::rpc {

Call::Call(std::string method, json id, bool notification, std::stop_token stop,
           std::shared_ptr<Conversation> conversation)
    : method_(std::move(method)),
      id_(std::move(id)),
      notification_(notification),
      stop_(std::move(stop)),
      conversation_(std::move(conversation)) {}

Peer Call::peer() const {
    if (!conversation_) throw UsageError("the call did not come over a connection");
    return Peer(conversation_);
}

}  // namespace jsocket::rpc
