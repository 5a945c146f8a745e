// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/address.hpp"
#include "support/wait.hpp"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace test_support {

/// A program that a test runs. It is killed if it has not ended with its owner.
///
///     ChildProcess server({"/usr/bin/server", "--port", "0"});
///     server.read_line();
///     server.send_signal(SIGTERM);
///     EXPECT_EQ(server.wait(), 0) << server.errors();
class ChildProcess {
  public:
    explicit ChildProcess(std::vector<std::string> arguments)
        : errors_(::memfd_create("stderr", MFD_CLOEXEC)) {
        int input[2];
        int output[2];
        if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) throw_errno("pipe");
        const FileDescriptor its_input(input[0]);
        const FileDescriptor its_output(output[1]);
        input_ = FileDescriptor(input[1]);
        output_ = FileDescriptor(output[0]);

        std::vector<char*> pointers;
        for (std::string& argument : arguments) pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, its_input.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, its_output.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, errors_.get(), STDERR_FILENO);
        errno = ::posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (errno != 0) throw_errno("posix_spawn");
    }
    ~ChildProcess() {
        if (status_ >= 0) return;
        send_signal(SIGKILL);
        ::waitpid(pid_, &status_, 0);
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// What it prints next, without the end of the line; less if it ends.
    std::string read_line() {
        std::string line;
        char byte = 0;
        pollfd entry{output_.get(), POLLIN, 0};
        while (::poll(&entry, 1, int(patience.count())) > 0 &&
               ::read(output_.get(), &byte, 1) == 1 && byte != '\n') {
            line += byte;
        }
        return line;
    }

    /// All it prints until it ends.
    std::string read_all() {
        std::string text;
        char space[4096];
        pollfd entry{output_.get(), POLLIN, 0};
        while (::poll(&entry, 1, int(patience.count())) > 0) {
            const ssize_t size = ::read(output_.get(), space, sizeof(space));
            if (size <= 0) break;
            text.append(space, std::size_t(size));
        }
        return text;
    }

    /// It finds the end of its standard input.
    void close_input() { input_.close(); }

    void send_signal(int number) const {
        if (status_ < 0) ::kill(pid_, number);
    }

    /// Its exit code, or 1000 and the signal that ended it. Throws if it goes on for too long.
    int wait() {
        if (!wait_until([&] { return ::waitpid(pid_, &status_, WNOHANG) == pid_; })) {
            status_ = -1;
            throw std::runtime_error("child process: it does not end; " + errors());
        }
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 1000 + WTERMSIG(status_);
    }

    /// What it has written to its standard error.
    std::string errors() const {
        std::string text(std::size_t(::lseek(errors_.get(), 0, SEEK_END)), '\0');
        const ssize_t size = ::pread(errors_.get(), text.data(), text.size(), 0);
        text.resize(size < 0 ? 0 : std::size_t(size));
        return text;
    }

  private:
    pid_t pid_ = -1;
    int status_ = -1;
    FileDescriptor errors_;
    FileDescriptor input_;
    FileDescriptor output_;
};

}  // namespace test_support
