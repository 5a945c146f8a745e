// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;

namespace jsocket {
namespace {

struct Example {
    std::string_view text;
    Endpoint endpoint;
};

const std::vector<Example>& examples() {
    static const std::vector<Example> all = {
        {"127.0.0.1:5489", {"127.0.0.1", 5489}},
        {"0.0.0.0:0", {"0.0.0.0", 0}},
        {"localhost:1", {"localhost", 1}},
        {"a.host-name.example:65535", {"a.host-name.example", 65535}},
        {"[::1]:5489", {"::1", 5489}},
        {"[::]:0", {"::", 0}},
        {"[fe80::1%eth0]:80", {"fe80::1%eth0", 80}},
        {"[2001:db8::ffff:192.0.2.1]:443", {"2001:db8::ffff:192.0.2.1", 443}},
        {"unix:/run/echo", {"unix:/run/echo", 0}},
        {"unix:relative/path", {"unix:relative/path", 0}},
        {"unix:/with space:and:colons", {"unix:/with space:and:colons", 0}},
        {"systemd:", {"systemd:", 0}},
        {"systemd:echo.socket", {"systemd:echo.socket", 0}},
        {"systemd:80", {"systemd:80", 0}},
    };
    return all;
}

/// What parse_endpoint() says against `text`; empty if it does not.
std::string complaint(std::string_view text) {
    try {
        parse_endpoint(text);
        return "";
    } catch (const UsageError& error) {
        test::expect_fit_for_a_log(error.what(), 400);  // it is our user's own text
        return error.what();
    }
}

TEST(Endpoint, IsReadFromText) {
    for (const Example& example : examples()) {
        EXPECT_EQ(parse_endpoint(example.text), example.endpoint) << example.text;
    }
}

TEST(Endpoint, IsPrintedAsItIsRead) {
    for (const Example& example : examples()) {
        EXPECT_EQ(to_string(example.endpoint), example.text);
    }
}

TEST(Endpoint, KnowsThePathOfAUnixSocket) {
    EXPECT_EQ(parse_endpoint("unix:/run/echo").unix_path(), "/run/echo");
    EXPECT_EQ(parse_endpoint("unix:x").unix_path(), "x");
    EXPECT_EQ(parse_endpoint("127.0.0.1:1").unix_path(), std::nullopt);
    EXPECT_EQ(parse_endpoint("unixhost:1").unix_path(), std::nullopt);
}

TEST(Endpoint, KnowsTheNameOfASocketThatIsPassedOn) {
    EXPECT_EQ(parse_endpoint("systemd:echo").systemd_name(), "echo");
    EXPECT_EQ(parse_endpoint("systemd:").systemd_name(), "");
    EXPECT_EQ(parse_endpoint("unix:systemd:").systemd_name(), std::nullopt);
    EXPECT_EQ(parse_endpoint("systemdhost:1").systemd_name(), std::nullopt);
    EXPECT_EQ(parse_endpoint("systemd:echo").unix_path(), std::nullopt);
}

TEST(Endpoint, DoesNotPrintThePortOfASocketThatHasItsOwn) {
    EXPECT_EQ(to_string(Endpoint{.address = "unix:/run/echo", .port = 7}), "unix:/run/echo");
    EXPECT_EQ(to_string(Endpoint{.address = "systemd:echo", .port = 7}), "systemd:echo");
}

TEST(Endpoint, RefusesANameThatNoSocketCanHave) {
    EXPECT_NE(complaint("systemd:a:b"), "");
    EXPECT_NE(complaint("systemd:a\n"), "");
    EXPECT_EQ(complaint("systemd:" + std::string(254, 'n')), "");
    EXPECT_EQ(complaint("systemd:" + std::string(255, 'n')), "");
    EXPECT_NE(complaint("systemd:" + std::string(256, 'n')), "");
}

TEST(Endpoint, ComparesAddressAndPort) {
    EXPECT_EQ((Endpoint{"a", 1}), (Endpoint{"a", 1}));
    EXPECT_NE((Endpoint{"a", 1}), (Endpoint{"a", 2}));
    EXPECT_NE((Endpoint{"a", 1}), (Endpoint{"b", 1}));
}

TEST(Endpoint, RefusesAPortThatIsNone) {
    for (const std::string_view port :
         {"", " 80", "80 ", "+80", "-1", "65536", "99999999999999999999", "0x50", "8o", "http",
          "80:", "8.0", "1e3"}) {
        for (const std::string_view host : {"localhost", "127.0.0.1", "[::1]"}) {
            const std::string text = std::string(host) + ':' + std::string(port);
            EXPECT_NE(complaint(text), "") << text;
        }
    }
    EXPECT_NE(complaint("localhost:80\0"sv), "");
}

TEST(Endpoint, SaysThatThePortIsWrong) {
    EXPECT_NE(complaint("localhost:65536").find("port"), std::string::npos);
    EXPECT_NE(complaint("localhost").find("port"), std::string::npos);
}

TEST(Endpoint, RefusesTextThatIsNoEndpoint) {
    for (const std::string_view text :
         {"", ":", ":80", "localhost", "80", "[::1]", "[::1", "::1", "::1:80", "[]:80", "[::1]80",
          "[::1:80", "::1]:80", "[localhost:80", "localhost]:80", "[::1]x:80", "x[::1]:80",
          "unix:"}) {
        EXPECT_NE(complaint(text), "") << text;
    }
}

TEST(Endpoint, RefusesControlCharacters) {
    for (const std::string_view text :
         {"local\0host:80"sv, "\nlocalhost:80"sv, "unix:/run/a\0b"sv, "\0:80"sv}) {
        EXPECT_NE(complaint(text), "") << testing::PrintToString(std::string(text));
    }
}

TEST(Endpoint, QuotesLittleOfAHugeText) {
    EXPECT_NE(complaint(std::string(1'000'000, '\n') + ":x"), "");
}

}  // namespace
}  // namespace jsocket
