// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"

#include <jsocket/error.hpp>
#include <jsocket/options.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

using namespace std::chrono_literals;

/// What check_options() says against options that `change` has been made to; empty if nothing.
std::string complaint(const std::function<void(SocketOptions&)>& change) {
    SocketOptions options;
    change(options);
    try {
        check_options(options);
        return "";
    } catch (const UsageError& error) {
        test::expect_fit_for_a_log(error.what());
        return error.what();
    }
}

std::string size_complaint(Framing framing, std::size_t size) {
    return complaint([&](SocketOptions& options) {
        options.framing = framing;
        options.limits.max_message_size = size;
    });
}

TEST(Framing, HasTheNamesOfTheCommandLine) {
    EXPECT_EQ(to_string(Framing::automatic), "auto");
    EXPECT_EQ(to_string(Framing::prefix), "prefix");
    EXPECT_EQ(to_string(Framing::crc), "crc");
    EXPECT_EQ(to_string(Framing::lines), "lines");
}

TEST(Framing, IsFoundByItsName) {
    for (const Framing framing :
         {Framing::automatic, Framing::prefix, Framing::crc, Framing::lines}) {
        EXPECT_EQ(framing_from_string(to_string(framing)), framing);
    }
}

TEST(Framing, IsNotFoundByAnyOtherName) {
    for (const char* name :
         {"", "automatic", "Auto", "PREFIX", " crc", "crc ", "line", "v1", "unknown", "0"}) {
        EXPECT_EQ(framing_from_string(name), std::nullopt) << name;
    }
}

TEST(Options, HaveTheDocumentedDefaults) {
    const SocketOptions options;
    EXPECT_EQ(options.framing, Framing::prefix);
    EXPECT_EQ(options.limits.max_message_size, 10'485'760u);
    EXPECT_EQ(options.limits.max_depth, 128u);
    EXPECT_EQ(options.limits.max_elements, 1'000'000u);
    EXPECT_EQ(options.recv_timeout, 2s);
    EXPECT_EQ(options.send_timeout, 30s);
    EXPECT_EQ(options.message_deadline, 30s);
    EXPECT_EQ(default_port, 5489);
    EXPECT_NO_THROW(check_options(options));
}

TEST(Options, RefuseAMessageSizeThatNoHeaderCanHold) {
    constexpr std::size_t four_gib = std::size_t{1} << 32;
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        EXPECT_EQ(size_complaint(framing, 1), "");
        EXPECT_EQ(size_complaint(framing, four_gib - 1), "");
        for (const std::size_t size : {std::size_t{0}, four_gib, std::size_t{SIZE_MAX}}) {
            EXPECT_NE(size_complaint(framing, size).find("max_message_size"), std::string::npos);
        }
    }
}

TEST(Options, RefuseAMessageSizeThatDetectionCannotTellFromText) {
    constexpr std::size_t most = 256u * 1024 * 1024;
    EXPECT_EQ(size_complaint(Framing::automatic, 1), "");
    EXPECT_EQ(size_complaint(Framing::automatic, most), "");
    for (const std::size_t size : {std::size_t{0}, most + 1, std::size_t{SIZE_MAX}}) {
        EXPECT_NE(size_complaint(Framing::automatic, size).find("max_message_size"),
                  std::string::npos);
    }
}

TEST(Options, RefuseADepthThatTheStackMightNotBear) {
    const auto depth_complaint = [](std::size_t depth) {
        return complaint([&](SocketOptions& options) { options.limits.max_depth = depth; });
    };
    EXPECT_EQ(depth_complaint(1), "");
    EXPECT_EQ(depth_complaint(1'000), "");
    for (const std::size_t depth : {std::size_t{0}, std::size_t{1'001}, std::size_t{SIZE_MAX}}) {
        EXPECT_NE(depth_complaint(depth).find("max_depth"), std::string::npos) << depth;
    }
}

TEST(Options, RefuseZeroElements) {
    const auto elements_complaint = [](std::size_t elements) {
        return complaint([&](SocketOptions& options) { options.limits.max_elements = elements; });
    };
    EXPECT_EQ(elements_complaint(1), "");
    EXPECT_EQ(elements_complaint(SIZE_MAX), "");
    EXPECT_NE(elements_complaint(0).find("max_elements"), std::string::npos);
}

TEST(Options, RefuseTimeoutsThatAreOverBeforeTheyBegin) {
    using Field = std::chrono::milliseconds SocketOptions::*;
    const std::vector<std::pair<const char*, Field>> fields = {
        {"recv_timeout", &SocketOptions::recv_timeout},
        {"send_timeout", &SocketOptions::send_timeout},
        {"message_deadline", &SocketOptions::message_deadline},
    };
    for (const auto& [name, member] : fields) {
        const Field field = member;
        const auto timeout_complaint = [field](std::chrono::milliseconds value) {
            return complaint([=](SocketOptions& options) { options.*field = value; });
        };
        EXPECT_EQ(timeout_complaint(1ms), "") << name;
        EXPECT_EQ(timeout_complaint(no_timeout), "") << name;
        for (const auto value : {0ms, -1ms, std::chrono::milliseconds::min()}) {
            EXPECT_NE(timeout_complaint(value).find(name), std::string::npos) << name;
        }
    }
}

TEST(Options, ComplaintsNameTheValueAndTheRange) {
    const std::string text =
        complaint([](SocketOptions& options) { options.limits.max_depth = 1'001; });
    EXPECT_NE(text.find("1001"), std::string::npos) << text;
    EXPECT_NE(text.find("1000"), std::string::npos) << text;
}

}  // namespace
}  // namespace jsocket
