// SPDX-License-Identifier: Apache-2.0
#include "support/address.hpp"
#include "support/environment.hpp"
#include "support/error_of.hpp"
#include "support/leak_check.hpp"
#include "support/temporary_directory.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/service_manager.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <string>

namespace jsocket {
namespace {

using namespace test_support;
using ::testing::HasSubstr;

std::int64_t monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

/// A service manager that listens, and what it was told.
class ServiceManager : public LeakCheck {
  protected:
    void listen(const Address& address) {
        ASSERT_EQ(::bind(socket_.get(), address.data(), address.size), 0);
    }

    void listen() {
        listen(Address::unix_path(path));
        socket_variable.set(path);
    }

    /// A datagram is there once it was sent.
    std::string told() {
        char text[4096];
        const ssize_t size = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
    }

    TemporaryDirectory directory;
    std::string path = directory / "notify";
    Variable socket_variable{"NOTIFY_SOCKET"};
    Variable watchdog_usec{"WATCHDOG_USEC"};
    Variable watchdog_pid{"WATCHDOG_PID"};

  private:
    FileDescriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServiceManager, IsToldThatTheServerIsReady) {
    listen();
    EXPECT_TRUE(notify_ready());
    EXPECT_EQ(told(), "READY=1");
    EXPECT_TRUE(notify_ready("listening on [::1]:1"));
    EXPECT_EQ(told(), "READY=1\nSTATUS=listening on [::1]:1");
}

TEST_F(ServiceManager, IsToldNothingThatAStatusSmugglesIn) {
    listen();
    EXPECT_TRUE(notify_ready("fine\nMAINPID=1"));
    EXPECT_EQ(told(), "READY=1\nSTATUS=fine\\x0aMAINPID=1");
}

TEST_F(ServiceManager, IsToldThatTheServerStops) {
    listen();
    EXPECT_TRUE(notify_stopping());
    EXPECT_EQ(told(), "STOPPING=1");
}

TEST_F(ServiceManager, IsToldWhenReloadingBegan) {
    listen();
    const std::int64_t before = monotonic_microseconds();
    EXPECT_TRUE(notify_reloading());
    const std::string state = told();
    const std::string beginning = "RELOADING=1\nMONOTONIC_USEC=";
    ASSERT_EQ(state.substr(0, beginning.size()), beginning);
    const std::int64_t at = std::stoll(state.substr(beginning.size()));
    EXPECT_GE(at, before);
    EXPECT_LE(at, monotonic_microseconds());
}

TEST_F(ServiceManager, HearsOfTheWatchdogOnlyIfItWatchesThisProcess) {
    listen();
    EXPECT_EQ(watchdog_interval(), std::nullopt);
    EXPECT_FALSE(notify_watchdog());
    watchdog_usec.set("30000000");
    EXPECT_EQ(watchdog_interval(), std::chrono::seconds(30));
    EXPECT_EQ(told(), "nothing");
    EXPECT_TRUE(notify_watchdog());
    EXPECT_EQ(told(), "WATCHDOG=1");
    watchdog_pid.set(std::to_string(::getpid()));
    EXPECT_EQ(watchdog_interval(), std::chrono::seconds(30));
    watchdog_pid.set("1");
    EXPECT_EQ(watchdog_interval(), std::nullopt);
    EXPECT_FALSE(notify_watchdog());
    EXPECT_EQ(told(), "nothing");
}

TEST_F(ServiceManager, DoesNotWatchWithoutAnInterval) {
    for (const char* wrong : {"", "0", "-1", "x", "1x", "99999999999999999999"}) {
        watchdog_usec.set(wrong);
        EXPECT_EQ(watchdog_interval(), std::nullopt) << wrong;
    }
}

TEST_F(ServiceManager, NeedNotBeThere) {
    EXPECT_FALSE(notify_ready());
    EXPECT_FALSE(notify_stopping());
    socket_variable.set("");
    EXPECT_FALSE(notify_ready());
}

TEST_F(ServiceManager, MayHaveANameWithoutAFile) {
    const std::string name = "@jsocket-test-" + std::to_string(::getpid());
    Address address = Address::unix_path(name);
    reinterpret_cast<sockaddr_un*>(address.data())->sun_path[0] = '\0';
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    listen(address);
    socket_variable.set(name);
    EXPECT_TRUE(notify_ready());
    EXPECT_EQ(told(), "READY=1");
}

TEST_F(ServiceManager, ThatIsGoneIsAnError) {
    socket_variable.set(path);
    const auto error = error_of<ConnectionError>([] { notify_ready(); });
    EXPECT_EQ(error->code(), std::errc::no_such_file_or_directory);
    EXPECT_THAT(error->what(), HasSubstr(path));
}

TEST_F(ServiceManager, ThatHasNoAddressIsAnError) {
    for (const std::string& wrong : {std::string("relative"), std::string("/"),
                                     std::string("vsock:2:1234"), '/' + std::string(108, 'p')}) {
        socket_variable.set(wrong);
        EXPECT_THROW(notify_ready(), ConnectionError) << wrong;
    }
}

TEST_F(ServiceManager, ThatDoesNotListenHoldsNobodyUpForLong) {
    listen();
    const auto start = std::chrono::steady_clock::now();
    const auto fill = [] {
        for (int i = 0; i < 100'000; ++i) notify_ready();
    };
    const auto error = error_of<ConnectionError>(fill);
    EXPECT_EQ(error->code(), std::errc::resource_unavailable_try_again);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace jsocket
