// SPDX-License-Identifier: Apache-2.0
#include "cli/proxy_command.hpp"

#include "cli/option_values.hpp"
#include "cli/recorder.hpp"
#include "cli/server_arguments.hpp"
#include "cli/service.hpp"
#include "cli/terminal.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace jsocket::cli {

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();

constexpr std::array fault_options{"--delay",     "--trickle",     "--chunk",
                                   "--cut-after", "--reset-after", "--flip-bit"};

}  // namespace

ProxyCommand::ProxyCommand(CLI::App& app)
    : Command(app, "proxy", "Pass connections on, with faults or a recording") {
    const testing::FaultProxyOptions defaults;
    listen_ = defaults.listen;
    framing_ = to_string(defaults.framing);
    max_message_size_ = std::to_string(defaults.max_message_size);
    command_->add_option("--to", to_, "The server: HOST:PORT or unix:PATH (required)")
        ->type_name("ADDRESS")
        ->required();
    add_bind(*command_, "--listen", listen_);
    add_faults();
    command_->add_option("--record", record_, "Write what passes to FILE, as JSON lines")
        ->type_name("FILE");
    add_server_framing(*command_, framing_);
    command_->add_option("--max-message-size", max_message_size_, "The longest message")
        ->type_name("BYTES")
        ->capture_default_str();
    max_connections_ = std::to_string(defaults.max_connections);
    add_option("--max-connections", max_connections_, "N", "More clients than that are refused");
    add_server_json(*command_);
    command_->footer(
        "Up is from the client to the server. Bytes, bits and messages are counted for\n"
        "each direction of each connection. When it is ready it prints one line,\n"
        "`listening on HOST:PORT` or `listening on unix:PATH`; it runs until SIGINT or\n"
        "SIGTERM.\n\n"
        "Examples:\n"
        "  jsocket proxy --to 127.0.0.1:5489 --record talk.jsonl\n"
        "  jsocket proxy --to db1:5489 --direction down --delay 0.2 --trickle 1000\n"
        "  jsocket proxy --to unix:/run/echo --direction up --flip-bit 96 --message 3");
}

void ProxyCommand::add_faults() {
    const auto add_option = [this](const char* name, std::string& value, const char* type,
                                   const char* description) {
        return command_->add_option(name, value, description)->type_name(type);
    };
    add_option("--direction", direction_, "up|down|both", "What faults are for")
        ->capture_default_str();
    add_option("--message", message_, "N",
               "Faults are for the N-th message only, and count\nfrom its first byte");
    add_option("--delay", delay_, "SECONDS", "Every byte goes on so much later");
    add_option("--trickle", trickle_, "BYTES", "At most so many bytes go on per second");
    add_option("--chunk", chunk_, "N", "At most N bytes are written at once");
    add_option("--cut-after", cut_after_, "N", "Close the connection after N bytes");
    add_option("--reset-after", reset_after_, "N", "Reset the connection after N bytes");
    add_option("--flip-bit", flip_bit_, "N",
               "Turn over bit N, from 0; bit 8 is the lowest of\nthe second byte");
}

std::optional<std::uint64_t> ProxyCommand::count(const char* option, const std::string& text,
                                                 std::uint64_t smallest) const {
    if (command_->count(option) == 0) return std::nullopt;
    return option_value(option, text, parse_count, smallest, most);
}

testing::LinkFaults ProxyCommand::faults() const {
    const auto given = [this](const char* option) { return command_->count(option) > 0; };
    if (std::none_of(fault_options.begin(), fault_options.end(), given)) {
        for (const char* option : {"--message", "--direction"}) {
            if (!given(option)) continue;
            throw UsageError(std::string(option) + ": there is no fault for it, such as --delay");
        }
    }
    testing::LinkFaults faults;
    if (given("--delay")) faults.delay = option_value("--delay", delay_, parse_seconds);
    faults.trickle = count("--trickle", trickle_, 1).value_or(0);
    faults.chunk = count("--chunk", chunk_, 1).value_or(0);
    faults.cut_after = count("--cut-after", cut_after_, 0);
    faults.reset_after = count("--reset-after", reset_after_, 0);
    faults.flip_bit = count("--flip-bit", flip_bit_, 0);
    faults.message = count("--message", message_, 1).value_or(0);
    return faults;
}

testing::FaultProxyOptions ProxyCommand::options() const {
    testing::FaultProxyOptions options;
    option_value("--to", to_, parse_server);
    options.to = to_;
    option_value("--listen", listen_, parse_address);
    options.listen = listen_;
    if (direction_ != "up" && direction_ != "down" && direction_ != "both") {
        throw UsageError("--direction: expected up, down or both, not \"" + direction_ + '"');
    }
    if (direction_ != "down") options.up = faults();
    if (direction_ != "up") options.down = faults();
    options.framing = option_value("--framing", framing_, parse_server_framing);
    options.max_message_size = option_value(
        "--max-message-size", max_message_size_, parse_count, 1U,
        options.framing == Framing::automatic ? largest_automatic_message : largest_message);
    options.max_connections = option_value("--max-connections", max_connections_, parse_count, 1U,
                                           std::numeric_limits<std::uint32_t>::max());
    options.complain = complain;
    return options;
}

void ProxyCommand::run() {
    testing::FaultProxyOptions proxy_options = options();
    std::optional<Recorder> recorder;
    if (command_->count("--record") > 0) {
        recorder.emplace(record_);
        proxy_options.observe = [&recorder](const testing::ProxyEvent& event) {
            recorder->add(event);
        };
    }
    const StopSignals signals;
    try {
        testing::FaultProxy proxy(std::move(proxy_options));
        announce_ready(proxy.endpoint());
        signals.wait();
        proxy.stop();
    } catch (const ConnectError& error) {
        throw Error("--listen: " + std::string(error.what()));
    }
    if (recorder) recorder->finish();
}

}  // namespace jsocket::cli
