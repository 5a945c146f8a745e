// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/options.hpp>
#include <jsocket/rpc/options.hpp>

namespace jsocket::rpc {

void check_options(const Options& options) {
    const auto check = [](const char* name, std::size_t value) {
        if (value == 0) throw UsageError(std::string(name) + " is 0; it has to be at least 1");
    };
    check("max_batch_size", options.max_batch_size);
    check("max_calls_in_flight", options.max_calls_in_flight);
    check("max_queued_notifications", options.max_queued_notifications);
    check("max_method_name", options.max_method_name);
    check_timeout("call_timeout", options.call_timeout);
    check_timeout("drain_timeout", options.drain_timeout);
    check_timeout("queue_timeout", options.queue_timeout);
}

}  // namespace jsocket::rpc
