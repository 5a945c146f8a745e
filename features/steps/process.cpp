// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Pipe {
    Descriptor read_end;
    Descriptor write_end;
};

Pipe make_pipe() {
    std::array<int, 2> ends;
    expect(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe");
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// Keeps a write to a pipe that nobody reads from ending the process. Only for this thread and this
/// long: the library has to do without.
class NoPipeSignal {
  public:
    NoPipeSignal() {
        sigemptyset(&signal_);
        sigaddset(&signal_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &signal_, &before_);
    }
    ~NoPipeSignal() {
        const timespec at_once{};
        sigtimedwait(&signal_, nullptr, &at_once);
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoPipeSignal(const NoPipeSignal&) = delete;
    NoPipeSignal& operator=(const NoPipeSignal&) = delete;

  private:
    sigset_t signal_{};
    sigset_t before_{};
};

/// Takes what there is; closes the pipe at its end.
void read_some(Descriptor& pipe, std::string& text) {
    std::array<char, 4096> space;
    const ssize_t count = ::read(pipe.get(), space.data(), space.size());
    if (count > 0) {
        text.append(space.data(), std::size_t(count));
    } else if (count == 0 || errno != EINTR) {
        pipe = Descriptor();
    }
}

pid_t spawn(const std::vector<std::string>& words, int input, int output, int complaints) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);

    // The host blocks the signals that end it; its children must not.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    expect(error == 0, "cannot run " + words[0] + ": " + std::strerror(error));
    return pid;
}

}  // namespace

Process::Process(const std::vector<std::string>& words) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    Pipe complaints = make_pipe();
    pid_ = spawn(words, input.read_end.get(), output.write_end.get(), complaints.write_end.get());
    input_ = std::move(input.write_end);
    output_pipe_ = std::move(output.read_end);
    complaints_pipe_ = std::move(complaints.read_end);
}

Process::~Process() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

void Process::write_input(std::string_view text) {
    // Less than a pipe holds, so that this never waits for a program that waits for us.
    expect(text.size() < 32 * 1024, "too much input for a scenario");
    const NoPipeSignal no_signal;
    const ssize_t written = ::write(input_.get(), text.data(), text.size());
    input_ = Descriptor();
    expect(written == ssize_t(text.size()), "the program does not read its input");
}

bool Process::read_more(std::chrono::steady_clock::time_point end) {
    std::array<pollfd, 2> pipes = {
        {{output_pipe_.get(), POLLIN, 0}, {complaints_pipe_.get(), POLLIN, 0}}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(pipes.data(), pipes.size(), int(left.count())) <= 0) {
        return false;
    }
    if (pipes[0].revents != 0) {
        read_some(output_pipe_, output_);
    }
    if (pipes[1].revents != 0) {
        read_some(complaints_pipe_, complaints_);
    }
    return true;
}

std::string Process::read_line() {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const std::size_t end = output_.find('\n', lines_read_);
        if (end != std::string::npos) {
            const std::string line = output_.substr(lines_read_, end - lines_read_);
            lines_read_ = end + 1;
            return line;
        }
        expect(bool(output_pipe_) && read_more(deadline),
               "the program printed no line, but: " + output_ + complaints_);
    }
}

void Process::signal(int number) { expect(::kill(pid_, number) == 0, "the program has ended"); }

void Process::wait() {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    // Its output ends with the program, as it has no children.
    while (output_pipe_ || complaints_pipe_) {
        expect(read_more(deadline),
               "the program does not end; it printed: " + output_ + complaints_);
    }
    reap();
}

void Process::reap() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> split_command(std::string_view command) {
    std::vector<std::string> words;
    bool quoted = false;
    bool in_word = false;
    for (const char character : command) {
        if (character == '\'') {
            quoted = !quoted;
        } else if (character == ' ' && !quoted) {
            in_word = false;
            continue;
        }
        if (!in_word) {
            words.emplace_back();
            in_word = true;
        }
        if (character != '\'') {
            words.back() += character;
        }
    }
    return words;
}
