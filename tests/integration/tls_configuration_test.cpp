// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"

#include <filesystem>
#include <functional>
#include <ostream>
#include <unistd.h>

/// What is wrong with the files is said before anything listens or connects.
namespace {

using namespace test_support;
using jsocket::TlsClientOptions;
using jsocket::TlsServerOptions;
using testing::HasSubstr;

/// One file of the options is not as it should be.
struct BadFile {
    const char* name;
    std::function<std::string(const CertificateFiles&)> make;  // returns its path
    std::string problem;
};

void PrintTo(const BadFile& file, std::ostream* out) { *out << file.name; }

class TlsConfiguration : public Tls, public testing::WithParamInterface<BadFile> {
  protected:
    std::string path() const { return GetParam().make(files); }

    void expect_words(const jsocket::UsageError& error, const std::string& setting) const {
        EXPECT_THAT(error.what(), HasSubstr(setting));
        EXPECT_THAT(error.what(), HasSubstr(GetParam().problem));
        EXPECT_THAT(error.what(), HasSubstr(path()));
    }

    /// No kind of server begins to listen.
    void expect_no_server(const std::string& setting, const TlsServerOptions& tls) const {
        const std::string socket = files.path("socket");
        const ServerOptions options{.address = "unix:" + socket, .tls = tls};
        expect_words(*error_of<jsocket::UsageError>([&] { ScriptedServer server(options); }),
                     setting);
        expect_words(
            *error_of<jsocket::UsageError>([&] { ServerFactory<ScriptedWorker> server(options); }),
            setting);
        expect_words(*error_of<jsocket::UsageError>([&] { jsocket::JsonServer server(options); }),
                     setting);
        EXPECT_FALSE(std::filesystem::exists(socket)) << "it has listened for a moment";
    }

    void expect_no_client(const std::string& setting, const TlsClientOptions& tls) const {
        expect_words(*error_of<jsocket::UsageError>([&] { JsonClient client({.tls = tls}); }),
                     setting);
    }
};

class TlsCertificateFile : public TlsConfiguration {};
class TlsKeyFile : public TlsConfiguration {};
class TlsAuthorityFile : public TlsConfiguration {};

TEST_P(TlsCertificateFile, ThatIsNotInOrderIsNamed) {
    TlsServerOptions server = files.server_options();
    server.certificate = path();
    expect_no_server("tls.certificate", server);
    TlsClientOptions client = files.client_options(files.client);
    client.certificate = path();
    expect_no_client("tls.certificate", client);
}

TEST_P(TlsKeyFile, ThatIsNotInOrderIsNamed) {
    TlsServerOptions server = files.server_options();
    server.key = path();
    expect_no_server("tls.key", server);
    TlsClientOptions client = files.client_options(files.client);
    client.key = path();
    expect_no_client("tls.key", client);
}

TEST_P(TlsAuthorityFile, ThatIsNotInOrderIsNamed) {
    TlsServerOptions server = files.mutual_options();
    server.client_ca = path();
    expect_no_server("tls.client_ca", server);
    expect_no_client("tls.ca", {.ca = path()});
}

const BadFile missing{"Missing",
                      [](const CertificateFiles& files) { return files.path("nowhere.pem"); },
                      "No such file or directory"};
const BadFile directory{"Directory", [](const CertificateFiles& files) { return files.path("."); },
                        "in PEM"};
const BadFile nothing{
    "Empty", [](const CertificateFiles& files) { return files.save("empty.pem", ""); }, "in PEM"};
const BadFile garbage{"Garbage",
                      [](const CertificateFiles& files) {
                          return files.save("garbage.pem",
                                            "-----BEGIN CERTIFICATE-----\nno\n"
                                            "-----END CERTIFICATE-----\n");
                      },
                      "in PEM"};
const BadFile not_given{"NotGiven", [](const CertificateFiles&) { return std::string(); },
                        "is empty"};
const BadFile only_a_key{"OnlyAKey",
                         [](const CertificateFiles& files) { return files.path("server.key"); },
                         "no certificate"};
const BadFile only_a_certificate{
    "OnlyACertificate", [](const CertificateFiles& files) { return files.path("server.pem"); },
    "no private key"};
const BadFile key_of_another{"OfAnotherCertificate",
                             [](const CertificateFiles& files) {
                                 return files.save("another.key", files.authority.key_pem());
                             },
                             "it is not the key of tls.certificate"};
const BadFile encrypted_key{"Encrypted",
                            [](const CertificateFiles& files) {
                                return files.save("encrypted.key", files.server.key_pem("secret"));
                            },
                            "has a password"};

std::string name_of(const testing::TestParamInfo<BadFile>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Every, TlsCertificateFile,
                         testing::Values(missing, directory, nothing, garbage, not_given,
                                         only_a_key),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Every, TlsKeyFile,
                         testing::Values(missing, directory, nothing, garbage, not_given,
                                         only_a_certificate, key_of_another, encrypted_key),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Every, TlsAuthorityFile,
                         testing::Values(missing, directory, nothing, garbage, only_a_key),
                         name_of);

class TlsFilePermissions : public Tls {};

TEST_F(TlsFilePermissions, ThatKeepTheServerOutAreNamed) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const auto tls = files.server_options();
    std::filesystem::permissions(tls.key, std::filesystem::perms::none);
    const auto error =
        error_of<jsocket::UsageError>([&] { ScriptedServer server(ServerOptions{.tls = tls}); });
    EXPECT_THAT(error->what(), HasSubstr("tls.key"));
    EXPECT_THAT(error->what(), HasSubstr("Permission denied"));
}

class TlsHandshakeTimeout : public Tls {};

TEST_F(TlsHandshakeTimeout, HasToBeATime) {
    ServerOptions server = server_options();
    server.tls->handshake_timeout = milliseconds(-1);
    EXPECT_THAT(error_of<jsocket::UsageError>([&] { ScriptedServer made(server); })->what(),
                HasSubstr("tls.handshake_timeout"));
    auto client = client_options(1);
    client.tls->handshake_timeout = milliseconds(-1);
    EXPECT_THAT(error_of<jsocket::UsageError>([&] { JsonClient made(client); })->what(),
                HasSubstr("tls.handshake_timeout"));
}

TEST_F(TlsHandshakeTimeout, MayBeSwitchedOff) {
    ServerOptions options = server_options();
    options.tls->handshake_timeout = jsocket::no_timeout;
    EchoFactory server(options);
    auto client = client_options(server.port());
    client.tls->handshake_timeout = jsocket::no_timeout;
    client.retry.deadline = jsocket::no_timeout;
    EXPECT_EQ(connected(client).request(1), 1);
}

}  // namespace
