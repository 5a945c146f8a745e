// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

/// What happens behind the handshake: damage, ends, and wishes that are not granted.
namespace {

using namespace test_support;
using testing::HasSubstr;

/// Does `wire` consist of whole TLS records and nothing else?
bool all_records(std::string_view wire) {
    while (!wire.empty()) {
        const auto at = [&](std::size_t i) { return static_cast<unsigned char>(wire.at(i)); };
        if (wire.size() < 5 || at(0) < 20 || at(0) > 23 || at(1) != 3) return false;
        const std::size_t size = 5 + (std::size_t(at(3)) << 8) + at(4);
        if (wire.size() < size) return false;
        wire.remove_prefix(size);
    }
    return true;
}

template <typename Kind>
class TlsRecords : public TlsOfBothKinds<Kind> {};
TYPED_TEST_SUITE(TlsRecords, BothKinds, KindNames);

TYPED_TEST(TlsRecords, ThatAreDamagedEndTheConnectionWithoutAPlainWord) {
    const std::string message = prefix_frame("[\"secret\"]");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        // Bytes 3 and 4 are the length: more would have to come.
        for (const std::size_t position : {0, 1, 5, 7, 20, 30, -1}) {
            typename TestFixture::Server server(this->server_options());
            TlsPeer peer = this->peer(server.port(), {.version = version});
            peer.send(message);
            EXPECT_EQ(peer.receive(message.size()), message);
            std::string record = peer.encrypt(message);
            record.at(std::min(position, record.size() - 1)) ^= 1;
            peer.raw().send(record + peer.encrypt(message));
            EXPECT_THAT(error_of<std::runtime_error>([&] { peer.receive_until_end(); })->what(),
                        HasSubstr("alert"))
                << "at " << position;
            while (peer.pull()) {
            }
            this->expect_one(server, Failure::tls);
            EXPECT_TRUE(all_records(peer.wire()));
            EXPECT_EQ(peer.wire().find("secret"), std::string::npos);
            EXPECT_EQ(server.client_stats().clients.begin()->second.messages_in, 1u);
        }
    }
}

TYPED_TEST(TlsRecords, ThatAreNotEncryptedEndTheConnection) {
    typename TestFixture::Server server(this->server_options());
    TlsPeer peer = this->peer(server.port());
    peer.raw().send(prefix_frame("[1]"));
    peer.raw().finish_writing();
    EXPECT_THROW(peer.receive_until_end(), std::runtime_error);
    this->expect_one(server, Failure::tls);
    EXPECT_TRUE(all_records(peer.wire()));
}

TYPED_TEST(TlsRecords, MayEndWhenTheReplyIsStillToCome) {
    for (const bool polite : {true, false}) {
        typename TestFixture::Server server(this->server_options());
        TlsPeer peer = this->peer(server.port());
        peer.send(prefix_frame("[1]") + prefix_frame("[2]"));
        if (polite) peer.raw().send(peer.close_notify());
        peer.raw().finish_writing();
        EXPECT_EQ(peer.receive_until_end(), prefix_frame("[1]") + prefix_frame("[2]"));
        EXPECT_TRUE(peer.saw_close_notify());
        EXPECT_EQ(failures(server.client_stats()), 0u);
    }
}

