// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"

#include <functional>
#include <future>
#include <ostream>
#include <thread>
#include <vector>

/// Who may talk to whom.
namespace {

using namespace test_support;
using std::chrono::hours;
using testing::HasSubstr;

struct ServerCase {
    const char* name;
    std::function<Certificate(const CertificateFiles&)> certificate;
    std::string reason;
};

void PrintTo(const ServerCase& server_case, std::ostream* out) { *out << server_case.name; }

class TlsServerCertificate : public Tls, public testing::WithParamInterface<ServerCase> {};

TEST_P(TlsServerCertificate, ThatIsNotInOrderIsRefusedAndSaidWhy) {
    EchoFactory server(ServerOptions{.tls = files.server_options(GetParam().certificate(files))});
    EXPECT_THAT(refusal(client_options(server.port())), HasSubstr(GetParam().reason));
    expect_one(server, Failure::tls);
}

INSTANTIATE_TEST_SUITE_P(
    Every, TlsServerCertificate,
    testing::Values(ServerCase{"Expired",
                               [](const CertificateFiles& files) {
                                   return files.authority.issue({.common_name = "old",
                                                                 .ip_addresses = {"127.0.0.1"},
                                                                 .not_before = -hours(2),
                                                                 .not_after = -hours(1)});
                               },
                               "certificate has expired"},
                    ServerCase{"NotYetValid",
                               [](const CertificateFiles& files) {
                                   return files.authority.issue({.common_name = "future",
                                                                 .ip_addresses = {"127.0.0.1"},
                                                                 .not_before = hours(1)});
                               },
                               "certificate is not yet valid"},
                    ServerCase{"OfAnotherAddress",
                               [](const CertificateFiles& files) {
                                   return files.authority.issue(
                                       {.common_name = "127.0.0.1",
                                        .dns_names = {"localhost", "127.0.0.1"},
                                        .ip_addresses = {"127.0.0.2", "::1"}});
                               },
                               "IP address mismatch"},
                    ServerCase{"SelfSigned",
                               [](const CertificateFiles&) {
                                   return Certificate::self_signed(
                                       {.common_name = "alone", .ip_addresses = {"127.0.0.1"}});
                               },
                               "self-signed certificate"},
                    ServerCase{"OfAnotherAuthority",
                               [](const CertificateFiles&) {
                                   return CertificateFiles().authority.issue(
                                       {.common_name = "foreign", .ip_addresses = {"127.0.0.1"}});
                               },
                               "certificate"},
                    ServerCase{"OfOneThatIsNoAuthority",
                               [](const CertificateFiles& files) {
                                   return files.client.issue(
                                       {.common_name = "forged", .ip_addresses = {"127.0.0.1"}});
                               },
                               "unable to get local issuer certificate"}),
    [](const auto& instance) { return std::string(instance.param.name); });

class TlsNames : public Tls {};

TEST_F(TlsNames, AreThoseOfTheAddressOrOfTheOption) {
    EchoFactory server(server_options());
    auto options = client_options(server.port());
    options.address = "localhost";
    EXPECT_EQ(connected(options).request(1), 1);
    options.address = "127.0.0.1";
    options.tls->host_name = "localhost";
    EXPECT_EQ(connected(options).request(2), 2);
    options.tls->host_name = "::1";
    EXPECT_EQ(connected(options).request(3), 3);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(TlsNames, OfAnotherServerAreRefused) {
    for (const char* const name : {"other.example", "ocalhost", "localhost.example", "server"}) {
        EchoFactory server(server_options());
        auto options = client_options(server.port());
        options.tls->host_name = name;
        EXPECT_THAT(refusal(options), HasSubstr("hostname mismatch")) << name;
        expect_one(server, Failure::tls);
        options.tls->check_host_name = false;
        EXPECT_EQ(connected(options).request(1), 1);
    }
}

TEST_F(TlsNames, ThatCannotBeAreNotLeftUnchecked) {
    EchoFactory server(server_options());
    auto options = client_options(server.port());
    options.tls->host_name = std::string("localhost\0.example", 18);
    EXPECT_THAT(error_of<jsocket::UsageError>([&] { connected(options); })->what(),
                HasSubstr("tls.host_name"));
}

TEST_F(TlsNames, AreNeededWithAUnixSocket) {
    jsocket::ClientOptions options{.address = "unix:/nowhere", .tls = files.client_options()};
    EXPECT_THAT(error_of<jsocket::UsageError>([&] { JsonClient client(options); })->what(),
                HasSubstr("tls.host_name"));
}

TEST_F(TlsNames, GoBackToTheAuthorityOverAnother) {
    const Certificate middle =
        files.authority.issue({.common_name = "Middle authority", .authority = true});
    const Certificate leaf = middle.issue({.common_name = "leaf", .ip_addresses = {"127.0.0.1"}});
    auto tls = files.server_options(leaf);
    {
        EchoFactory server(ServerOptions{.tls = tls});
        EXPECT_THAT(refusal(client_options(server.port())),
                    HasSubstr("unable to get local issuer certificate"));
    }
    tls.certificate = files.save("chain.pem", leaf.certificate_pem() + middle.certificate_pem());
    EchoFactory server(ServerOptions{.tls = tls});
    EXPECT_EQ(connected(server.port()).request(1), 1);
}

template <typename Kind>
class TlsClientCertificate : public TlsOfBothKinds<Kind> {
  protected:
    using Hook = typename Kind::Handler;

    /// What the peer hears when it has this certificate: the reply, or why there is none.
    static std::string heard(std::uint16_t port, const TlsPeerOptions& options) {
        try {
            TlsPeer peer = Tls::peer(port, options);
            peer.send(prefix_frame("1"));
            return peer.receive(5);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
};
TYPED_TEST_SUITE(TlsClientCertificate, BothKinds, KindNames);

TYPED_TEST(TlsClientCertificate, GivesTheHookItsSubject) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        std::string subject;
        Hooks<typename TestFixture::Hook> hooks;
        hooks.connect = [&](auto& handler) { subject = handler.credentials().certificate_subject; };
        typename TestFixture::Server server(this->mutual_options(), hooks);
        EXPECT_EQ(
            this->heard(server.port(), {.version = version, .certificate = &this->files.client}),
            prefix_frame("1"));
        server.stop();
        server.join();
        EXPECT_EQ(subject, "CN=worker 7");
        EXPECT_EQ(failures(server.client_stats()), 0u);
    }
}

TYPED_TEST(TlsClientCertificate, HasNoControlCharacterInItsSubject) {
    const Certificate odd = this->files.authority.issue(
        {.common_name = "a\x1b\n\x7f\xc2\x9b"
                        "31m\xc2\xa0\xc3\xa9\xe2\x80\xae\xe2\x81\xa6\xd8\x9cz"});
    std::string subject;
    Hooks<typename TestFixture::Hook> hooks;
    hooks.connect = [&](auto& handler) { subject = handler.credentials().certificate_subject; };
    typename TestFixture::Server server(this->mutual_options(), hooks);
    EXPECT_EQ(this->heard(server.port(), {.certificate = &odd}), prefix_frame("1"));
    server.stop();
    server.join();
    EXPECT_EQ(subject,
              "CN=a\\1B\\0A\\7F\\C2\\9B31m\xc2\xa0\xc3\xa9\\E2\\80\\AE\\E2\\81\\A6\\D8\\9Cz");
}

TYPED_TEST(TlsClientCertificate, IsRefusedUnlessItIsInOrder) {
    const Certificate foreign = CertificateFiles().authority.issue({.common_name = "worker 7"});
    const Certificate expired = this->files.authority.issue(
        {.common_name = "worker 7", .not_before = -hours(2), .not_after = -hours(1)});
    const Certificate self_signed = Certificate::self_signed({.common_name = "worker 7"});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const Certificate* certificate :
             {static_cast<const Certificate*>(nullptr), &foreign, &expired, &self_signed}) {
            Journal journal;
            Hooks<typename TestFixture::Hook> hooks;
            hooks.connect = [&](auto&) { journal.add("connect"); };
            hooks.disconnect = [&](auto&) { journal.add("disconnect"); };
            hooks.error = [&](auto&, const std::exception& error) {
                const bool right = dynamic_cast<const jsocket::TlsError*>(&error) != nullptr;
                journal.add(right ? "TLS error" : error.what());
            };
            hooks.message = [&](auto&, json&) -> std::optional<json> {
                journal.add("message");
                return "secret";
            };
            typename TestFixture::Server server(this->mutual_options(), hooks);
            EXPECT_THAT(
                this->heard(server.port(), {.version = version, .certificate = certificate}),
                HasSubstr("alert"));
            this->expect_one(server, Failure::tls);
            server.stop();
            server.join();
            EXPECT_EQ(journal.entries(), std::vector<std::string>{"TLS error"});
        }
    }
}

