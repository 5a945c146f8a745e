// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace jsocket::testing {

/// Stands for any one value, at any place in a message that is expected:
///
///     script.expect({{"id", anything()}, {"method", "add"}});
json anything();

/// What one side of a conversation says, and what it expects to be told, step by step; a
/// ScriptedPeer plays it, as a server or as a client.
///
///     Script()
///         .expect({{"get", "temperature"}})
///         .reply({{"celsius", 17.5}})
///         .expect_close()
///
/// Errors:   UsageError for a step that can never be played: a reply() to nothing, or one behind a
///           close() that is no reconnect().
class Script {
  public:
    /// The other side's next message is this one, as a JSON value: white space, the order of
    /// members and 1 or 1.0 do not matter.
    Script& expect(json message);

    /// The other side's next message is one for which `holds` is true. `what` describes it in a
    /// report: "a temperature below zero". An exception from `holds` means that it is not.
    Script& expect(std::string what, std::function<bool(const json& message)> holds);

    /// The next bytes are these, headers of messages included. No message can be expected behind
    /// them, on this connection.
    Script& expect_bytes(std::string bytes);

    /// The other side closes, or finishes sending, and has sent nothing more.
    Script& expect_close();

    /// Sends a message unasked.
    Script& send(json message);

    /// Answers the message that was expected last.
    Script& reply(json message);

    /// The same with what `make` makes of that message, such as its id.
    template <std::invocable<const json&> Make>
    Script& reply(Make make) {
        return add({.kind = Step::Kind::reply, .make = std::move(make)});
    }

    /// Sends these bytes as they are: what is no message, or only a part of one.
    Script& send_bytes(std::string bytes);

    /// Closes the connection, when the other side has had time to read what was sent.
    Script& close();

    /// Goes on with another connection: a server waits for its client to come again, a client
    /// connects again. The one before is closed, if it was not.
    Script& reconnect();

  private:
    friend class ScriptPlayer;

    struct Step {
        enum class Kind {
            expect,
            expect_bytes,
            expect_close,
            send,
            reply,
            send_bytes,
            close,
            reconnect
        };

        Kind kind{};
        json message = {};
        std::string text = {};  // bytes, or the description of `holds`
        std::function<bool(const json&)> holds = {};
        std::function<json(const json&)> make = {};
    };

    Script& add(Step step);

    std::vector<Step> steps_;
};

}  // namespace jsocket::testing
