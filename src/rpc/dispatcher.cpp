// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"
#include "core/utf8.hpp"
#include "rpc/dispatcher_impl.hpp"
#include "support/log.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <chrono>
#include <list>
#include <new>
#include <stop_token>
#include <utility>

namespace jsocket::rpc {
namespace {

constexpr std::string_view reserved_prefix = "rpc.";
constexpr const char* health_name = "rpc.health";

/// Security: what went wrong within a method is for the log, not for whoever called it.
RpcError hidden_error(log::Throttle& throttle, const std::string& method, const char* reason) {
    log::warn(throttle, "method " + printable(method) + ": " + printable(reason, 300));
    return {internal_error, "Internal error"};
}

}  // namespace

/// Counts a call when it ends, however it does.
class Dispatcher::Impl::Measurement {
  public:
    explicit Measurement(MethodCounts* counts) : counts_(counts) {
        if (counts_) counts_->begin();
    }
    ~Measurement() {
        if (counts_) counts_->end(std::chrono::steady_clock::now() - begin_, failed_);
    }
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;

    void succeed() { failed_ = false; }

  private:
    MethodCounts* const counts_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    bool failed_ = true;
};

Dispatcher::Impl::Impl(Options options)
    : options_(std::move(options)), unknown_counts_(book_->counts("")) {
    check_options(options_);
    log::prepare();
    entries_[health_name].method = make_method(
        [] { return make_object("status", "ok"); }, {},
        {.description = "Whether the server is able to answer.", .run = Run::immediately});
    entries_[discover_name].method = Method{
        .result_schema = schema_of_type("object"),
        .by_name = true,
        .options = {.description = "This document."},
    };
}

void Dispatcher::Impl::add(std::string name, Method method) {
    const std::string shown = printable(name);
    if (name.empty()) throw UsageError("the name of a method is empty");
    if (name.size() > options_.max_method_name) {
        throw UsageError("the name of method " + shown + " is longer than max_method_name");
    }
    if (name.starts_with(reserved_prefix)) {
        throw UsageError("the name of method " + shown + " begins with rpc., which is reserved");
    }
    const auto check_text = [&shown](const std::string& said) {
        if (find_invalid_utf8(said)) {
            throw UsageError("method " + shown + " is described by what is not UTF-8");
        }
    };
    check_text(name);
    check_text(method.options.description);
    for (const Method::Argument& argument : method.arguments) {
        check_text(argument.parameter.name);
        check_text(argument.parameter.description);
    }
    document_.clear();
    auto counts = book_->counts(name);
    const bool added =
        entries_.try_emplace(std::move(name), Entry{std::move(method), std::move(counts)}).second;
    if (!added) throw UsageError("there is a method " + shown + " already");
}

const Dispatcher::Impl::Entry* Dispatcher::Impl::find(const std::string& method) const {
    const auto found = entries_.find(method);
    return found == entries_.end() ? nullptr : &found->second;
}

Run Dispatcher::Impl::run_of(const std::string& method) const {
    const Entry* entry = find(method);
    return entry ? entry->method.options.run.value_or(Run::concurrently) : Run::concurrently;
}

std::optional<json> Dispatcher::Impl::answer(Call& call, json& params) const {
    const Entry* entry = find(call.method());
    Measurement measurement(entry ? entry->counts.get() : unknown_counts_.get());
    return reply_of(call, params, entry, measurement);
}

/// What is not bound shares one with what is always there: a client chooses those names.
log::Throttle& Dispatcher::Impl::throttle_of(const Entry* entry) const {
    return (entry && entry->counts ? entry->counts : unknown_counts_)->failures();
}

std::optional<json> Dispatcher::Impl::reply_of(Call& call, json& params, const Entry* entry,
                                               Measurement& measurement) const {
    const auto refuse = [&](const RpcError& error) -> std::optional<json> {
        if (call.is_notification()) return std::nullopt;
        return error_reply(call.id(), error);
    };
    const auto hide = [&](const char* reason) {
        return hidden_error(throttle_of(entry), call.method(), reason);
    };
    try {
        json result = invoke(call, params, entry, 0);
        measurement.succeed();
        if (call.is_notification()) return std::nullopt;
        return result_reply(call.id(), std::move(result));
    } catch (const RpcError& error) {
        return refuse(error);
    } catch (const std::exception& error) {
        return refuse(hide(error.what()));
    } catch (...) {
        return refuse(hide("threw something that is no std::exception"));
    }
}

json Dispatcher::Impl::invoke(Call& call, json& params, const Entry* entry,
                              std::size_t middleware) const {
    if (middleware == middlewares_.size()) return invoke_method(call, params, entry);
    const Next next = [this, entry, middleware](Call& next_call, json& next_params) {
        return invoke(next_call, next_params, entry, middleware + 1);
    };
    return middlewares_[middleware](call, params, next);
}

json Dispatcher::Impl::invoke_method(Call& call, json& params, const Entry* entry) const {
    if (!entry) throw RpcError(method_not_found, "Method not found");
    if (!entry->method.by_name && params.is_object()) {
        throw RpcError(invalid_params, "Invalid params",
                       make_object("reason", "parameters can only be given by position"));
    }
    if (entry->method.handler) return entry->method.handler(call, params);
    find_arguments(params, {});  // that there are none
    return discover();
}

MethodStatsMap Dispatcher::Impl::stats() const {
    auto stats = book_->stats();
    // What was bound but never called is there with zeros; what was never missed is not.
    if (const auto unknown = stats.find(""); unknown != stats.end() && unknown->second.calls == 0) {
        stats.erase(unknown);
    }
    return stats;
}

Dispatcher::Dispatcher(Options options) : impl_(std::make_shared<Impl>(std::move(options))) {}
Dispatcher::Dispatcher(const Dispatcher& other) = default;
Dispatcher::Dispatcher(Dispatcher&&) noexcept = default;
Dispatcher& Dispatcher::operator=(Dispatcher&&) noexcept = default;
Dispatcher::~Dispatcher() = default;

Dispatcher& Dispatcher::operator=(const Dispatcher& other) = default;

/// Each connection has a copy: they share what none of them adds to.
Dispatcher::Impl& Dispatcher::own_impl() {
    if (impl_.use_count() > 1) impl_ = std::make_shared<Impl>(*impl_);
    return *impl_;
}

void Dispatcher::add(std::string name, Method method) {
    own_impl().add(std::move(name), std::move(method));
}

void Dispatcher::use(Middleware middleware) {
    if (!middleware) throw UsageError("the middleware is empty");
    own_impl().use(std::move(middleware));
}

/// One call after the other, on this thread.
std::optional<std::string> Dispatcher::Impl::answer_all(json& message, const Limits& limits) const {
    const bool batch = message.is_array();
    Replies replies(batch, limits);
    struct Item {
        Request request = {};
        Tree refusal = {};      // the reply that says why it is none, or null
        std::size_t reply = 0;  // its place, but for notifications
    };
    std::list<Item> items;
    const auto add = [&](json& one) {
        Item& item = items.emplace_back();
        auto request = read_request(one, options_.max_method_name);
        if (auto* refusal = std::get_if<json>(&request)) {
            item.refusal.value = std::move(*refusal);
            item.reply = replies.expect(item.refusal.value.at("id"));
            return;
        }
        item.request = std::move(std::get<Request>(request));
        if (!item.request.notification) item.reply = replies.expect(item.request.id);
    };
    if (batch) {
        for (json& one : message) add(one);
    } else {
        add(message);
    }
    if (!replies.have_room()) return reply_text(unanswerable_batch_reply(items.size()), limits);
    for (Item& item : items) {
        if (!item.refusal.value.is_null()) {
            replies.set(item.reply, std::move(item.refusal.value));
            continue;
        }
        if (const auto document = document_for(item.request)) {
            replies.set(item.reply, item.request.id, *document);
            continue;
        }
        Call call(std::move(item.request.method), std::move(item.request.id),
                  item.request.notification, std::stop_token(), nullptr);
        if (auto reply = answer(call, item.request.params)) {
            replies.set(item.reply, std::move(*reply));
        }
    }
    return replies.text();
}

std::optional<json> Dispatcher::answer(json message) const {
    const auto answer_one = [this](json& one) -> std::optional<json> {
        auto request = read_request(one, impl_->options().max_method_name);
        if (auto* refusal = std::get_if<json>(&request)) return std::move(*refusal);
        auto& [method, params, id, notification] = std::get<Request>(request);
        Call call(std::move(method), std::move(id), notification, std::stop_token(), nullptr);
        return impl_->answer(call, params);
    };
    Tree tree{std::move(message)};
    if (!tree.value.is_array()) return answer_one(tree.value);
    if (auto refusal = refuse_batch(tree.value, impl_->options().max_batch_size)) return refusal;
    json replies = json::array();
    for (json& one : tree.value) {
        if (auto reply = answer_one(one)) replies.push_back(std::move(*reply));
    }
    if (replies.empty()) return std::nullopt;
    return replies;
}

std::optional<std::string> Dispatcher::answer_text(std::string_view text,
                                                   const Limits& limits) const {
    Tree message;
    try {
        message.value = parse(text, limits);
    } catch (const PayloadError& error) {
        return reply_text(payload_error_reply(error, text, limits), limits);
    }
    if (message.value.is_array()) {
        if (auto refusal = refuse_batch(message.value, impl_->options().max_batch_size)) {
            return reply_text(std::move(*refusal), limits);
        }
    }
    return impl_->answer_all(message.value, limits);
}

json Dispatcher::discover() const { return impl_->discover(); }

MethodStatsMap Dispatcher::method_stats() const { return impl_->stats(); }

const Options& Dispatcher::options() const noexcept { return impl_->options(); }

}  // namespace jsocket::rpc
