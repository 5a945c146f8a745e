// SPDX-License-Identifier: Apache-2.0
// State that all clients share: workers run at the same time, so a mutex guards it.
#include <jsocket/jsocket.hpp>

#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

using jsocket::json;

class Counter {
  public:
    int add(int amount) {
        const std::lock_guard lock(mutex_);
        return total_ += amount;
    }

  private:
    std::mutex mutex_;
    int total_ = 0;
};

class CountingWorker : public jsocket::ServerFactoryThread {
  public:
    explicit CountingWorker(Counter& counter) : counter_(counter) {}

  private:
    std::optional<json> process_message(json& message) override {
        return json{{"total", counter_.add(message.at("add").get<int>())}};
    }

    Counter& counter_;
};

int main() {
    // Declared before the server, and so destroyed after it: workers always find it alive.
    Counter counter;

    // A factory copies its arguments; std::ref makes it copy a reference instead of the counter.
    jsocket::Running<jsocket::ServerFactory<CountingWorker>> server({}, std::ref(counter));

    std::vector<std::thread> clients;
    clients.reserve(4);
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&server] {
            jsocket::JsonClient client({.port = server.port()});
            client.connect();
            for (int n = 0; n < 250; ++n) client.request({{"add", 1}});
        });
    }
    for (std::thread& client : clients) client.join();

    std::cout << "4 clients added 1 250 times each: " << counter.add(0) << '\n';
}
