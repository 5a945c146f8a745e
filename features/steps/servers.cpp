// SPDX-License-Identifier: Apache-2.0
#include "servers.hpp"

#include "expect.hpp"

namespace {

using jsocket::json;

class Echo : public Behaviour {
  public:
    std::optional<json> answer(json& message) override { return std::move(message); }
};

class Silence : public Behaviour {
  public:
    std::optional<json> answer(json&) override { return std::nullopt; }
};

class Count : public Behaviour {
  public:
    std::optional<json> answer(json&) override { return ++messages_; }

  private:
    int messages_ = 0;
};

class Greeting : public Echo {
  public:
    std::optional<json> greeting() override { return json{{"greeting", "welcome"}}; }
};

class FailAt : public Behaviour {
  public:
    explicit FailAt(json trigger) : trigger_(std::move(trigger)) {}

    std::optional<json> answer(json& message) override {
        if (message == trigger_) {
            throw std::runtime_error("told to fail");
        }
        return std::move(message);
    }

  private:
    const json trigger_;
};

class StopAt : public Behaviour {
  public:
    explicit StopAt(json trigger) : trigger_(std::move(trigger)) {}

    std::optional<json> answer(json& message) override {
        finished_ = message == trigger_;
        return std::move(message);
    }
    bool finished() const override { return finished_; }

  private:
    const json trigger_;
    bool finished_ = false;
};

class AnswerBehind : public Behaviour {
  public:
    explicit AnswerBehind(Gate& gate) : gate_(gate) {}

    std::optional<json> answer(json& message) override {
        gate_.wait();
        return std::move(message);
    }

  private:
    Gate& gate_;
};

}  // namespace

MakeBehaviour echoing() {
    return [] { return std::make_unique<Echo>(); };
}

MakeBehaviour silent() {
    return [] { return std::make_unique<Silence>(); };
}

MakeBehaviour counting() {
    return [] { return std::make_unique<Count>(); };
}

MakeBehaviour greeting() {
    return [] { return std::make_unique<Greeting>(); };
}

MakeBehaviour failing_at(json message) {
    return [message] { return std::make_unique<FailAt>(message); };
}

MakeBehaviour stopping_at(json message) {
    return [message] { return std::make_unique<StopAt>(message); };
}

MakeBehaviour answering_behind(Gate& gate) {
    return [&gate] { return std::make_unique<AnswerBehind>(gate); };
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
}

void Gate::wait() {
    std::unique_lock lock(mutex_);
    used_ = true;
    changed_.notify_all();
    expect(changed_.wait_for(lock, patience, [this] { return open_; }),
           "the server was never allowed to answer");
}

void Gate::wait_until_used() {
    std::unique_lock lock(mutex_);
    expect(changed_.wait_for(lock, patience, [this] { return used_; }),
           "the server never began to answer");
}

std::optional<json> SmallServer::process_message(json& message) {
    std::optional<json> answer = behaviour_->answer(message);
    if (behaviour_->finished()) {
        stop();
    }
    return answer;
}

void SmallServer::on_connect() {
    if (const std::optional<json> greeting = behaviour_->greeting()) {
        send_obj(*greeting);
    }
}

std::optional<json> Worker::process_message(json& message) { return behaviour_->answer(message); }
