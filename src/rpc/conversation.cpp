// SPDX-License-Identifier: Apache-2.0
#include "rpc/conversation.hpp"

#include "core/discard.hpp"
#include "core/stack_size.hpp"
#include "rpc/message.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

namespace jsocket::rpc {
namespace {

// As long as an interrupted send waits for its peer: this end is closing the connection.
constexpr std::chrono::milliseconds reading_time(50);

ConnectionClosed not_connected(const std::string& address) {
    return {"socket connection broken: not connected to " + address, false};
}

}  // namespace

/// Calls whose message has yet to be sent: if it is not, nobody is going to answer them.
class Conversation::Expected {
  public:
    Expected(Conversation& conversation, std::size_t most) : conversation_(conversation) {
        ids_.reserve(most);
    }
    ~Expected() {
        for (const std::uint64_t id : ids_) conversation_.forget(id);
    }
    Expected(const Expected&) = delete;
    Expected& operator=(const Expected&) = delete;

    std::uint64_t add(std::string method, Completion completion, Slot slot, Deadline deadline) {
        ids_.push_back(conversation_.expect(std::move(method), std::move(completion),
                                            std::move(slot), deadline));
        return ids_.back();
    }

    void send(const json& message) {
        conversation_.link_.send(message);
        for (const std::uint64_t id : std::exchange(ids_, {})) conversation_.sent(id);
    }

