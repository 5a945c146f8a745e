// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server_factory.hpp>
#include <jsocket/server/threaded_server.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

/// What a server of a scenario does with one client.
class Behaviour {
  public:
    virtual ~Behaviour() = default;

    virtual std::optional<jsocket::json> answer(jsocket::json& message) = 0;

    /// What a client is sent as soon as it has connected.
    virtual std::optional<jsocket::json> greeting() { return std::nullopt; }

    /// Does the server stop after this answer?
    virtual bool finished() const { return false; }
};

using MakeBehaviour = std::function<std::unique_ptr<Behaviour>()>;

/// Holds up hooks until a step opens it.
///
/// Threads: any member from any thread.
class Gate {
  public:
    void open();

    /// For hooks. Throws StepFailed if nobody opens it.
    void wait();

    /// Until a hook has come to the gate. Throws StepFailed if none does.
    void wait_until_used();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    bool used_ = false;
};

MakeBehaviour echoing();
MakeBehaviour silent();
MakeBehaviour counting();
MakeBehaviour greeting();
MakeBehaviour failing_at(jsocket::json message);
MakeBehaviour stopping_at(jsocket::json message);

/// Lifetime: `gate` outlives the server.
MakeBehaviour answering_behind(Gate& gate);

/// One client at a time.
class SmallServer : public jsocket::ThreadedServer {
  public:
    SmallServer(jsocket::ServerOptions options, const MakeBehaviour& make)
        : ThreadedServer(std::move(options)), behaviour_(make()) {}

  private:
    std::optional<json> process_message(json& message) override;
    void on_connect() override;

    const std::unique_ptr<Behaviour> behaviour_;
};

class Worker : public jsocket::ServerFactoryThread {
  public:
    explicit Worker(const MakeBehaviour& make) : behaviour_(make()) {}

  private:
    std::optional<json> process_message(json& message) override;

    const std::unique_ptr<Behaviour> behaviour_;
};

using BigServer = jsocket::ServerFactory<Worker>;
