// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "torture/faults.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace test_support {

/// The life of one server, from its constructor to its destructor, with clients in every format and
/// some that misbehave. What the server does is a Subject; one fault may happen to it.
///
/// Whatever it is, each client is answered rightly or disconnected; and the server, if it could be
/// started, answers a new client after it.
template <typename Kind>
class ServerLife {
  public:
    ServerLife(jsocket::ServerOptions options, Fault& fault)
        : options_(std::move(options)), fault_(fault) {}

    void run() {
        const Subject here;
        try {
            live();
        } catch (const std::bad_alloc&) {
            expect_fault("no memory");
        } catch (const jsocket::Error& error) {
            expect_fault(error.what());
        }
    }

  private:
    using Server = jsocket::Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;

    void live() {
        Server server(options_, hooks());
        for (const jsocket::Framing framing : all_formats) {
            as_client([&] { converse(server, framing); });
        }
        for (const char* bad : {"<html>\r\n", "[1,\n", "\"throw\"\n"}) {
            as_client([&] { misbehave(server, bad); });
        }
        as_client([&] { leave_early(server); });
        call([&] { server.client_stats(); });
        if (fault_.happened()) {
            const Bystander here;
            EXPECT_NO_THROW(ask(server, jsocket::Framing::prefix, "\"still there?\""));
        }
        expect_no_clients(server);
        server.stop();
        server.join();
    }

    /// To compare a json with a literal, nlohmann makes another one, and must not fail.
    static bool is(const json& message, std::string_view text) {
        const auto* const string = message.get_ptr<const std::string*>();
        return string != nullptr && *string == text;
    }

    /// Answers "throw" with what nobody expects, "new" with a tree that is made anew, and
    /// everything else with itself.
    static Hooks<Handler> hooks() {
        const Bystander here;
        Hooks<Handler> hooks;
        hooks.message = [](Handler&, json& message) -> std::optional<json> {
            if (is(message, "throw")) throw 42;
            if (is(message, "new")) {
                const Bystander own;  // destroying a tree, nlohmann allocates, and cannot fail
                return json{{"made", {1, 2, {{"anew", "by a hook"}}}}};
            }
            return std::move(message);
        };
        return hooks;
    }

    void converse(Server& server, jsocket::Framing framing) {
        RawPeer peer = connect(server);
        const std::string texts[] = {
            R"({"client":"a client whose name takes memory","z":[1,-2,3.5,{"y":"a long text, as texts go"}]})",
            R"({"a":{"b":[[],[1],[2,[3]]]},"client":"b","z":"other"})",
            R"("short")",
            "[\"" + std::string(6'000, 'x') + "\"]",
        };
        for (const std::string& text : texts) {
            peer.send(frame(framing, text));
            expect(peer, framing, text);
        }
        push(server, peer, framing);
        // All at once: the replies leave together.
        peer.send(frame(framing, texts[0]) + frame(framing, texts[1]) + frame(framing, "\"new\""));
        expect(peer, framing, texts[0]);
        expect(peer, framing, texts[1]);
        expect(peer, framing, R"({"made":[1,2,{"anew":"by a hook"}]})");
    }

    /// What a push does not throw for has been sent, and nothing of what it throws for.
    void push(Server& server, RawPeer& peer, jsocket::Framing framing) {
        const json note = "a note that takes a little memory";
        if constexpr (requires { server.broadcast(note); }) {
            EXPECT_TRUE(wait_until([&] { return server.active() <= 1; })) << "others are gone";
            std::size_t reached = 0;
            call([&] { reached = server.broadcast(note); });
            if (reached > 0) expect(peer, framing, note.dump());
            if (call([&] { server.send_obj(server.sessions().at(0), note); })) {
                expect(peer, framing, note.dump());
            }
        } else if (call([&] { server.send_obj(note); })) {
            expect(peer, framing, note.dump());
        }
    }

    /// The server ends the connection and waits for this side to do so, which is not polite.
    void misbehave(Server& server, std::string_view bad) {
        RawPeer peer = connect(server);
        peer.send(bad);
        EXPECT_TRUE(peer.closed_by_peer());
        peer.reset();
    }

    void leave_early(Server& server) {
        RawPeer peer = connect(server);
        peer.send(prefix_frame("[1,2]").substr(0, 7));
        peer.finish_writing();
        EXPECT_TRUE(peer.closed_by_peer());
    }

    void ask(Server& server, jsocket::Framing framing, std::string_view text) {
        RawPeer peer = connect(server);
        peer.send(frame(framing, text));
        expect(peer, framing, text);
    }

    /// The next message is this, byte for byte.
    static void expect(RawPeer& peer, jsocket::Framing framing, std::string_view text) {
        const std::string expected = frame(framing, text);
        const std::string got = peer.receive(expected.size());
        if (got.size() < expected.size()) throw std::runtime_error("disconnected");
        EXPECT_EQ(got, expected);
    }

    /// They have left, and the server is about to wait for others when it is stopped.
    static void expect_no_clients(Server& server) {
        const Bystander here;
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    }

    RawPeer connect(Server& server) {
        if (server.port() == 0) return RawPeer::connect(server.address().substr(5));  // unix:
        return RawPeer::connect(server.port());
    }

    /// The server's part amid the client's. Did it go well?
    template <typename Operation>
    bool call(Operation operation) {
        const Subject here;
        try {
            operation();
            return true;
        } catch (const std::bad_alloc&) {
            expect_fault("no memory");
        } catch (const std::out_of_range&) {
            expect_fault("the client is gone");
        } catch (const jsocket::Error& error) {
            expect_fault(error.what());
        }
        return false;
    }

    /// A client may lose its connection to a fault, but neither to nothing nor without noticing.
    template <typename Operation>
    void as_client(Operation operation) {
        const Bystander here;
        try {
            operation();
        } catch (const std::runtime_error& error) {
            expect_fault(error.what());
            EXPECT_EQ(std::string_view(error.what()).find("time-out"), std::string_view::npos)
                << "neither answered nor disconnected: " << error.what();
        }
    }

    void expect_fault(std::string_view what) const {
        const Bystander here;
        EXPECT_TRUE(fault_.is_excuse()) << what;
    }

    const jsocket::ServerOptions options_;
    Fault& fault_;
};

}  // namespace test_support
