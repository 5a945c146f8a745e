// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stranger.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

/// A program that runs as a child, with pipes for its input and output.
///
/// Lifetime: the destructor kills it if it still runs. Errors: StepFailed, also when the program
/// does not do in time what is waited for.
class Process {
  public:
    /// Starts the program words[0], a path, with its arguments.
    explicit Process(const std::vector<std::string>& words);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Writes what the program reads from its standard input, and ends that.
    void write_input(std::string_view text);

    /// The next line of its standard output, without its end.
    std::string read_line();

    void signal(int number);

    /// Waits until the program ends. What it has written is complete then.
    void wait();

    /// After wait(): the exit code, or 128 and the number of the signal that ended it.
    int exit_code() const noexcept { return exit_code_; }
    const std::string& output() const noexcept { return output_; }
    const std::string& complaints() const noexcept { return complaints_; }

  private:
    bool read_more(std::chrono::steady_clock::time_point end);
    void reap();

    pid_t pid_ = -1;
    int exit_code_ = -1;
    Descriptor input_;
    Descriptor output_pipe_;
    Descriptor complaints_pipe_;
    std::string output_;  // of which lines_read_ bytes have been returned by read_line()
    std::size_t lines_read_ = 0;
    std::string complaints_;
};

/// The words of a command line; those with spaces in them are in 'single quotes'.
std::vector<std::string> split_command(std::string_view command);
