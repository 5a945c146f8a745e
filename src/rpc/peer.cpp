// SPDX-License-Identifier: Apache-2.0
#include "rpc/conversation.hpp"

#include <jsocket/rpc/batch.hpp>
#include <jsocket/rpc/peer.hpp>

#include <utility>

namespace jsocket::rpc {

std::size_t Batch::call(std::string method, json params) {
    entries_.push_back({std::move(method), std::move(params), true});
    return calls_++;
}

void Batch::notify(std::string method, json params) {
    entries_.push_back({std::move(method), std::move(params), false});
}

Peer::Peer(std::shared_ptr<Conversation> conversation) : conversation_(std::move(conversation)) {}

void Peer::start(std::string_view method, json params, CallOptions options,
                 Completion completion) const {
    conversation_->start(method, std::move(params), options, std::move(completion));
}

void Peer::require_other_thread() const { conversation_->require_other_thread(); }

void Peer::notify(std::string_view method, json params) const {
    conversation_->notify(method, std::move(params));
}

std::vector<Outcome> Peer::batch(const Batch& batch, CallOptions options) const {
    return conversation_->batch(batch, options);
}

bool Peer::connected() const noexcept { return conversation_->connected(); }

const std::string& Peer::address() const noexcept { return conversation_->link().address; }

std::uint64_t Peer::session_id() const noexcept { return conversation_->link().session_id; }

const PeerCredentials& Peer::credentials() const noexcept {
    return conversation_->link().credentials;
}

std::uint64_t Peer::stray_replies() const noexcept { return conversation_->stray_replies(); }

}  // namespace jsocket::rpc
