// SPDX-License-Identifier: Apache-2.0
// A test that needs no framework: what goes wrong is an exception, and its text says what.
#include <jsocket/jsocket.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/scripted_peer.hpp>

#include <cstdint>
#include <iostream>
#include <string>

namespace {

using namespace jsocket::testing;
using jsocket::json;

/// The code under test: a client that signs on and says what it wants to hear of.
void sign_on(std::uint16_t port, const std::string& topic) {
    jsocket::JsonClient client({.port = port, .framing = jsocket::Framing::lines});
    client.connect();
    const json welcome = client.request({{"hello", "me"}});
    client.request({{"session", welcome.at("session")}, {"want", {"news", topic}}});
}

/// Throws Mismatch if it does not do so.
void test_sign_on(const std::string& topic) {
    ScriptedPeer server(Script()
                            .expect({{"hello", anything()}})
                            .reply({{"session", 7}})
                            .expect({{"session", 7}, {"want", {"news", "weather"}}})
                            .reply("welcome")
                            .expect_close());
    try {
        sign_on(server.port(), topic);
    } catch (const jsocket::Error&) {
        // The server has left it alone; finish() knows why.
    }
    server.finish();
}

}  // namespace

int main() {
    test_sign_on("weather");
    try {
        test_sign_on("wether");  // to show what a failure looks like
    } catch (const Mismatch& mismatch) {
        std::cout << mismatch.what() << '\n';
        return 0;
    }
    return 1;
}
