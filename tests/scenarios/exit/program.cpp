// SPDX-License-Identifier: Apache-2.0
//
// Prints where it serves, and ends in the way its argument says when its standard input ends, with
// clients connected. The servers are objects that are destroyed at the end of the process, or
// never.
#include "scenarios/exit/echo.hpp"

#include <jsocket/server/running.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace {

using Factory = jsocket::ServerFactory<EchoWorker>;

/// Has something logged when its client is disconnected.
class Grumbler : public EchoWorker {
    void on_disconnect() override { throw std::runtime_error("farewell"); }
};

// Before anything has been logged: what spdlog needs is made later, unless the server sees to it.
jsocket::Running<jsocket::ServerFactory<Grumbler>> global_grumbler;
jsocket::Running<Factory> global_factory;
jsocket::Running<Echo> global_threaded;
Factory plain_factory;

jsocket::Running<Factory>& local_factory() {
    static jsocket::Running<Factory> server;
    return server;
}

void serve(const jsocket::Server& server) {
    std::printf("%s\n", server.endpoint().c_str());
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
}

}  // namespace

int main(int, char** arguments) {
    const std::string server = arguments[1];
    const std::string end = arguments[2];
    spdlog::register_logger(std::make_shared<spdlog::logger>(
        "jsocket", std::make_shared<spdlog::sinks::stdout_sink_mt>()));
    if (server == "global") {
        serve(global_factory);
    } else if (server == "global-threaded") {
        serve(global_threaded);
    } else if (server == "grumbler") {
        serve(global_grumbler);
    } else if (server == "plain") {
        plain_factory.start();
        serve(plain_factory);
    } else if (server == "local") {
        serve(local_factory());
    } else if (server == "leaked") {
        serve(*new jsocket::Running<Factory>);  // NOLINT: that is the case
    } else {
        return 2;
    }
    if (end == "exit") std::exit(0);
    if (end == "quick_exit") std::quick_exit(0);
    if (end == "_exit") ::_exit(0);
    return 0;
}
