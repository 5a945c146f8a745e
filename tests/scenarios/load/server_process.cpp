// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/server_process.hpp"

#include <csignal>
#include <cstdio>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test_support {
namespace {

json summary(const jsocket::ServerStats& stats, std::size_t active) {
    json result{{"active", active},
                {"entries", stats.clients.size()},
                {"refused", stats.refused_connections},
                {"connects", 0},
                {"disconnects", 0}};
    const auto add = [&](std::string_view name, std::uint64_t count) {
        if (count > 0) result[name] = result.value(name, std::uint64_t{0}) + count;
    };
    for (const auto& [name, client] : stats.clients) {
        add("connects", client.connects);
        add("disconnects", client.disconnects);
        for (std::size_t i = 0; i < jsocket::failure_count; ++i) {
            add(to_string(jsocket::Failure(i)), client.failures[i]);
        }
    }
    return result;
}

}  // namespace

ServerProcess::ServerProcess(Setup setup)
    : process_([&setup](int answer, int life) { return run(setup, answer, life); }) {
    if (!setup.held) read_port();
}

void ServerProcess::go() {
    process_.write("g", 1);
    read_port();
}

void ServerProcess::suspend() const {
    ::kill(pid(), SIGSTOP);
    int status = 0;
    if (::waitpid(pid(), &status, WUNTRACED) != pid() || !WIFSTOPPED(status)) {
        throw std::runtime_error("the server process does not stop");
    }
}

void ServerProcess::resume() const { ::kill(pid(), SIGCONT); }

void ServerProcess::read_port() { process_.read(&port_, sizeof(port_)); }

int ServerProcess::run(const Setup& setup, int answer, int life) {
    try {
        char byte;
        if (setup.held && ::read(life, &byte, 1) != 1) return 0;  // nobody needs it
        if (setup.descriptors > 0) {
            const rlimit limits{setup.descriptors, setup.descriptors};
            if (::setrlimit(RLIMIT_NOFILE, &limits) != 0) throw_errno("setrlimit");
        }
        std::vector<FileDescriptor> hoarded;
        jsocket::ServerFactoryBase* self = nullptr;
        Hooks<ScriptedWorker> hooks;
        hooks.message = [&](auto&, json& message) -> std::optional<json> {
            if (message == report_message) return summary(self->client_stats(), self->active());
            if (message == hoard_message) {
                for (int fd = 0; (fd = ::dup(STDIN_FILENO)) >= 0;) hoarded.emplace_back(fd);
            } else if (message == release_message) {
                hoarded.clear();
            }
            return std::move(message);
        };
        jsocket::ServerFactory<ScriptedWorker> server(setup.options, hooks);
        self = &server;
        server.start();
        const std::uint16_t port = server.port();
        if (::write(answer, &port, sizeof(port)) != sizeof(port)) throw_errno("write");
        while (::read(life, &byte, 1) > 0) continue;  // until the test is over
        server.stop();
        server.join();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "server process: %s\n", error.what());
        return 1;
    }
}

}  // namespace test_support
