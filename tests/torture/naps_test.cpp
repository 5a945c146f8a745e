// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <sys/resource.h>
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
    const long before = sleeps();
    for (int call = 0; call < 1'000'000 && sleeps() == before; ++call) {
        errno = 0;
        EXPECT_EQ(::close(-1), -1);
        ASSERT_EQ(errno, EBADF);
    }
    EXPECT_GT(sleeps(), before);
}

}  // namespace
