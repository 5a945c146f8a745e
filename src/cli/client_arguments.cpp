// SPDX-License-Identifier: Apache-2.0
#include "cli/client_arguments.hpp"

#include "cli/option_values.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <string_view>
#include <vector>

namespace jsocket::cli {

namespace {

/// The message of an option, of a setting of a context instead if it comes from there.
std::string with_place(const std::string& message, const Configuration& configuration,
                       const std::vector<Context::Setting>& applied) {
    for (const auto& [key, text, line] : applied) {
        const std::string option = key == "server" ? "SERVER" : "--" + key;
        if (!message.starts_with(option + ": ") && !message.starts_with(option + " ")) continue;
        return configuration.path + ':' + std::to_string(line) + ": " + key +
               message.substr(option.size());
    }
    return message;
}

}  // namespace

void ClientArguments::add_to(CLI::App& command, const char* timeout_meaning) {
    command_ = &command;
    command.add_option("SERVER", server_, "HOST:PORT, unix:PATH, or @NAME of a context")
        ->required()
        ->type_name("");
    command.add_option("--framing", framing_, "How messages are laid out")
        ->type_name("prefix|crc|lines")
        ->capture_default_str();
    command.add_option("--timeout", timeout_text_, timeout_meaning)
        ->type_name("SECONDS")
        ->capture_default_str();
    tls_.add_to(command);
}

ClientOptions ClientArguments::options() {
    if (!server_.starts_with('@')) return checked();
    const Configuration configuration = read_contexts();
    return options_of(configuration.context(std::string_view(server_).substr(1)), configuration);
}

ClientOptions ClientArguments::options_of(const Context& context,
                                          const Configuration& configuration) {
    std::vector<Context::Setting> applied;
    try {
        apply(context, applied);
        return checked();
    } catch (const UsageError& error) {
        throw UsageError(with_place(error.what(), configuration, applied));
    } catch (const CLI::ParseError& error) {
        throw UsageError(with_place(error.what(), configuration, applied));
    }
}

std::string ClientArguments::timed_out(const char* what) const {
    return std::string("no ") + what + ' ' + server_ + " within " + timeout_text_ + " s";
}

void ClientArguments::require_in_time(Deadline deadline) const {
    if (std::chrono::steady_clock::now() < deadline) return;
    throw TimeoutError(timed_out("reply from"));
}

/// `applied` has what the command line does not say otherwise, also after an exception.
void ClientArguments::apply(const Context& context, std::vector<Context::Setting>& applied) {
    for (const Context::Setting& setting : context.settings) {
        if (setting.key == "server") {
            server_ = setting.text;
            applied.push_back(setting);
            continue;
        }
        CLI::Option* const option = command_->get_option("--" + setting.key);
        if (option->count() > 0) continue;
        applied.push_back(setting);
        option->add_result(setting.text);
        option->run_callback();
    }
}

ClientOptions ClientArguments::checked() {
    const Endpoint server = option_value("SERVER", server_, parse_server);
    timeout_ = option_value("--timeout", timeout_text_, parse_seconds);

    ClientOptions options;
    options.address = server.address;
    options.port = server.port;
    options.framing = option_value("--framing", framing_, parse_client_framing);
    options.retry = {.attempts = 1, .deadline = timeout_};
    options.tls = tls_.options(server.unix_path().has_value());
    if (options.tls) options.tls->handshake_timeout = timeout_;
    return options;
}

JsonClient make_client(const ClientOptions& options) {
    try {
        return JsonClient(options);
    } catch (const UsageError& error) {
        throw UsageError(with_option_names(error.what()));
    }
}

Configuration read_contexts() {
    CLI::App options;
    options.set_help_flag();
    ClientArguments arguments;
    arguments.add_to(options, "");
    return read_configuration(options);
}

}  // namespace jsocket::cli
