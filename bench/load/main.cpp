// SPDX-License-Identifier: Apache-2.0
//
// bench-load: loads an echo server, and prints one line of JSON about how it did.
#include "load/modes.hpp"
#include "load/payload.hpp"
#include "load/protocol.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <sys/resource.h>

namespace {

using namespace jsocket::bench;

constexpr std::size_t largest_payload = std::size_t{256} << 20;
constexpr std::size_t most_at_once = 100'000;

struct CommandLine {
    LoadOptions load;
    std::string mode = "pingpong";
    std::size_t size = smallest_payload;
    double seconds = 1;
    std::vector<pid_t> pids;
    bool print_payload = false;
};

void define_options(CLI::App& app, CommandLine& line) {
    Target& target = line.load.target;
    target.protocol = "prefix";
    app.add_option("--connect", target.address, "127.0.0.1:PORT or unix:PATH");
    app.add_option("--protocol", target.protocol, "What the server speaks")
        ->check(CLI::IsMember(protocol_names()));
    app.add_option("--size", line.size, "Bytes of JSON in each message")
        ->check(CLI::Range(smallest_payload, largest_payload));
    app.add_option("--mode", line.mode, "How to load it")->check(CLI::IsMember(mode_names()));
    app.add_option("--window", line.load.window, "pipeline: messages on their way")
        ->check(CLI::Range(std::size_t{1}, most_at_once));
    app.add_option("--clients", line.load.clients, "clients, connect: how many")
        ->check(CLI::Range(std::size_t{1}, most_at_once));
    app.add_option("--idle", line.load.idle, "idle: connections that do nothing");
    app.add_option("--seconds", line.seconds, "How long; 0: three messages")
        ->check(CLI::Range(0.0, 3600.0));
    app.add_option("--pid", line.pids, "A process of the server; may be given more than once");
    app.add_flag("--print-payload", line.print_payload, "Print the message, and do nothing else");
}

/// Ten thousand connections are more than a shell usually lets a program have.
void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void run(CommandLine line) {
    line.load.target.payload = make_payload(line.size);
    if (line.print_payload) {
        std::cout << line.load.target.payload << '\n';
        return;
    }
    line.load.plan.time = std::chrono::duration<double>(line.seconds);
    line.load.plan.servers = Processes(line.pids);
    allow_many_descriptors();
    std::cout << run_mode(line.mode, line.load).to_json() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Loads an echo server and prints one line of JSON about how it did");
    CommandLine line;
    try {
        define_options(app, line);
        app.parse(argc, argv);
        if (line.load.target.address.empty() && !line.print_payload) {
            throw CLI::RequiredError("--connect");
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        run(line);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench-load: " << error.what() << '\n';
        return 1;
    }
}
