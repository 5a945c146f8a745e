// SPDX-License-Identifier: Apache-2.0
// What a project's test does with an installed jsocket::testing.
#include <jsocket/jsocket.hpp>
#include <jsocket/testing/fault_proxy.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/script.hpp>
#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/serve.hpp>
#include <jsocket/testing/test_server.hpp>
#include <jsocket/testing/transcript.hpp>
#include <jsocket/testing/wait.hpp>

#include <iostream>

using namespace jsocket::testing;

int main() {
    TestServer server([](const jsocket::json& message) { return message.at("name"); });
    ScriptedPeer client(Script().send({{"name", "test"}}).expect("test").close(),
                        {.to = server.endpoint()});
    client.finish();
    if (!wait_until([&] { return server.clients() == 0; })) return 1;
    std::cout << client.transcript();
}
