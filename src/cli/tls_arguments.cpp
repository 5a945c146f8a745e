// SPDX-License-Identifier: Apache-2.0
#include "cli/tls_arguments.hpp"

#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace jsocket::cli {
namespace {

constexpr const char* certificate_option = "--tls-certificate";
constexpr const char* key_option = "--tls-key";

/// Security: "" from a variable that is not set must not mean "without TLS".
std::string check_not_empty(const std::string& text) {
    return text.empty() ? "expected the path of a file, not \"\"" : "";
}

void add_file(CLI::App& command, const char* name, std::string& value, const char* description) {
    command.add_option(name, value, description)->type_name("FILE")->check(check_not_empty);
}

void check_pair(const std::string& certificate, const std::string& key) {
    const bool no_key = key.empty();
    if (certificate.empty() == no_key) return;
    const std::string missing = no_key ? key_option : certificate_option;
    const std::string given = no_key ? certificate_option : key_option;
    throw UsageError(missing + " is missing; a certificate and its key go together, and " + given +
                     " is given");
}

void check_needs(bool given, const char* option, const char* needed) {
    if (given) throw UsageError(std::string(option) + " needs " + needed + "; add it");
}

}  // namespace

void ServerTlsArguments::add_to(CLI::App& command) {
    add_file(command, certificate_option, options_.certificate,
             "Encrypt, with this certificate in PEM and\nthose that lead to its authority");
    add_file(command, key_option, options_.key, "Its private key in PEM, without a password");
    add_file(command, "--tls-client-ca", options_.client_ca,
             "Refuse clients without a certificate of\nthese authorities");
    command.add_flag("--tls-plain-too", options_.plain_too, "Serve clients without TLS as well")
        ->disable_flag_override();
}

std::optional<TlsServerOptions> ServerTlsArguments::options() const {
    check_pair(options_.certificate, options_.key);
    if (options_.plain_too && !options_.client_ca.empty()) {
        throw UsageError(
            "--tls-plain-too and --tls-client-ca exclude each other: a client without "
            "TLS has no certificate; leave one of them out");
    }
    if (!options_.certificate.empty()) return options_;
    check_needs(!options_.client_ca.empty(), "--tls-client-ca", certificate_option);
    check_needs(options_.plain_too, "--tls-plain-too", certificate_option);
    return std::nullopt;
}

void ClientTlsArguments::add_to(CLI::App& command) {
    command.add_flag("--tls", tls_, "Encrypt, and check who the server is")
        ->disable_flag_override();
    add_file(command, "--tls-ca", options_.ca,
             "Trust servers of these authorities, in PEM,\nand not those that the system trusts");
    add_file(command, certificate_option, options_.certificate,
             "Your own certificate, for servers that ask");
    add_file(command, key_option, options_.key, "Its private key in PEM, without a password");
    command
        .add_option("--tls-host-name", options_.host_name,
                    "Whose certificate the server has to have,\nif not SERVER's")
        ->type_name("NAME");
}

std::optional<TlsClientOptions> ClientTlsArguments::options(bool over_unix) const {
    if (!tls_) {
        check_needs(!options_.ca.empty(), "--tls-ca", "--tls");
        check_needs(!options_.certificate.empty(), certificate_option, "--tls");
        check_needs(!options_.key.empty(), key_option, "--tls");
        check_needs(!options_.host_name.empty(), "--tls-host-name", "--tls");
        return std::nullopt;
    }
    check_pair(options_.certificate, options_.key);
    if (over_unix && options_.host_name.empty()) {
        throw UsageError(
            "--tls-host-name is missing; unix:PATH does not say whose certificate the server has "
            "to have");
    }
    return options_;
}

std::string with_option_names(std::string text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names{{
        {"tls.certificate", certificate_option},
        {"tls.key", key_option},
        {"tls.client_ca", "--tls-client-ca"},
        {"tls.ca", "--tls-ca"},
        {"allowed_uids", "--allow-uid"},
    }};
    // Only where the library puts them: a path may contain them, too.
    constexpr std::string_view of_certificate = "it is not the key of tls.certificate";
    if (const auto at = text.rfind(of_certificate); at != std::string::npos) {
        text.replace(at, of_certificate.size(), "it is not the key of --tls-certificate");
    }
    constexpr std::string_view overflow = "set allow_overflow_uid";
    if (const auto at = text.find(overflow);
        at != std::string::npos && text.starts_with("allowed_uids is ")) {
        text.replace(at, overflow.size(), "give --allow-overflow-uid");
    }
    for (const auto& [setting, option] : names) {
        const std::string start = std::string(setting) + " is ";
        if (text.starts_with(start)) text.replace(0, setting.size(), option);
    }
    return text;
}

}  // namespace jsocket::cli
