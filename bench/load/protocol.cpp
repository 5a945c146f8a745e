// SPDX-License-Identifier: Apache-2.0
#include "load/protocol.hpp"

#include "load/binary_protocols.hpp"
#include "load/text_protocols.hpp"

#include <array>
#include <stdexcept>

namespace jsocket::bench {

namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<Protocol> (*make)();
};

template <typename Kind>
std::unique_ptr<Protocol> make() {
    return std::make_unique<Kind>();
}

constexpr std::array<Entry, 9> protocols{{
    {"prefix", make<PrefixProtocol>},
    {"rpc", make<RpcProtocol>},
    {"lines", make<LinesProtocol>},
    {"redis", make<RedisProtocol>},
    {"nats", make<NatsProtocol>},
    {"http", make<HttpProtocol>},
    {"websocket", make<WebSocketProtocol>},
    {"zmtp", make<ZmtpProtocol>},
    {"sp", make<SpProtocol>},
}};

}  // namespace

std::vector<std::string> protocol_names() {
    std::vector<std::string> names;
    for (const Entry& entry : protocols) names.emplace_back(entry.name);
    return names;
}

std::unique_ptr<Protocol> make_protocol(std::string_view name) {
    for (const Entry& entry : protocols) {
        if (entry.name == name) return entry.make();
    }
    throw std::invalid_argument("no protocol \"" + std::string(name) + '"');
}

}  // namespace jsocket::bench
