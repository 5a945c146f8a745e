// SPDX-License-Identifier: Apache-2.0
#include "rpc/call_runner.hpp"

#include "core/discard.hpp"
#include "rpc/call_job.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>
#include <vector>

namespace jsocket::rpc {
namespace {

constexpr const char* cancel_name = "rpc.cancel";

/// 1 and "1" are different ids.
std::string id_key(const json& id) {
    return id.dump(-1, ' ', false, json::error_handler_t::replace);
}

RpcError too_many_calls_error(std::size_t limit) {
    return {too_many_calls, "Too many calls in flight", make_object("limit", limit)};
}

/// As many as there may be jobs: no connection gets more than half of a pool.
std::shared_ptr<CallPool> threads_for_one(const Options& options) {
    return std::make_shared<CallPool>(4 * options.max_calls_in_flight + 2, options.stack_size);
}

}  // namespace

CallRunner::CallRunner(const Dispatcher& methods, Connection connection)
    : methods_(*methods.impl_),
      options_(methods_.options()),
      connection_(std::move(connection)),
      own_threads_(connection_.threads ? nullptr : threads_for_one(options_)),
      lane_((own_threads_ ? own_threads_ : connection_.threads)
                ->open(options_.stack_size, options_.max_bytes_in_flight)),
      timer_(options_.stack_size) {}

std::optional<std::string> CallRunner::take(json& message, std::size_t size,
                                            const std::shared_ptr<Conversation>& conversation) {
    if (message.is_array()) {
        if (auto refusal = refuse_batch(message, options_.max_batch_size)) {
            return reply_text(std::move(*refusal), connection_.limits);
        }
    }
    const JobPtr job = make_job(message, size);
    if (!job->replies.have_room()) {
        return reply_text(unanswerable_batch_reply(job->items.size()), connection_.limits);
    }
    job->conversation = conversation;
    admit(*job);
    const bool others = start_groups(job);
    run_group(*job, Run::immediately);
    if (!end_group(*job)) return std::nullopt;
    if (!others) return reply_of(*job);
    // The thread of a method just came in first: no reason to wait until the client has read it.
    send(job);
    return std::nullopt;
}

/// Tells a call to stop; one that is not there any more has crossed with its reply.
void CallRunner::cancel(const json& params) {
    const auto id = params.is_object() ? params.find("id") : params.end();
    if (!params.is_object() || id == params.end()) return;
    std::vector<std::stop_source> stops;
    {
        const std::string key = id_key(*id);
        const Lock lock(mutex_);
        const auto [first, last] = items_.equal_range(key);
        for (auto place = first; place != last; ++place) {
            place->second->cancelled = true;
            stops.push_back(place->second->stop);
        }
    }
    for (std::stop_source& stop : stops) stop.request_stop();  // runs code of the program
}

/// Counts the job, or refuses its calls; waits if it has notifications and there are too many.
void CallRunner::admit(Job& job) {
    for (Item& item : job.items) {
        if (item.refused || item.request.method != cancel_name) continue;
        cancel(item.request.params);
        if (!item.request.notification) {
            job.replies.set(item.reply, result_reply(item.request.id, nullptr));
        }
        item.refused = true;
    }
    const bool has_calls = std::any_of(job.items.begin(), job.items.end(), [](const Item& item) {
        return !item.refused && !item.request.notification && item.run != Run::immediately;
    });
    const Lock lock(mutex_);
    const bool refused = has_calls && !has_room(job);
    for (Item& item : job.items) {
        if (item.refused || item.run == Run::immediately) continue;
        if (refused && !item.request.notification) {
            job.replies.set(
                item.reply,
                error_reply(item.request.id, too_many_calls_error(options_.max_calls_in_flight)));
            item.refused = true;
        }
    }
    if (job.has(Run::in_order)) wait_for_room();
    for (Item& item : job.items) {
        if (!item.refused) register_item(job, item);
    }
    job.counts_as_call = has_calls && !refused;
    job.admitted = true;
    ++jobs_;
    calls_ += job.counts_as_call ? 1 : 0;
    bytes_ += job.size;
}

/// Nobody reads during this wait, so nobody sees the client leave. Therefore the wait for a queue
/// that stands still has a deadline. And nothing announces that this side is ending the connection.
void CallRunner::wait_for_room() {
    constexpr std::chrono::milliseconds pause(50);
    const Job* seen = nullptr;
    Deadline deadline = no_deadline;
    while (in_order_.size() >= options_.max_queued_notifications ||
           queued_bytes_ > options_.max_bytes_in_flight) {
        if (seen != in_order_.front().get()) {
            seen = in_order_.front().get();
            deadline = deadline_after(options_.queue_timeout);
        }
        mutex_.unlock();
        bool ending = true;
        try {
            ending = !connection_.go_on();
        } catch (...) {
            mutex_.lock();
            throw;
        }
        mutex_.lock();
        if (ending) return;
        if (std::chrono::steady_clock::now() >= deadline) {
            throw TimeoutError("queued notifications come to nothing");
        }
        changed_.wait_until(mutex_, deadline_after(pause));
    }
}

bool CallRunner::has_room(const Job& job) const {
    // A reply may have arrived, and be answered with the next call, before its sender knows.
    if (calls_ >= options_.max_calls_in_flight) return false;
    if (calls_ + sending_ >= 2 * options_.max_calls_in_flight) return false;
    const bool alone = calls_ == 0 && sending_ <= 1;
    return alone || bytes_ + job.size <= options_.max_bytes_in_flight;
}

void CallRunner::register_item(Job& job, Item& item) {
    const bool has_id = !item.request.notification;
    std::string key = has_id ? id_key(item.request.id) : std::string();
    if (has_id && items_.contains(key)) {
        job.replies.set(item.reply,
                        error_reply(item.request.id,
                                    invalid_request_error("a call with this id is in flight")));
        item.refused = true;
        return;
    }
    item.place = items_.emplace(std::move(key), &item);
    item.registered = true;
}

/// Are there any on other threads?
bool CallRunner::start_groups(const JobPtr& job) {
    const bool in_order = job->has(Run::in_order);
    const bool concurrent = job->has(Run::concurrently);
    job->groups += int(in_order) + int(concurrent);
    if (in_order) start_in_order(job);
    if (concurrent) start(job, Run::concurrently);
    return in_order || concurrent;
}

/// On a thread of its own.
void CallRunner::start(const JobPtr& job, Run run) {
    try {
        lane_->run([this, job, run] { finish_group(job, run); });
    } catch (const std::exception& error) {  // no thread, or no memory
        refuse_group(*job, run, error.what());
        end_group(*job);  // the reading thread's group is left
    }
}

void CallRunner::start_in_order(const JobPtr& job) {
    {
        const Lock lock(mutex_);
        in_order_.push_back(job);
        queued_bytes_ += job->size;
        if (std::exchange(in_order_runs_, true)) return;
    }
    try {
        lane_->run([this] { run_in_order(); });
    } catch (const std::exception& error) {  // as above
        {
            const Lock lock(mutex_);
            in_order_.pop_back();
            queued_bytes_ -= job->size;
            in_order_runs_ = false;
        }
        refuse_group(*job, Run::in_order, error.what());
        end_group(*job);
    }
}

void CallRunner::run_in_order() {
    for (;;) {
        JobPtr job;
        {
            const Lock lock(mutex_);
            if (in_order_.empty()) {
                in_order_runs_ = false;
                return;
            }
            job = std::move(in_order_.front());
            in_order_.pop_front();
            queued_bytes_ -= job->size;
            changed_.notify_all();
        }
        finish_group(job, Run::in_order);
        if (lane_->should_yield() && come_again()) return;
    }
}

/// Has the rest of the queue run later, when other connections have had the thread. False if that
/// cannot be had.
bool CallRunner::come_again() noexcept {
    try {
        lane_->run([this] { run_in_order(); });
        return true;
    } catch (const std::exception&) {  // no thread, or no memory
        return false;
    }
}

/// On a thread of the pool, which no exception may leave. If memory for the answer runs out, the
/// connection ends.
void CallRunner::finish_group(const JobPtr& job, Run run) noexcept {
    try {
        run_group(*job, run);
        if (end_group(*job)) send(job);
    } catch (...) {
        connection_.give_up();
    }
}

void CallRunner::run_group(Job& job, Run run) {
    for (Item& item : job.items) {
        if (!item.refused && item.run == run) run_item(job, item);
    }
}

void CallRunner::run_item(Job& job, Item& item) {
    std::optional<Timer::Handle> timeout;
    if (options_.call_timeout != no_timeout) {
        timeout = timer_.schedule(deadline_after(options_.call_timeout),
                                  [stop = item.stop]() mutable { stop.request_stop(); });
    }
    const std::size_t size = call(job, item);
    if (timeout) timer_.cancel(*timeout);
    const Lock lock(mutex_);
    job.reply_size += size;
    bytes_ += size;
}

/// Returns the size of the reply.
std::size_t CallRunner::call(Job& job, Item& item) {
    Request& request = item.request;
    if (item.cancelled) {
        if (request.notification) return 0;
        return job.replies.set(item.reply,
                               error_reply(request.id, RpcError(cancelled, "Cancelled")));
    }
    if (const auto document = methods_.document_for(request)) {
        return job.replies.set(item.reply, request.id, *document);
    }
    Call call(std::move(request.method), request.id, request.notification, item.stop.get_token(),
              job.conversation);
    std::optional<json> reply = methods_.answer(call, request.params);
    discard(request.params);  // others of the batch may take long
    return reply ? job.replies.set(item.reply, std::move(*reply)) : 0;
}

/// Was it the last one?
bool CallRunner::end_group(Job& job) { return job.groups.fetch_sub(1) == 1; }

/// Empty if there is nothing to answer. The ids are free again, and may be used by whoever gets it.
std::optional<std::string> CallRunner::reply_of(Job& job) {
    {
        const Lock lock(mutex_);
        forget_ids(job);
    }
    return job.replies.text();
}

void CallRunner::forget_ids(Job& job) {
    for (Item& item : job.items) {
        if (std::exchange(item.registered, false)) items_.erase(item.place);
    }
    if (std::exchange(job.counts_as_call, false)) --calls_;
}

/// The job is over when its reply has left. A client that does not read gets no threads for
/// further calls.
void CallRunner::send(const JobPtr& job) {
    auto reply = reply_of(*job);
    if (!reply) return;
    job->conversation.reset();  // which the last thread to have the job must not destroy
    // A client that does not read is not to hold the trees of its calls, too.
    job->items.clear();
    {
        const Lock lock(mutex_);
        job->sending = true;
        ++sending_;
        changed_.notify_all();
    }
    const std::size_t size = reply->size();
    lane_->add_backlog(size);
    try {
        connection_.reply(std::move(*reply),
                          [self = shared_from_this(), job = job, size]() mutable {
                              self->lane_->remove_backlog(size);
                              job.reset();  // before the runner that it gives back to
                          });
        job->replies.release();  // they are counted where they wait now
    } catch (const Error&) {
        // Nobody is there to read it, which the reading thread finds out as well.
        lane_->remove_backlog(size);
    } catch (...) {
        lane_->remove_backlog(size);
        throw;
    }
}

/// It has been answered, or never will be.
void CallRunner::release(Job& job) noexcept {
    const Lock lock(mutex_);
    forget_ids(job);
    if (!job.admitted) return;
    --jobs_;
    sending_ -= job.sending ? 1 : 0;
    bytes_ -= job.size + job.reply_size;
    changed_.notify_all();
}

void CallRunner::cancel_all() noexcept {
    const Lock lock(mutex_);
    for (const auto& [key, item] : items_) item->cancelled = true;
}

/// Replies that are being sent are left to the connection, which has time-outs for them.
bool CallRunner::wait_until_idle(Deadline deadline, std::chrono::milliseconds patience) noexcept {
    const Lock lock(mutex_);
    while (jobs_ > sending_) {
        const bool stalled = lane_->stalled();  // nobody notifies of it
        const Deadline end = std::min(deadline, deadline_after(patience));
        if (changed_.wait_until(mutex_, end) == std::cv_status::no_timeout) continue;
        if (stalled && lane_->stalled()) break;
        if (std::chrono::steady_clock::now() >= deadline) break;
    }
    return jobs_ <= sending_;
}

void CallRunner::finish() noexcept {
    lane_->finish();
    if (own_threads_) own_threads_->finish();
}

}  // namespace jsocket::rpc
