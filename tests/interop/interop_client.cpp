// SPDX-License-Identifier: Apache-2.0

// A JsonClient that does what it reads, and prints what came of it, line by line:
//
//     connect          -> ok
//     send JSON        -> ok
//     read             -> the message
//     request JSON     -> the reply
//     try SECONDS      -> the message, or "none"
//     close            -> ok
//
// An error is printed as its kind, whether the connection is usable, and its text:
// "TimeoutError usable: no message ...". Arguments: HOST:PORT FRAMING RECV_TIMEOUT_SECONDS.

#include <jsocket/endpoint.hpp>
#include <jsocket/jsocket.hpp>

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <typeinfo>

namespace {

using jsocket::json;

std::string kind(const jsocket::Error& error) {
    if (const auto* framing = dynamic_cast<const jsocket::FramingError*>(&error)) {
        using Kind = jsocket::FramingError::Kind;
        switch (framing->kind()) {
            case Kind::bad_header:
                return "FramingError bad_header";
            case Kind::bad_checksum:
                return "FramingError bad_checksum";
            case Kind::oversize:
                return "FramingError oversize";
        }
    }
    if (dynamic_cast<const jsocket::PayloadError*>(&error)) return "PayloadError";
    if (dynamic_cast<const jsocket::TimeoutError*>(&error)) return "TimeoutError";
    if (dynamic_cast<const jsocket::ConnectError*>(&error)) return "ConnectError";
    if (const auto* closed = dynamic_cast<const jsocket::ConnectionClosed*>(&error)) {
        return closed->mid_message() ? "ConnectionClosed mid_message" : "ConnectionClosed";
    }
    if (dynamic_cast<const jsocket::UsageError*>(&error)) return "UsageError";
    return "Error";
}

std::string obey(jsocket::JsonClient& client, const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    words >> verb >> std::ws;
    std::string rest;
    std::getline(words, rest);
    if (verb == "read") return client.read_obj().dump();
    if (verb == "request") {  // in two steps: a late reply is to be readable after a time-out
        client.send_obj(jsocket::parse(rest));
        return client.read_obj().dump();
    }
    if (verb == "try") {
        const std::chrono::milliseconds timeout(static_cast<int>(std::stod(rest) * 1000));
        const std::optional<json> message = client.try_read_obj(timeout);
        return message ? message->dump() : "none";
    }
    if (verb == "connect") client.connect();
    if (verb == "send") client.send_obj(jsocket::parse(rest));
    if (verb == "close") client.close();
    return "ok";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const jsocket::Endpoint server = jsocket::parse_endpoint(argv[1]);
    jsocket::ClientOptions options{.address = server.address, .port = server.port};
    options.framing = jsocket::framing_from_string(argv[2]).value();
    options.recv_timeout = std::chrono::milliseconds(static_cast<int>(std::stod(argv[3]) * 1000));
    jsocket::JsonClient client(options);
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::cout << obey(client, line) << std::endl;
        } catch (const jsocket::Error& error) {
            std::cout << kind(error) << (error.connection_usable() ? " usable: " : " closed: ")
                      << error.what() << std::endl;
        }
    }
}
