// SPDX-License-Identifier: Apache-2.0
#include <jsocket/jsocket.hpp>

#include <iostream>
#include <optional>
#include <utility>

class Greeter : public jsocket::ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

  private:
    std::optional<jsocket::json> process_message(jsocket::json& message) override {
        return jsocket::json{{"hello", std::move(message["name"])}};
    }
};

int main() {
    jsocket::Running<Greeter> server;
    jsocket::JsonClient client({.port = server.port()});
    client.connect();
    std::cout << client.request({{"name", "consumer"}}) << " from jsocket " << JSOCKET_VERSION
              << '\n';
}
