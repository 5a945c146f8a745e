// SPDX-License-Identifier: Apache-2.0
//
// Loads an echo server with a JsonClient, which makes a tree of each reply, always the same one.
#include "peers/load_client.hpp"

#include <jsocket/client/json_client.hpp>

#include <stdexcept>
#include <vector>

namespace {

jsocket::bench::Result load(const peers::LoadOptions& options) {
    if (options.connections > 1) throw std::runtime_error("a JsonClient has one connection");
    jsocket::ClientOptions client_options{.address = options.server.host,
                                          .port = options.server.port};
    if (!options.tls_ca.empty()) client_options.tls.emplace().ca = options.tls_ca;
    jsocket::JsonClient client(client_options);
    client.connect();
    const jsocket::json message = jsocket::parse(options.payload);
    const std::size_t batch = options.in_flight > 1 ? options.in_flight / 2 : 1;
    const std::vector<jsocket::json> messages(batch, message);
    // A window of two batches: one is on its way while the other is read.
    if (options.in_flight > 1) client.send_objs(messages);
    bool compared = false;
    jsocket::json reply;
    const auto step = [&] {
        client.send_objs(messages);
        for (std::size_t i = 0; i < batch; ++i) {
            client.read_obj(reply);
            if (reply.size() != message.size() || (!compared && reply != message)) {
                throw std::runtime_error("a reply is not equal to its request");
            }
            compared = true;
        }
        return batch;
    };
    return jsocket::bench::measure(options.plan, step);
}

}  // namespace

int main(int argc, char** argv) { return peers::run_load(argc, argv, load); }
