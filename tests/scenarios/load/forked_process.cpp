// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/forked_process.hpp"

#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace test_support {

ForkedProcess::ForkedProcess(const std::function<int(int answer, int life)>& body) {
    int answer[2];
    int life[2];
    if (::pipe2(answer, O_CLOEXEC) != 0 || ::pipe2(life, O_CLOEXEC) != 0) throw_errno("pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0) {
        ::close(answer[0]);
        ::close(life[1]);
        _exit(body(answer[1], life[0]));
    }
    ::close(answer[1]);
    ::close(life[0]);
    life_ = FileDescriptor(life[1]);
    answer_ = FileDescriptor(answer[0]);
}

ForkedProcess::~ForkedProcess() {
    life_.close();
    if (pid_ < 0) return;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

void ForkedProcess::read(void* data, std::size_t size) const {
    pollfd entry{answer_.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(patience.count())) != 1 ||
        ::read(answer_.get(), data, size) != static_cast<ssize_t>(size)) {
        throw std::runtime_error("the process does not answer");
    }
}

void ForkedProcess::write(const void* data, std::size_t size) const {
    if (::write(life_.get(), data, size) != static_cast<ssize_t>(size)) {
        throw_errno("write to the process");
    }
}

void ForkedProcess::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace test_support