  private:
    Conversation& conversation_;
    std::vector<std::uint64_t> ids_;
};

Conversation::Conversation(Dispatcher methods, Link link)
    : methods_(std::move(methods)),
      link_(std::move(link)),
      cancels_(methods_.options().stack_size),
      timer_(methods_.options().stack_size) {
    check_stack_size("rpc::Options::stack_size", methods_.options().stack_size,
                     link_.connection.limits);
}

void Conversation::begin() {
    runner_ = std::make_shared<CallRunner>(methods_, link_.connection);
    notified_ = false;
    reader_ = std::thread::id();  // which a thread may have that has begun since that one ended
    const Lock lock(mutex_);
    first_id_ = last_id_ + 1;
    open_.store(true, std::memory_order_release);
}

void Conversation::end(const std::exception_ptr& reason, bool abrupt) noexcept {
    std::map<std::uint64_t, Pending> pending;
    {
        const Lock lock(mutex_);
        open_.store(false, std::memory_order_release);
        pending.swap(pending_);
        slot_free_.notify_all();
    }
    for (auto& [id, call] : pending) {
        if (call.timeout) timer_.cancel(*call.timeout);
        call.complete(nullptr, reason);
    }
    if (!runner_) return;
    if (abrupt) runner_->stop_all();
    const std::chrono::milliseconds drain_timeout = methods_.options().drain_timeout;
    runner_->wait_until_idle(deadline_after(drain_timeout), abrupt ? drain_timeout : reading_time);
    runner_->cancel_all();
    runner_->stop_all();
    runner_->finish();
    runner_.reset();
}

std::optional<std::string> Conversation::take(json& message, std::size_t size) {
    if (is_answer(message)) {
        take_reply(message);
        return std::nullopt;
    }
    if (message.is_array()) return take_batch(message, size);
    return runner_->take(message, size, shared_from_this());
}

/// A reply, or what has the id of a call of ours, though it says nothing.
bool Conversation::is_answer(const json& message) {
    if (is_reply(message)) return true;
    if (!message.is_object() || message.contains("method")) return false;
    const auto id = message.find("id");
    if (id == message.end() || !id->is_number_unsigned()) return false;
    const Lock lock(mutex_);
    return pending_.contains(id->get<std::uint64_t>());
}

/// A batch may be requests, or the replies to one of ours.
std::optional<std::string> Conversation::take_batch(json& batch, std::size_t size) {
    const bool has_answers =
        std::any_of(batch.begin(), batch.end(), [this](const json& one) { return is_answer(one); });
    if (!has_answers) return runner_->take(batch, size, shared_from_this());
    Tree requests{json::array()};
    for (json& one : batch) {
        if (is_answer(one)) {
            take_reply(one);
        } else {
            requests.value.push_back(std::move(one));
        }
    }
    if (requests.value.empty()) return std::nullopt;
    return runner_->take(requests.value, size, shared_from_this());
}

void Conversation::take_reply(json& reply) {
    const auto id = reply.find("id");
    auto call = id != reply.end() && id->is_number_unsigned() ? forget(id->get<std::uint64_t>())
                                                              : std::nullopt;
    if (!call) {
        if (!take_error_without_id(reply)) ++stray_replies_;
        return;
    }
    const auto result = reply.find("result");
    const bool has_error = reply.contains("error");
    call->slot.reset();
    if (result != reply.end() && !has_error) return call->complete(&*result, nullptr);
    call->complete(nullptr, exception_of([&] {
                       const auto error = error_of(reply, call->method);
                       if (error && result == reply.end()) throw RpcError(*error);
                       throw ProtocolError(
                           "the reply to " + printable(call->method) + " from " + link_.address +
                               " has no result and no correct error object, or both",
                           true);
                   }));
}

/// An error without an id says that a message was no request, or a batch too long. If only one is
/// in flight it is that one.
bool Conversation::take_error_without_id(const json& reply) {
    const auto id = reply.find("id");
    if (!error_of(reply, {}) || notified_ || (id != reply.end() && !id->is_null())) return false;
    return fail_only_message(
        [&reply](const std::string& method) { throw RpcError(*error_of(reply, method)); });
}

std::optional<std::string> Conversation::take_unreadable(const PayloadError& error,
                                                         std::string_view text) {
    const Limits& limits = link_.connection.limits;
    if (!has_pending()) return reply_text(payload_error_reply(error, text, limits), limits);
    // The other end would take an answer to its reply for that to a call of its own.
    const bool was_reply = fail_only_message([this, &error](const std::string& method) {
        throw ProtocolError("the reply to " + printable(method) + " from " + link_.address +
                                " cannot be read: " + error.what(),
                            true);
    });
    if (!was_reply) ++stray_replies_;
    return std::nullopt;
}

bool Conversation::has_pending() noexcept {
    const Lock lock(mutex_);
    return !pending_.empty();
}

/// Ends the calls of the only message in flight with what `fail` throws. False if there are others.
bool Conversation::fail_only_message(const std::function<void(const std::string& method)>& fail) {
    std::map<std::uint64_t, Pending> pending;
    {
        const Lock lock(mutex_);
        if (slots_used_ != 1) return false;
        pending.swap(pending_);
    }
    for (auto& [id, call] : pending) {
        if (call.timeout) timer_.cancel(*call.timeout);
        call.complete(nullptr, exception_of([&, &method = call.method] { fail(method); }));
    }
    return !pending.empty();
}

void Conversation::require_other_thread() const {
    if (connected() && reader_.load() == std::this_thread::get_id()) {
        throw UsageError("a call waits on the thread that reads its reply");
    }
}

Conversation::Slot Conversation::acquire_slot(Deadline deadline) {
    {
        const Lock lock(mutex_);
        while (open_ && slots_used_ >= methods_.options().max_calls_in_flight) {
            require_other_thread();
            if (slot_free_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
                throw TimeoutError("too many calls to " + link_.address + " are in flight", true);
            }
        }
        if (!open_) throw not_connected(link_.address);
        ++slots_used_;
    }
    // Without the lock: if there is no memory for it, it releases the slot at once. And without a
    // share of the Conversation, which the timer's thread may not be the last to have.
    return {this, [this](void*) { release_slot(); }};
}

void Conversation::release_slot() noexcept {
    const Lock lock(mutex_);
    --slots_used_;
    slot_free_.notify_one();
}

/// Makes an id for a call of `method`, whose reply, end or time-out calls `completion`, once.
std::uint64_t Conversation::expect(std::string method, Completion completion, Slot slot,
                                   Deadline deadline) {
    // Destroyed without the lock if there is no memory for it: that releases the slot.
    Pending call{std::move(method), std::move(completion), std::move(slot)};
    std::uint64_t id = 0;
    {
        const Lock lock(mutex_);
        if (!open_) throw not_connected(link_.address);
        id = ++last_id_;
        pending_.emplace(id, std::move(call));
    }
    if (deadline == no_deadline) return id;
    std::optional<Timer::Handle> timeout;
    try {
        timeout = timer_.schedule(deadline, [this, id] { time_out(id); });
    } catch (const std::system_error& error) {
        forget(id);
        throw Error(std::string("no thread for time-outs: ") + error.what(), true);
    } catch (...) {
        forget(id);
        throw;
    }
    const Lock lock(mutex_);
    if (const auto found = pending_.find(id); found != pending_.end()) {
        found->second.timeout = timeout;
    } else {
        timer_.cancel(*timeout);
    }
    return id;
}

std::optional<Conversation::Pending> Conversation::forget(std::uint64_t id) noexcept {
    std::optional<Pending> call;
    {
        const Lock lock(mutex_);
        const auto found = pending_.find(id);
        if (found == pending_.end()) return std::nullopt;
        call = std::move(found->second);
        pending_.erase(found);
    }
    if (call->timeout) timer_.cancel(*call->timeout);
    return call;
}

void Conversation::sent(std::uint64_t id) noexcept {
    {
        const Lock lock(mutex_);
        const auto found = pending_.find(id);
        if (found == pending_.end()) return;
        found->second.sent = true;
        if (!found->second.overdue) return;
    }
    try {
        timer_.schedule(immediately, [this, id] { time_out(id); });
    } catch (const std::exception&) {  // no memory
        // cppcheck-suppress throwInNoexceptFunction  // as below
        time_out(id);
    }
}

/// A cancellation that overtook its call would cancel nothing: until then the time-out waits.
bool Conversation::may_time_out(std::uint64_t id) noexcept {
    const Lock lock(mutex_);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return false;
    found->second.overdue = true;
    return found->second.sent;
}

void Conversation::time_out(std::uint64_t id) noexcept {
    if (!may_time_out(id)) return;
    auto call = forget(id);
    if (!call) return;
    call->slot.reset();
    // cppcheck-suppress throwInNoexceptFunction  // exception_of() catches it
    call->complete(nullptr, exception_of([&] {
                       throw TimeoutError("no reply to " + printable(call->method) + " from " +
                                              link_.address + " in time",
                                          true);
                   }));
    try {
        cancels_.schedule(immediately, [this, id] { send_cancel(id); });
    } catch (const std::exception&) {
        send_cancel(id);  // no thread for it, or no memory
    }
}

void Conversation::send_cancel(std::uint64_t id) noexcept {
    if (!is_current(id)) return;
    try {
        notified_ = true;
        const Tree request{make_request("rpc.cancel", make_object("id", id))};
        link_.send(request.value);
    } catch (const Error&) {
        // The connection is gone, which whoever reads it finds out as well.
    } catch (...) {
        // No memory. The call is told to stop all the same; but not on a connection after its own.
        if (is_current(id)) link_.connection.give_up();
    }
}

/// Is the connection there that the call with this id was made on?
bool Conversation::is_current(std::uint64_t id) noexcept {
    const Lock lock(mutex_);
    return open_ && id >= first_id_;
}

void Conversation::start(std::string_view method, json params, CallOptions options,
                         Completion completion) {
    Tree request{make_request(method, std::move(params))};
    const Deadline deadline = deadline_after(options.timeout);
    Expected expected(*this, 1);
    request.value["id"] =
        expected.add(std::string(method), std::move(completion), acquire_slot(deadline), deadline);
    expected.send(request.value);
}

void Conversation::notify(std::string_view method, json params) {
    const Tree request{make_request(method, std::move(params))};
    if (!connected()) throw not_connected(link_.address);
    notified_ = true;
    link_.send(request.value);
}

std::vector<Outcome> Conversation::batch(const Batch& batch, CallOptions options) {
    if (batch.empty()) throw UsageError("the batch is empty");
    require_other_thread();
    const Deadline deadline = deadline_after(options.timeout);
    Tree requests{json::array()};
    for (const Batch::Entry& entry : batch.entries_) {
        requests.value.push_back(make_request(entry.method, entry.params));
    }
    std::vector<std::future<json>> results;
    std::vector<Outcome> outcomes;
    results.reserve(batch.calls_);
    outcomes.reserve(batch.calls_);
    {
        const Slot slot = batch.calls_ > 0 ? acquire_slot(deadline) : nullptr;
        Expected expected(*this, batch.calls_);
        for (std::size_t i = 0; i < requests.value.size(); ++i) {
            if (!batch.entries_[i].is_call) continue;
            auto promise = std::make_shared<std::promise<json>>();
            results.push_back(promise->get_future());
            requests.value[i]["id"] = expected.add(
                batch.entries_[i].method,
                [promise](json* result, const std::exception_ptr& error) {
                    if (error) return promise->set_exception(error);
                    promise->set_value(std::move(*result));
                },
                slot, deadline);
        }
        if (!connected()) throw not_connected(link_.address);
        if (batch.calls_ == 0) notified_ = true;
        expected.send(requests.value);
    }
    for (std::future<json>& result : results) {
        try {
            outcomes.emplace_back(result.get());
        } catch (...) {
            outcomes.emplace_back(std::current_exception());
        }
    }
    return outcomes;
}

}  // namespace jsocket::rpc
