// SPDX-License-Identifier: Apache-2.0
// Encrypted, and both sides know who the other is: tls_echo CERTIFICATE KEY AUTHORITY, all of them
// files in PEM. For brevity server and client have the same certificate; docs/tls.md makes better.
#include <jsocket/jsocket.hpp>

#include <iostream>
#include <optional>
#include <utility>

class Echo : public jsocket::ServerFactoryThread {
  private:
    std::optional<json> process_message(json& message) override {
        // The authority vouches for it, unlike a member `client` in the message.
        message["from"] = credentials().certificate_subject;
        return std::move(message);
    }
};

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: tls_echo CERTIFICATE KEY AUTHORITY\n";
        return 2;
    }
    try {
        jsocket::Running<jsocket::ServerFactory<Echo>> server(jsocket::ServerOptions{
            .tls = jsocket::TlsServerOptions{
                .certificate = argv[1], .key = argv[2], .client_ca = argv[3]}});

        jsocket::JsonClient client({.port = server.port(),
                                    .tls = jsocket::TlsClientOptions{
                                        .ca = argv[3], .certificate = argv[1], .key = argv[2]}});
        client.connect();
        std::cout << client.request({{"echo", "hello"}}) << '\n';

        // Without TLS the server says nothing at all.
        jsocket::JsonClient plain({.port = server.port()});
        plain.connect();
        try {
            plain.request({{"echo", "hello"}});
        } catch (const jsocket::ConnectionError&) {
            std::cout << "no reply to plain text\n";
        }
    } catch (const jsocket::Error& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
