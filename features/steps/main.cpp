// SPDX-License-Identifier: Apache-2.0
// Hosts the steps of the features: a server that cucumber connects to. See features/README.md.
#include "steps.hpp"
#include "wire_protocol.hpp"

#include <jsocket/server/running.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <iostream>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/signalfd.h>

namespace {

struct Arguments {
    std::uint16_t port = 0;
    std::chrono::seconds step_limit{0};
};

Arguments parse_arguments(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view option = words[i];
        if (option == "--port") {
            arguments.port = std::uint16_t(std::stoi(words[i + 1]));
        } else if (option == "--step-limit") {
            arguments.step_limit = std::chrono::seconds(std::stoi(words[i + 1]));
        } else {
            throw std::invalid_argument("unknown option " + std::string(option));
        }
    }
    if (count % 2 == 0) {
        throw std::invalid_argument("an option without a value, or a value without an option");
    }
    return arguments;
}

void define_all_steps(Steps& steps) {
    define_setting_steps(steps);
    define_server_steps(steps);
    define_client_steps(steps);
    define_crowd_steps(steps);
    define_stranger_steps(steps);
    define_statistics_steps(steps);
    define_command_steps(steps);
}

/// Returns at SIGINT or SIGTERM, or when the process at the other end of standard input has gone,
/// so that the host never outlives the script that started it.
void wait_for_the_end(int signals) {
    // No events asked for: input is left alone, only the end of a pipe or terminal is reported.
    pollfd waiting[] = {{signals, POLLIN, 0}, {STDIN_FILENO, 0, 0}};
    while (::poll(waiting, 2, -1) < 0 && errno == EINTR) {
    }
}

}  // namespace

int main(int count, char** words) {
    try {
        const Arguments arguments = parse_arguments(count, words);
        sigset_t ending;
        sigemptyset(&ending);
        sigaddset(&ending, SIGINT);
        sigaddset(&ending, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ending, nullptr);
        const int signals = signalfd(-1, &ending, SFD_CLOEXEC);

        Steps steps;
        define_all_steps(steps);
        const jsocket::Running<WireHost> host(arguments.port, steps, arguments.step_limit);
        std::cout << "listening on " << host.endpoint() << std::endl;
        wait_for_the_end(signals);
    } catch (const std::exception& error) {
        std::cerr << "jsocket-steps: " << error.what() << '\n';
        return 2;
    }
    return 0;
}
