// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/error_of.hpp"
#include "support/leak_check.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"
#include "support/waiting.hpp"

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

}  // namespace socket_tests
