// SPDX-License-Identifier: Apache-2.0
// What a scenario sets before it starts a server.
#include "steps.hpp"
#include "world.hpp"

void define_setting_steps(Steps& steps) {
    using std::chrono::milliseconds;

    steps.define("the server's receive time-out is {duration}",
                 [](World& world, milliseconds time) { world.server_options.recv_timeout = time; });
    steps.define("the server's send time-out is {duration}",
                 [](World& world, milliseconds time) { world.server_options.send_timeout = time; });
    steps.define("the server's accept time-out is {duration}", [](World& world, milliseconds time) {
        world.server_options.accept_timeout = time;
    });
    steps.define(
        "the server's message deadline is {duration}",
        [](World& world, milliseconds time) { world.server_options.message_deadline = time; });
    steps.define("the server takes at most {int} clients", [](World& world, int clients) {
        world.server_options.max_connections = std::size_t(clients);
    });
    steps.define("the server remembers at most {int} clients", [](World& world, int clients) {
        world.server_options.max_client_entries = std::size_t(clients);
    });
}
