// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steps.hpp"
#include "world.hpp"

#include <jsocket/server/threaded_server.hpp>

#include <chrono>
#include <memory>
#include <string>

/// Answers Cucumber's wire protocol: asks the definitions which of them a sentence means, and runs
/// them, with a new World for each scenario.
///
/// Requests and answers are JSON arrays, one a line: ["step_matches", {"name_to_match": "..."}],
/// ["begin_scenario"], ["invoke", {"id": "3", "args": ["..."]}], ["end_scenario"],
/// ["snippet_text", {...}], answered by ["success", ...] or ["fail", {"message": "..."}].
///
/// Lifetime: `steps` outlives the host.
class WireHost : public jsocket::ThreadedServer {
  public:
    /// With a `step_limit` other than 0, a step that takes longer ends the process: there is no
    /// other way to interrupt a step that hangs.
    WireHost(std::uint16_t port, const Steps& steps, std::chrono::seconds step_limit);

  private:
    std::optional<json> process_message(json& request) override;
    void on_disconnect() override;

    json invoke(const json& parameters);

    const Steps& steps_;
    const std::chrono::seconds step_limit_;
    std::unique_ptr<World> world_;
};
