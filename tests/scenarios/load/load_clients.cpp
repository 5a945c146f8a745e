// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/load_clients.hpp"

#include "server/scripted.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <numeric>
#include <thread>

namespace test_support {
namespace {

using Clock = std::chrono::steady_clock;

void ask(jsocket::JsonClient& client, const json& question, Latencies& latencies) {
    const auto begin = Clock::now();
    try {
        if (client.request(question) != question) ++latencies.wrong;
    } catch (const jsocket::Error&) {
        ++latencies.wrong;
    }
    latencies.times.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
}

}  // namespace

std::uint32_t source_address(int number) {
    return INADDR_LOOPBACK + static_cast<std::uint32_t>(number % 8);
}

RawPeer connect_from(std::uint32_t source, std::uint16_t port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) throw_errno("socket");
    // The port is chosen when it connects, by all four numbers, and so may serve several times.
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(source);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) {
        throw_errno("bind");
    }
    const Address to = Address::ipv4(port);
    if (::connect(socket.get(), to.data(), to.size) != 0) throw_errno("connect");
    return RawPeer(std::move(socket));
}

double Latencies::percentile(double percent) const {
    if (times.empty()) return 0;
    std::vector<double> sorted = times;
    std::sort(sorted.begin(), sorted.end());
    const auto at = static_cast<std::size_t>(percent / 100 * static_cast<double>(sorted.size()));
    return sorted[std::min(at, sorted.size() - 1)];
}

Latencies ask_at_once(std::uint16_t port, int clients, int requests) {
    std::vector<Latencies> each(static_cast<std::size_t>(clients));
    std::vector<std::thread> threads;
    for (Latencies& latencies : each) {
        threads.emplace_back([&latencies, port, requests] {
            jsocket::JsonClient client = connected_client(port);
            for (int i = 0; i < requests; ++i) ask(client, i, latencies);
        });
    }
    for (std::thread& thread : threads) thread.join();
    Latencies all;
    for (const Latencies& latencies : each) {
        all.wrong += latencies.wrong;
        all.times.insert(all.times.end(), latencies.times.begin(), latencies.times.end());
    }
    return all;
}

}  // namespace test_support
