// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rpc/call_runner.hpp"
#include "rpc/message.hpp"
#include "rpc/replies.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace jsocket::rpc {

/// One request of a message.
struct CallRunner::Item {
    explicit Item(const std::stop_token& all) : stops_with_all(all, Stop{stop}) {}
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;

    /// So that stop_all() needs neither a list of calls nor memory for one.
    struct Stop {
        void operator()() const { source.request_stop(); }
        std::stop_source& source;
    };

    Request request = {};
    Run run = Run::immediately;
    std::size_t reply = 0;  // its place among the job's replies, if it has one
    bool refused = false;
    std::stop_source stop = {};
    std::stop_callback<Stop> stops_with_all;
    std::atomic<bool> cancelled{false};
    std::multimap<std::string, Item*>::iterator place = {};
    bool registered = false;
};

/// The requests of a message, and their replies.
struct CallRunner::Job {
    Job(CallRunner& its_runner, bool is_batch, std::size_t tree_size)
        : runner(its_runner),
          replies(is_batch, runner.connection_.limits, runner.connection_.memory, tree_size) {}
    ~Job() { runner.release(*this); }
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    bool has(Run run) const {
        return std::any_of(items.begin(), items.end(),
                           [run](const Item& item) { return !item.refused && item.run == run; });
    }

    CallRunner& runner;
    std::deque<Item> items = {};  // never moved: others point to them
    Replies replies;
    std::size_t size = 0;
    std::size_t reply_size = 0;  // of what is there so far; with the runner's mutex
    std::shared_ptr<Conversation> conversation = nullptr;
    bool counts_as_call = false;  // counted in calls_
    bool admitted = false;        // counted in jobs_
    bool sending = false;         // counted in sending_
    std::atomic<int> groups{1};   // that have not ended; the first is the reading thread's
};

}  // namespace jsocket::rpc
