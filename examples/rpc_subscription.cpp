// SPDX-License-Identifier: Apache-2.0
// JSON-RPC in both directions: a client subscribes, and the server notifies it later. And a call
// that takes long is told to stop when nobody waits for it any more.
#include <jsocket/rpc/rpc.hpp>

#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace rpc = jsocket::rpc;
using jsocket::json;

/// Those who want to hear of changes. Methods run at the same time, so it has a mutex.
class Subscribers {
  public:
    void add(rpc::Peer peer) {
        const std::scoped_lock lock(mutex_);
        peers_.push_back(std::move(peer));
    }

    /// How many are told.
    std::size_t notify(const json& change) {
        const std::scoped_lock lock(mutex_);
        // A Peer may be kept; once its connection has ended, it is of no use.
        std::erase_if(peers_, [](const rpc::Peer& peer) { return !peer.connected(); });
        std::size_t told = 0;
        for (const rpc::Peer& peer : peers_) {
            try {
                peer.notify("changed", change);
                ++told;
            } catch (const jsocket::ConnectionError&) {
                // It has left just now.
            }
        }
        return told;
    }

  private:
    std::mutex mutex_;
    std::vector<rpc::Peer> peers_;
};

/// Waits until it is told to stop, as a method does that looks at its token now and then.
std::string search(std::promise<void>& begun, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    begun.set_value();
    stopped.wait(lock, stop, [] { return false; });
    return "stopped";
}

int main() {
    Subscribers subscribers;
    std::promise<void> search_begun;
    std::promise<std::string> search_ended;

    rpc::Dispatcher methods;
    methods.bind("subscribe", [&](rpc::Call& call) { subscribers.add(call.peer()); });
    methods.bind("set",
                 [&](const std::string& name, const json& value) {
                     return subscribers.notify({{"name", name}, {"value", value}});
                 },
                 {"name", "value"});
    methods.bind("search",
                 [&](std::stop_token stop) { search_ended.set_value(search(search_begun, stop)); });
    jsocket::Running<rpc::Server> server({.port = 0}, methods);

    // What the server may call, or notify of, is what the client gives away with the connection.
    std::promise<json> change;
    rpc::Dispatcher offered;
    offered.bind_raw("changed", [&](json& params) { change.set_value(params); });
    rpc::Client listener({.port = server.port()}, offered);
    listener.connect();
    listener.call<void>("subscribe");

    rpc::Client client({.port = server.port()});
    client.connect();
    std::cout << "told: " << client.call<int>("set", {{"name", "door"}, {"value", "open"}}) << '\n';
    std::cout << "changed: " << change.get_future().get() << '\n';

    // The result of a call is of no use any more when its client has left, given up (a time-out of
    // the call has that effect, too), or the server stops: then the stop token says so.
    rpc::Client impatient({.port = server.port()});
    impatient.connect();
    std::future<std::string> found = impatient.async_call<std::string>("search");
    search_begun.get_future().wait();
    impatient.close();
    try {
        found.get();
    } catch (const jsocket::ConnectionClosed&) {
        std::cout << "search: no result\n";
    }
    std::cout << "search: " << search_ended.get_future().get() << '\n';
}
