// SPDX-License-Identifier: Apache-2.0
#include "wire_protocol.hpp"

#include "expect.hpp"

#include <jsocket/error.hpp>

#include <csignal>
#include <unistd.h>

namespace {

using jsocket::json;

json failure(const std::string& message, const std::string& where = "") {
    json details = {{"message", message}};
    if (!where.empty()) {
        details["backtrace"] = json::array({where});
    }
    return {"fail", details};
}

/// Ends the process, and says in which step, if it lives longer than the limit.
class Alarm {
  public:
    Alarm(std::chrono::seconds limit, const std::string& step) {
        message_ = "jsocket-steps: this step has hung for " + std::to_string(limit.count()) +
                   " seconds: " + step + '\n';
        ::signal(SIGALRM, ring);
        ::alarm(unsigned(limit.count()));
    }
    ~Alarm() { ::alarm(0); }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

  private:
    static void ring(int) {
        // Nothing but system calls in a signal handler; the text was ready before.
        [[maybe_unused]] const ssize_t written =
            ::write(STDERR_FILENO, message_.data(), message_.size());
        ::_exit(3);
    }

    static inline std::string message_;
};

}  // namespace

WireHost::WireHost(std::uint16_t port, const Steps& steps, std::chrono::seconds step_limit)
    : ThreadedServer({.port = port, .framing = jsocket::Framing::lines}),
      steps_(steps),
      step_limit_(step_limit) {}

std::optional<json> WireHost::process_message(json& request) {
    const std::string name = request.at(0);
    const json parameters = request.size() > 1 ? request[1] : json::object();
    if (name == "step_matches") {
        return json{"success", steps_.matches(parameters.at("name_to_match"))};
    }
    if (name == "invoke") {
        return invoke(parameters);
    }
    if (name == "begin_scenario") {
        world_ = std::make_unique<World>();
        return json::array({"success"});
    }
    if (name == "end_scenario") {
        const Alarm alarm(step_limit_, "the end of a scenario");
        world_.reset();
        return json::array({"success"});
    }
    if (name == "snippet_text") {
        return json{"success", snippet(parameters.at("step_name"))};
    }
    return failure("the step host does not know the request " + name);
}

json WireHost::invoke(const json& parameters) {
    try {
        expect(world_ != nullptr, "a step outside of a scenario");
        const std::size_t id = std::stoul(parameters.at("id").get<std::string>());
        const Alarm alarm(step_limit_, steps_.describe(id));
        steps_.invoke(id, *world_, parameters.at("args"));
        return json::array({"success"});
    } catch (const StepFailed& failed) {
        return failure(failed.what(), failed.where());
    } catch (const std::exception& error) {
        return failure(describe(error));
    }
}

void WireHost::on_disconnect() { world_.reset(); }
