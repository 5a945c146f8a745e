// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "process.hpp"
#include "servers.hpp"
#include "stranger.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/server/running.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A folder that is removed, with what is in it, at the end.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

/// What a scenario has set up so far. Each scenario has its own.
///
/// Threads: the steps run one after the other on one thread, and only they use the World.
struct World {
    World();
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Starts what the scenario calls the server, with server_options.
    void start_small(const MakeBehaviour& make);
    void start_big(const MakeBehaviour& make);

    /// The server, of whichever kind. These throw StepFailed if the scenario has none (like it).
    jsocket::Server& server();
    SmallServer& small_server();
    BigServer& big_server();
    void end_server();

    /// A client that has not connected yet, of the server.
    jsocket::JsonClient& new_client(const Name& name, jsocket::ClientOptions options);

    /// Connects a client to the server. Those of a big server are being served when it returns.
    jsocket::JsonClient& connect(const Name& name, jsocket::ClientOptions options);
    jsocket::JsonClient& connect(const Name& name) { return connect(name, client_options); }
    jsocket::JsonClient& client(const Name& name);

    /// The next message for a client, waited for with patience, whatever its time-out is.
    jsocket::json receive(const Name& name);

    /// Sends a message and expects it back.
    void expect_echo(const Name& name);

    /// Remembers why `action` fails, for a later step to ask, and how long it took.
    void attempt(const std::function<void()>& action);
    void measure(const std::function<void()>& action);

    Folder& folder();

    // With patience for a busy machine, unless a scenario is about time-outs.
    jsocket::ServerOptions server_options;
    jsocket::ClientOptions client_options;

    Gate gate;
    std::optional<Folder> temporary;
    std::unique_ptr<jsocket::Running<SmallServer>> small;
    std::unique_ptr<jsocket::Running<BigServer>> big;

    std::map<Name, jsocket::JsonClient> clients;
    std::map<Name, jsocket::SessionId> sessions;  // of the clients of a big server
    Stranger mallory;
    std::string mallory_address;  // when she listens
    std::future<void> background;

    std::string problem;  // see problem_of(); "none" if the last attempt() went well
    std::chrono::milliseconds took{0};
    std::size_t count = 0;  // of the clients a broadcast has reached
    Values received;

    std::unique_ptr<Process> serving;   // `jsocket serve`
    std::string serving_address;        // as it printed it
    std::unique_ptr<Process> last_run;  // the last command that has ended
};

/// The word that scenarios have for an error: "timeout", "too large", "bad_header", ...
std::string problem_of(const std::exception& error);

/// Its type and its text, for reports.
std::string describe(const std::exception& error);
