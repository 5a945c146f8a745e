// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/leak_check.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/listener.hpp>
#include <jsocket/socket/stream.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// What the tests that open sockets have in common.
namespace socket_tests {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Deadline;
using jsocket::deadline_after;
using jsocket::Endpoint;
using jsocket::Interrupt;
using jsocket::Listener;
using jsocket::no_deadline;
using jsocket::no_timeout;
using jsocket::Stream;
using ::testing::HasSubstr;

inline const Endpoint ipv4{"127.0.0.1", 0};
inline const Endpoint ipv6{"::1", 0};

inline std::optional<std::string> read(Stream& stream,
                                       Deadline deadline = deadline_after(patience)) {
    std::string bytes(1 << 16, '\0');
    const auto size = stream.read_some(bytes, deadline);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

/// The E that `operation` throws.
template <typename E, typename Operation>
std::optional<E> error_of(Operation operation) {
    try {
        operation();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const E& error) {
        return error;
    } catch (const std::exception& error) {
        ADD_FAILURE() << "something else was thrown: " << error.what();
    }
    return std::nullopt;
}

/// Runs `call` in another thread; it is waiting, or about to, when this returns.
template <typename Call>
auto waiting(Call call) {
    auto begun = std::make_shared<std::promise<void>>();
    auto result = std::async(std::launch::async, [call, begun] {
        begun->set_value();
        return call();
    });
    begun->get_future().wait();
    result.wait_for(10ms);
    return result;
}

}  // namespace socket_tests
