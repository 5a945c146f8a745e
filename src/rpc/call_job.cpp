// SPDX-License-Identifier: Apache-2.0
#include "rpc/call_job.hpp"

#include <list>
#include <utility>
#include <variant>

namespace jsocket::rpc {

CallRunner::JobPtr CallRunner::make_job(json& message, std::size_t size) {
    const bool batch = message.is_array();
    const std::size_t tree_size = connection_.tree_size ? connection_.tree_size() : size;
    auto job = std::make_shared<Job>(*this, batch, tree_size);
    job->size = size;
    std::list<Tree> refusals;
    const auto add = [&](json& one) {
        Item& item = job->items.emplace_back(all_.get_token());
        auto request = read_request(one, options_.max_method_name);
        if (auto* refusal = std::get_if<json>(&request)) {
            item.refused = true;
            item.reply = job->replies.expect(refusal->at("id"));
            refusals.emplace_back().value = std::move(*refusal);
            return;
        }
        item.request = std::move(std::get<Request>(request));
        item.run = methods_.run_of(item.request.method);
        // Nobody waits for it, but the next one may build on it.
        if (item.request.notification && item.run == Run::concurrently) item.run = Run::in_order;
        if (!item.request.notification) item.reply = job->replies.expect(item.request.id);
    };
    if (batch) {
        for (json& one : message) add(one);
    } else {
        add(message);
    }
    auto refusal = refusals.begin();
    for (const Item& item : job->items) {
        if (item.refused) job->replies.set(item.reply, std::move((refusal++)->value));
    }
    return job;
}

void CallRunner::refuse_group(Job& job, Run run, const char* reason) {
    for (const Item& item : job.items) {
        if (item.refused || item.run != run || item.request.notification) continue;
        job.replies.set(item.reply,
                        error_reply(item.request.id, RpcError(internal_error, "Internal error",
                                                              make_object("reason", reason))));
    }
}

}  // namespace jsocket::rpc