TYPED_TEST(TlsClientCertificate, ThatIsMissingShowsWhenTheClientReads) {
    typename TestFixture::Server server(this->mutual_options());
    JsonClient client = this->connected(server.port());
    const auto error = error_of<jsocket::TlsError>([&] { client.request(1); });
    EXPECT_THAT(error->what(), HasSubstr("certificate required"));
    EXPECT_FALSE(client.connected());
}

TYPED_TEST(TlsClientCertificate, IsNotAskedForUnlessThereIsAnAuthority) {
    typename TestFixture::Server server(this->server_options());
    const auto with_certificate =
        this->client_options(server.port(), this->files.client_options(this->files.client));
    EXPECT_EQ(this->connected(with_certificate).request(1), 1);
}

class TlsReload : public Tls {
  protected:
    /// In place of the files that the server was started with.
    void replace(const Certificate& certificate) const {
        files.save("server.pem", certificate.certificate_pem());
        files.save("server.key", certificate.key_pem());
    }

    Certificate renewed(const std::string& name) const {
        return files.authority.issue({.common_name = name, .ip_addresses = {"127.0.0.1"}});
    }

    static std::string server_name(std::uint16_t port) { return peer(port).server_name(); }
};

TEST_F(TlsReload, ShowsTheNewCertificateToNewClientsAndFailsNoCall) {
    EchoFactory server(server_options());
    const auto old_options = client_options(server.port());
    TlsPeer old = peer(server.port());
    std::atomic<bool> done{false};
    std::atomic<int> calls{0};
    std::vector<std::future<void>> load;
    for (const bool connects_anew : {false, false, true, true}) {
        load.push_back(std::async(std::launch::async, [&, connects_anew] {
            JsonClient client(old_options);
            while (!done) {
                client.connect();
                const int number = ++calls;
                EXPECT_EQ(client.request(number), number);
                if (connects_anew) client.close();
            }
        }));
    }
    for (int i = 0; i < 20; ++i) {
        const std::string name = "generation " + std::to_string(i);
        const int before = calls;
        replace(renewed(name));
        server.reload_tls();
        EXPECT_EQ(server_name(server.port()), name);
        EXPECT_TRUE(wait_until([&] { return calls >= before + 8; }));
    }
    done = true;
    for (auto& each : load) EXPECT_NO_THROW(each.get());
    EXPECT_EQ(failures(server.client_stats()), 0u);
    EXPECT_EQ(old.server_name(), "server");
    old.send(prefix_frame("[1]"));
    EXPECT_EQ(old.receive(7), prefix_frame("[1]")) << "on the connection from before";
}

TEST_F(TlsReload, OfFilesThatAreNotInOrderKeepsTheOldOnes) {
    Running<ScriptedServer> server(server_options());
    const std::string certificate = files.path("server.pem");
    const std::string key = files.path("server.key");
    const auto expect_refused = [&](const std::string& file) {
        EXPECT_THAT(error_of<jsocket::UsageError>([&] { server.reload_tls(); })->what(),
                    HasSubstr(file));
        EXPECT_EQ(server_name(server.port()), "server");
    };
    files.save("server.pem", renewed("without its key").certificate_pem());
    expect_refused(key);
    files.save("server.pem", "garbage");
    expect_refused(certificate);
    std::filesystem::remove(certificate);
    expect_refused(certificate);
    replace(renewed("renewed"));
    server.reload_tls();
    EXPECT_EQ(server_name(server.port()), "renewed");
}

TEST_F(TlsReload, IsForServersWithTls) {
    Running<ScriptedServer> server;
    EXPECT_THAT(error_of<jsocket::UsageError>([&] { server.reload_tls(); })->what(),
                HasSubstr("without tls"));
}

}  // namespace
