// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "expect.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <array>
#include <cstdlib>
#include <cxxabi.h>
#include <filesystem>
#include <typeinfo>

Folder::Folder() {
    path_ = (std::filesystem::temp_directory_path() / "jsocket-features-XXXXXX").string();
    expect(::mkdtemp(path_.data()) != nullptr, "cannot make the folder " + path_);
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

World::World() {
    server_options.recv_timeout = patience;
    client_options.recv_timeout = patience;
}

World::~World() {
    // What waits in the background, or in a hook, must come to its end first.
    gate.open();
    for (auto& [name, client] : clients) {
        client.close();
    }
    if (background.valid()) {
        background.wait();
    }
}

void World::start_small(const MakeBehaviour& make) {
    small = std::make_unique<jsocket::Running<SmallServer>>(server_options, make);
}

void World::start_big(const MakeBehaviour& make) {
    big = std::make_unique<jsocket::Running<BigServer>>(server_options, make);
}

jsocket::Server& World::server() {
    expect(small || big, "this scenario has no server");
    return small ? static_cast<jsocket::Server&>(*small) : *big;
}

SmallServer& World::small_server() {
    expect(small != nullptr, "this scenario has no server for one client");
    return *small;
}

BigServer& World::big_server() {
    expect(big != nullptr, "this scenario has no server for many clients");
    return *big;
}

void World::end_server() {
    small.reset();
    big.reset();
}

jsocket::JsonClient& World::new_client(const Name& name, jsocket::ClientOptions options) {
    const jsocket::Endpoint endpoint = jsocket::parse_endpoint(server().endpoint());
    options.address = endpoint.address;
    options.port = endpoint.port;
    return clients.insert_or_assign(name, jsocket::JsonClient(options)).first->second;
}

jsocket::JsonClient& World::connect(const Name& name, jsocket::ClientOptions options) {
    jsocket::JsonClient& client = new_client(name, std::move(options));
    const std::size_t before = big ? big->sessions().size() : 0;
    client.connect();
    if (big && before < server_options.max_connections) {
        eventually([&] { return big->sessions().size() > before; }, name.text + " is not served");
        sessions[name] = big->sessions().back();
    }
    return client;
}

jsocket::JsonClient& World::client(const Name& name) {
    const auto found = clients.find(name);
    expect(found != clients.end(), name.text + " has not connected in this scenario");
    return found->second;
}

jsocket::json World::receive(const Name& name) {
    const auto message = client(name).try_read_obj(patience);
    expect(message.has_value(), name.text + " has received nothing");
    return *message;
}

void World::expect_echo(const Name& name) {
    const jsocket::json message = {{"echo", name.text}};
    client(name).send_obj(message);
    expect_equal(receive(name), message, "the echo");
}

void World::attempt(const std::function<void()>& action) {
    problem = "none";
    measure([&] {
        try {
            action();
        } catch (const jsocket::Error& error) {
            problem = problem_of(error);
        }
    });
}

void World::measure(const std::function<void()>& action) {
    const auto start = std::chrono::steady_clock::now();
    action();
    took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start);
}

Folder& World::folder() {
    if (!temporary) {
        temporary.emplace();
    }
    return *temporary;
}

namespace {

std::string framing_problem(jsocket::FramingError::Kind kind) {
    switch (kind) {
        case jsocket::FramingError::Kind::bad_header:
            return "bad_header";
        case jsocket::FramingError::Kind::bad_checksum:
            return "bad_checksum";
        case jsocket::FramingError::Kind::oversize:
            return "oversize";
    }
    return "unknown framing error";
}

std::string payload_problem(jsocket::PayloadError::Kind kind) {
    switch (kind) {
        case jsocket::PayloadError::Kind::invalid_utf8:
            return "invalid_utf8";
        case jsocket::PayloadError::Kind::invalid_json:
            return "invalid_json";
        case jsocket::PayloadError::Kind::too_deep:
            return "too_deep";
        case jsocket::PayloadError::Kind::too_complex:
            return "too_complex";
    }
    return "unknown payload error";
}

}  // namespace

std::string problem_of(const std::exception& error) {
    if (const auto* framing = dynamic_cast<const jsocket::FramingError*>(&error)) {
        return framing_problem(framing->kind());
    }
    if (const auto* payload = dynamic_cast<const jsocket::PayloadError*>(&error)) {
        return payload_problem(payload->kind());
    }
    if (const auto* closed = dynamic_cast<const jsocket::ConnectionClosed*>(&error)) {
        return closed->mid_message() ? "closed in the middle of a message" : "closed";
    }
    if (dynamic_cast<const jsocket::ConnectError*>(&error) != nullptr) {
        return "no connection";
    }
    if (dynamic_cast<const jsocket::TimeoutError*>(&error) != nullptr) {
        return "timeout";
    }
    if (dynamic_cast<const jsocket::MessageTooLarge*>(&error) != nullptr) {
        return "too large";
    }
    if (dynamic_cast<const jsocket::UsageError*>(&error) != nullptr) {
        return "misuse";
    }
    return describe(error);
}

std::string describe(const std::exception& error) {
    const char* const mangled = typeid(error).name();
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), &std::free);
    return std::string(name ? name.get() : mangled) + ": " + error.what();
}
