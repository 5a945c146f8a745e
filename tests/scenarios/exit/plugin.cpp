// SPDX-License-Identifier: Apache-2.0
//
// A library that runs a server and is unloaded again.
#include "scenarios/exit/echo.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/server/running.hpp>

/// 0 if a server in here answered.
extern "C" __attribute__((visibility("default"))) int serve_once() {
    jsocket::Running<jsocket::ServerFactory<EchoWorker>> factory;
    jsocket::Running<Echo> threaded;
    for (const std::uint16_t port : {factory.port(), threaded.port()}) {
        jsocket::JsonClient client({.port = port, .retry = {.attempts = 1}});
        client.connect();
        if (client.request("hello") != "hello") return 1;
    }
    return 0;
}
