// SPDX-License-Identifier: Apache-2.0
#include "cli/call_command.hpp"

#include "cli/json_members.hpp"
#include "cli/rpc_discovery.hpp"
#include "cli/standard_input.hpp"
#include "cli/terminal.hpp"
#include "cli/watchdog.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

namespace jsocket::cli {

namespace {

constexpr std::string_view call_id = "1";

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What standard input has to be for `-`.
std::string read_params() {
    const std::string text = read_all_input();
    std::string params;
    try {
        params = compact(text);
    } catch (const PayloadError& error) {
        throw UsageError("standard input: " + std::string(error.what()));
    }
    if (params.front() == '[' || params.front() == '{') return params;
    throw UsageError("standard input: parameters are a JSON array or object, not " +
                     printable(params));
}

void tell_of_time(double connecting, double reply) {
    if (json_lines()) {
        print_diagnostic(json{{"timing", {{"connect", connecting}, {"reply", reply}}}}.dump());
    } else {
        std::array<char, 80> text{};
        std::snprintf(text.data(), text.size(), "connected in %.3f ms, done %.3f ms later",
                      connecting * 1000, reply * 1000);
        complain(text.data());
    }
}

/// Answers a request of the server, whose method may wait for that.
void refuse(JsonClient& client, const std::string& message, const std::string& request) {
    const std::optional<std::string> refusal = refusal_of(message);
    if (!refusal) return;
    if (comes_back(message, request)) {
        throw ProtocolError("it is the request; this is no JSON-RPC");
    }
    client.send_payload(*refusal);
}

}  // namespace

CallCommand::CallCommand(CLI::App& app) : Command(app, "call", "Call a method by JSON-RPC 2.0") {
    const auto flag = [this](const char* name, bool& value, const char* meaning) {
        command_->add_flag(name, value, meaning)->disable_flag_override();
    };
    flag("--notify", notify_, "Send a notification, which has no reply");
    flag("--list", list_, "Print the names of the server's methods");
    flag("--template", template_, "Print parameters for METHOD to be filled in");
    flag("--verbose", verbose_, "Tell how long it took on standard error");
    client_.add_to(*command_, "For everything, connecting included");
    command_->add_option("METHOD", method_, "Its name")->type_name("");
    // CLI11 would take [1,2] apart, if it knew that there may be several, and {} for none.
    constexpr int any_number = CLI::detail::expected_max_vector_size;
    arguments_ = command_
                     ->add_option("ARG",
                                  "A parameter: VALUE, or NAME=VALUE for all; or -\n"
                                  "to read them as JSON from standard input")
                     ->type_name("")
                     ->expected(any_number, any_number)
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command_->footer(
        "A VALUE that is JSON is taken as that, anything else as a string; so write\n"
        "'\"5\"' for the string 5, and '\"a=b\"' for one that looks like NAME=VALUE.\n"
        "The result is printed as one line of JSON; members keep their order and\n"
        "numbers their digits. If the reply is an error, its object is one line of\n"
        "JSON on standard error, and the exit code is 1. --list and --template ask\n"
        "the server for rpc.discover.\n\n"
        "Examples:\n"
        "  jsocket call 127.0.0.1:5489 subtract 42 23\n"
        "  jsocket call @production subtract minuend=42 subtrahend=23\n"
        "  jsocket call unix:/run/calc subtract --template > params\n"
        "  jsocket call unix:/run/calc subtract - < params");
}

void CallCommand::check_choice() const {
    if ((notify_ && (list_ || template_)) || (list_ && template_)) {
        throw UsageError("--notify, --list and --template exclude each other");
    }
    if (list_ && !method_.empty()) throw UsageError("--list takes no METHOD");
    if (!list_ && method_.empty()) throw UsageError("METHOD is required, or --list");
    if (template_ && arguments_->count() > 0) throw UsageError("--template takes no ARG");
}

std::string CallCommand::params() const {
    const std::vector<std::string>& arguments = arguments_->results();
    const bool from_input = std::find(arguments.begin(), arguments.end(), "-") != arguments.end();
    if (!from_input) return params_of(arguments);
    if (arguments.size() > 1) throw UsageError("ARG: - stands for all parameters; give it alone");
    return read_params();
}

void CallCommand::run() {
    check_choice();
    ClientOptions options = client_.options();
    // The watchdog's deadline holds for all of these.
    options.recv_timeout = options.send_timeout = options.message_deadline = no_timeout;
    const std::string params = list_ || template_ ? "" : this->params();
    JsonClient client = make_client(options);
    const Deadline deadline = deadline_after(client_.timeout());
    if (notify_) {
        exchange(client, request_text(method_, params), false, deadline);
    } else if (list_ || template_) {
        print_methods(client, deadline);
    } else {
        print_line(call(client, method_, params, deadline));
    }
}

/// Prints what --list or --template asks for. The time limit ends where printing begins: whoever
/// reads the output, such as a pager, may take longer.
void CallCommand::print_methods(JsonClient& client, Deadline deadline) {
    const Discovery server(call(client, "rpc.discover", "", deadline));
    if (!template_) {
        client_.require_in_time(deadline);
        for (const std::string& name : server.methods()) print_line(plain_name(name));
        return;
    }
    const auto skeleton = server.skeleton(method_);
    client_.require_in_time(deadline);
    if (!skeleton) throw Error("the server has no method " + printable(method_));
    print_line(*skeleton);
}

/// The result of a call, as text.
std::string CallCommand::call(JsonClient& client, const std::string& method,
                              const std::string& params, Deadline deadline) {
    RpcReply reply = *exchange(client, request_text(method, params, call_id), true, deadline);
    client_.require_in_time(deadline);
    if (reply.error.empty()) return std::move(reply.result);
    print_diagnostic(error_line(reply.error));
    throw AlreadyReported();
}

/// Sends a request and returns the reply to it, if it wants one.
std::optional<RpcReply> CallCommand::exchange(JsonClient& client, const std::string& request,
                                              bool wants_reply, Deadline deadline) {
    const auto start = std::chrono::steady_clock::now();
    client.connect();
    const double connecting = seconds_since(start);
    const Watchdog watchdog(client, deadline);
    std::optional<RpcReply> reply;
    try {
        client.send_payload(request);
        while (wants_reply && !reply) {
            const std::string message = client.read_payload();
            reply = reply_in(message, call_id);
            if (!reply) refuse(client, message, request);
        }
    } catch (const ProtocolError& error) {
        throw ProtocolError("the reply from " + client_.server() + ": " + error.what());
    } catch (const Error&) {
        if (!watchdog.expired()) throw;
        throw TimeoutError(client_.timed_out("reply from"));
    }
    if (verbose_) tell_of_time(connecting, seconds_since(start) - connecting);
    return reply;
}

}  // namespace jsocket::cli
