// SPDX-License-Identifier: Apache-2.0
#include "peers/load_client.hpp"

#include "load/payload.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace peers {

namespace {

struct CommandLine {
    std::string connect;
    std::string payload_file;
    std::string mode = "pingpong";
    std::size_t window = 64;
    std::size_t clients = 1;
    double seconds = 1;
    std::vector<pid_t> pids;
    std::string tls_ca;
    std::string unused;
};

void define_options(CLI::App& app, CommandLine& line) {
    app.add_option("--connect", line.connect, "127.0.0.1:PORT")->required();
    app.add_option("--payload-file", line.payload_file, "The message: bench-load --print-payload")
        ->required();
    app.add_option("--mode", line.mode, "How to load it")
        ->check(CLI::IsMember({"pingpong", "pipeline", "clients"}));
    app.add_option("--window", line.window, "pipeline: calls on their way")
        ->check(CLI::PositiveNumber);
    app.add_option("--clients", line.clients, "clients: how many")->check(CLI::PositiveNumber);
    app.add_option("--seconds", line.seconds, "How long; 0: three messages")
        ->check(CLI::Range(0.0, 3600.0));
    app.add_option("--tls-ca", line.tls_ca,
                   "Encrypt, and trust these authorities; of JsonClient only");
    app.add_option("--pid", line.pids, "A process of the server; may be given more than once");
    for (const char* name : {"--protocol", "--size", "--idle"}) {
        app.add_option(name, line.unused, "Not used: of bench-load's command line");
    }
}

std::string read_payload(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

LoadOptions load_options(const CommandLine& line) {
    LoadOptions options;
    options.server = parse_address(line.connect);
    options.payload = read_payload(line.payload_file);
    if (line.mode == "clients") options.connections = line.clients;
    if (line.mode == "pipeline") options.in_flight = line.window;
    options.tls_ca = line.tls_ca;
    options.plan.time = std::chrono::duration<double>(line.seconds);
    options.plan.servers = jsocket::bench::Processes(line.pids);
    options.plan.keep_durations = line.mode == "pingpong";
    return options;
}

/// Libraries wait as long as they like, and one deadline for everything is enough here.
void give_up_after(std::chrono::duration<double> time) {
    std::signal(SIGALRM, [](int) {
        constexpr std::string_view text = "the server does not answer\n";
        [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
        std::_Exit(1);
    });
    alarm(static_cast<unsigned>(time.count()));
}

}  // namespace

void ReplyCheck::operator()(std::string_view reply) {
    if (to_compare_ > 0) {
        --to_compare_;
        if (!jsocket::bench::is_same_json(reply, options_.payload)) {
            throw std::runtime_error("a reply is not equal to its request");
        }
        size_ = reply.size();
    }
    if (reply.size() != size_) throw std::runtime_error("a reply has another size than the first");
}

int run_load(int argc, char** argv, jsocket::bench::Result (*load)(const LoadOptions&)) {
    CLI::App app("Loads an echo server and prints one line of JSON about how it did");
    CommandLine line;
    try {
        define_options(app, line);
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        const LoadOptions options = load_options(line);
        give_up_after(2 * options.plan.time + std::chrono::seconds(30));
        std::cout << load(options).to_json() << '\n';
        return 0;
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}

}  // namespace peers
