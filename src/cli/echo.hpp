// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>
#include <jsocket/server/server_factory_thread.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jsocket::cli {

/// Which of the two hooks sends messages back.
enum class Hook {
    payload,  ///< their bytes: order of members, numbers of any size and white space survive
    message,  ///< their tree, as process_message() sees it
};

/// Answers every message with itself.
class Echo : public ServerFactoryThread {
  public:
    Echo(Hook hook, const Limits& limits) : hook_(hook), limits_(limits) {}

  private:
    std::optional<json> process_message(json& message) override { return std::move(message); }
    void process_payload(std::string_view payload, std::string& reply) override;

    const Hook hook_;
    const Limits limits_;
};

/// The name that a message gives its sender, by the rules that hold for trees. `text` must have
/// passed validate(). Needs no tree of the message, so that numbers which no tree can hold do not
/// hide the name.
std::optional<std::string> client_name(std::string_view text);

}  // namespace jsocket::cli
