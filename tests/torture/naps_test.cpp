// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

/// How often this thread has given its processor away of its own will.
long sleeps() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

/// With libnaps.so preloaded, that is; a call that fails at once sleeps at no other time.
TEST(Naps, AreTakenByProgramsOfThisBuildAndLeaveTheErrorAlone) {
    // A nap that a signal ends has an error of its own.
    std::signal(SIGALRM, [](int) {});
    const itimerval each_millisecond{.it_interval = {0, 1000}, .it_value = {0, 1000}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &each_millisecond, nullptr), 0);
    const long enough = sleeps() + 10;
    for (int call = 0; call < 10'000'000 && sleeps() < enough; ++call) {
        errno = 0;
        EXPECT_EQ(::close(-1), -1);
        ASSERT_EQ(errno, EBADF);
    }
    EXPECT_GE(sleeps(), enough);
}

}  // namespace
