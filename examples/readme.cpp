// SPDX-License-Identifier: Apache-2.0
#include <jsocket/jsocket.hpp>

#include <iostream>
#include <optional>
#include <utility>

class Echo : public jsocket::ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

  private:
    std::optional<json> process_message(json& message) override { return std::move(message); }
};

int main() {
    jsocket::Running<Echo> server;  // on 127.0.0.1, on a free port, until the end of main
    jsocket::JsonClient client({.port = server.port()});
    client.connect();
    client.send_obj({{"echo", "hello"}});
    std::cout << client.read_obj() << '\n';
}