TYPED_TEST(TlsRecords, ThatEndBetweenMessagesAreNoFailure) {
    typename TestFixture::Server server(this->server_options());
    TlsPeer peer = this->peer(server.port());
    peer.send(prefix_frame("[1]"));
    EXPECT_EQ(peer.receive(7), prefix_frame("[1]"));
    peer.raw().finish_writing();
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(TlsRecords, ThatEndWithinAMessageAreOne) {
    for (const bool polite : {true, false}) {
        typename TestFixture::Server server(this->server_options());
        TlsPeer peer = this->peer(server.port());
        peer.send(prefix_frame("[1]").substr(0, 6));
        if (polite) peer.raw().send(peer.close_notify());
        peer.raw().finish_writing();
        this->expect_one(server, Failure::closed_mid_message);
    }
}

TYPED_TEST(TlsRecords, ThatEndWithinOneOfThemAreOne) {
    for (const std::size_t missing : {1, 10, 24, 28}) {  // of 29 bytes, 5 of them a header
        typename TestFixture::Server server(this->server_options());
        TlsPeer peer = this->peer(server.port());
        const std::string record = peer.encrypt(prefix_frame("[1]"));
        ASSERT_EQ(record.size(), 29u);
        peer.raw().send(record.substr(0, record.size() - missing));
        peer.raw().finish_writing();
        this->expect_one(server, Failure::closed_mid_message);
    }
}

class TlsConnection : public Tls {
  protected:
    /// A server and a foreign client whose handshake is over.
    void start(int version) {
        server = std::make_unique<EchoFactory>(server_options());
        client = std::make_unique<TlsPeer>(peer(server->port(), {.version = version}));
        ASSERT_TRUE(wait_until([&] { return server->active() == 1; }));
    }

    std::unique_ptr<EchoFactory> server;
    std::unique_ptr<TlsPeer> client;
};

TEST_F(TlsConnection, IsNotNegotiatedAnew) {
    start(TLS1_2_VERSION);
    client->raw().send(client->renegotiation());
    client->raw().finish_writing();
    // What there is to read is "no", which ends the client's connection.
    EXPECT_THAT(error_of<std::runtime_error>([&] {
                    client->receive_until_end();
                    client->advance();
                })->what(),
                HasSubstr("no renegotiation"));
    EXPECT_TRUE(wait_until([&] { return server->active() == 0; }));
}

TEST_F(TlsConnection, MayChangeItsKeys) {
    start(TLS1_3_VERSION);
    for (int i = 0; i < 20; ++i) {
        client->raw().send(client->key_update());
        client->send(prefix_frame("[1]"));
        EXPECT_EQ(client->receive(7), prefix_frame("[1]"));
    }
    EXPECT_EQ(failures(server->client_stats()), 0u);
}

/// Those of both sides are answered, and answers that wait for something to be sent with would fill
/// the memory. The others cost time, and no time-out ends what never pauses.
TEST_F(TlsConnection, OfAClientThatWantsNewKeysAllTheTimeIsCut) {
    for (const bool of_both_sides : {true, false}) {
        start(TLS1_3_VERSION);
        bool cut = false;
        for (int i = 0; i < 10'000 && !cut; ++i) {
            try {
                client->raw().send(client->key_update(of_both_sides));
            } catch (const std::exception&) {
                cut = true;
            }
            cut = cut || client->raw().readable(milliseconds(0));
        }
        expect_one(*server, Failure::tls);
    }
}

/// Messages in between make it look honest, but nothing is sent in which the answers could leave.
TEST_F(TlsConnection, OfAClientThatWantsNewKeysWithEachMessageIsCutIfItGetsNoReplies) {
    Hooks<ScriptedWorker> silence;
    silence.message = [](auto&, json&) -> std::optional<json> { return std::nullopt; };
    EchoFactory silent(server_options(), silence);
    TlsPeer eager(RawPeer::connect(silent.port()));
    eager.handshake();
    bool cut = false;
    for (int i = 0; i < 10'000 && !cut; ++i) {
        try {
            eager.raw().send(eager.key_update());
            eager.send(prefix_frame("1"));
        } catch (const std::exception&) {
            cut = true;
        }
        cut = cut || eager.raw().readable(milliseconds(0));
    }
    expect_one(silent, Failure::tls);
}

/// What the server sent before it broke is nobody's but the client's, and nothing follows it.
TEST_F(TlsConnection, ThatCannotBeWrittenToStaysEncryptedToItsEnd) {
    ServerOptions options = server_options();
    options.send_timeout = milliseconds(50);
    EchoFactory deaf_server(options, big_replies<ScriptedWorker>());
    TlsPeer deaf(RawPeer::connect(Address::ipv4(deaf_server.port()), 4096));
    deaf.handshake();
    deaf.send(prefix_frame("0"));
    expect_one(deaf_server, Failure::bad_write);
    while (deaf.pull()) {
    }
    std::string_view wire = deaf.wire();
    const std::size_t whole = wire.size();
    EXPECT_GT(whole, 4'096u);
    EXPECT_EQ(wire.find("xxxx"), std::string_view::npos);
    // All that can be decrypted is the reply's beginning: no record comes twice, or after a gap.
    EXPECT_NO_THROW(deaf.receive_until_end());
}

}  // namespace
