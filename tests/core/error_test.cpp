// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <type_traits>

namespace jsocket {
namespace {

template <typename Thrown, typename Base>
bool is_caught_as(const Thrown& error) {
    try {
        throw error;
    } catch (const Base&) {
        return true;
    } catch (...) {
        return false;
    }
}

TEST(Error, LeavesTheConnectionUsableAfterAWrongCallOnly) {
    EXPECT_TRUE(UsageError("x").connection_usable());
    EXPECT_TRUE(MessageTooLarge(2, 1).connection_usable());
    EXPECT_FALSE(Error("x").connection_usable());
    EXPECT_FALSE(ConnectionError("x").connection_usable());
    EXPECT_FALSE(ConnectError("x", {}, "h:1").connection_usable());
    EXPECT_FALSE(ConnectionClosed("x", false).connection_usable());
    EXPECT_FALSE(ProtocolError("x").connection_usable());
    EXPECT_FALSE(FramingError(FramingError::Kind::oversize, "x").connection_usable());
    EXPECT_FALSE(PayloadError(PayloadError::Kind::too_deep, "x").connection_usable());
}

TEST(Error, LeavesItToATimeoutWhetherTheConnectionIsUsable) {
    EXPECT_TRUE(TimeoutError("x", true).connection_usable());
    EXPECT_FALSE(TimeoutError("x", false).connection_usable());
    EXPECT_FALSE(TimeoutError("x").connection_usable());
}

TEST(Error, IsOneTree) {
    EXPECT_TRUE((is_caught_as<MessageTooLarge, UsageError>({2, 1})));
    EXPECT_TRUE((is_caught_as<ConnectError, ConnectionError>({"x", {}, "h:1"})));
    EXPECT_TRUE((is_caught_as<ConnectionClosed, ConnectionError>({"x", true})));
    EXPECT_TRUE((is_caught_as<FramingError, ProtocolError>({FramingError::Kind::oversize, "x"})));
    EXPECT_TRUE((is_caught_as<PayloadError, ProtocolError>({PayloadError::Kind::too_deep, "x"})));
    EXPECT_TRUE((is_caught_as<TimeoutError, Error>(TimeoutError("x"))));
    EXPECT_TRUE((is_caught_as<UsageError, std::runtime_error>(UsageError("x"))));
}

TEST(Error, HasBranchesThatDoNotCatchEachOther) {
    EXPECT_FALSE((is_caught_as<PayloadError, FramingError>({PayloadError::Kind::too_deep, "x"})));
    EXPECT_FALSE((is_caught_as<UsageError, ProtocolError>(UsageError("x"))));
    EXPECT_FALSE((is_caught_as<TimeoutError, ConnectionError>(TimeoutError("x"))));
    EXPECT_FALSE((is_caught_as<ConnectionClosed, ConnectError>({"x", true})));
}

TEST(Error, KeepsItsText) {
    EXPECT_STREQ(UsageError("a reason").what(), "a reason");
    EXPECT_STREQ(TimeoutError("a reason").what(), "a reason");
    EXPECT_STREQ(ConnectionClosed("socket connection broken", true).what(),
                 "socket connection broken");
}

TEST(MessageTooLarge, KnowsSizeAndLimit) {
    const MessageTooLarge error(10'485'761, 10'485'760);
    EXPECT_EQ(error.size(), 10'485'761u);
    EXPECT_EQ(error.limit(), 10'485'760u);
}

TEST(MessageTooLarge, SaysWhichSizeIsAboveWhichSetting) {
    const std::string text = MessageTooLarge(10'485'761, 10'485'760).what();
    EXPECT_NE(text.find("10485761"), std::string::npos) << text;
    EXPECT_NE(text.find("10485760"), std::string::npos) << text;
    EXPECT_NE(text.find("max_message_size"), std::string::npos) << text;
}

TEST(ConnectError, KnowsWhereWhyAndHowOften) {
    const auto refused = std::make_error_code(std::errc::connection_refused);
    const ConnectError error("x", refused, "[::1]:5489", 3);
    EXPECT_EQ(error.code(), refused);
    EXPECT_EQ(error.endpoint(), "[::1]:5489");
    EXPECT_EQ(error.attempts(), 3);
    EXPECT_EQ(ConnectError("x", refused, "h:1").attempts(), 1);
}

TEST(ConnectionClosed, KnowsWhetherAMessageWasCut) {
    EXPECT_TRUE(ConnectionClosed("x", true).mid_message());
    EXPECT_FALSE(ConnectionClosed("x", false).mid_message());
    EXPECT_FALSE(ConnectionClosed("x", false).code());
}

TEST(ProtocolError, KnowsItsKind) {
    using Framing = FramingError::Kind;
    for (const auto kind : {Framing::bad_header, Framing::bad_checksum, Framing::oversize}) {
        EXPECT_EQ(FramingError(kind, "x").kind(), kind);
    }
    using Payload = PayloadError::Kind;
    for (const auto kind :
         {Payload::invalid_utf8, Payload::invalid_json, Payload::too_deep, Payload::too_complex}) {
        EXPECT_EQ(PayloadError(kind, "x").kind(), kind);
    }
}

}  // namespace
}  // namespace jsocket
