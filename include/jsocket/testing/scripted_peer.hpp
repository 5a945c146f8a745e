// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/options.hpp>
#include <jsocket/socket/stream.hpp>
#include <jsocket/testing/script.hpp>
#include <jsocket/testing/transcript.hpp>
#include <jsocket/testing/wait.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace jsocket::testing {

/// Which end of a connection a ScriptedPeer is, and how patient.
struct ScriptedPeerOptions {
    /// The server to be tested, "HOST:PORT" or "unix:PATH", for a peer that is a client.
    std::string to = {};

    /// Where a peer that is a server listens. Port 0 takes a free one.
    std::string listen = "127.0.0.1:0";

    /// Framing::automatic: a server answers as it is asked, and a client speaks prefix.
    Framing framing = Framing::automatic;

    /// The most that each step may take, connecting included.
    std::chrono::milliseconds timeout = patience;

    /// Called by the destructor with what went wrong, if finish() was not called, to make it a
    /// failure of the test: with GoogleTest `[](const std::string& text) { ADD_FAILURE() << text;
    /// }`, with Catch2 FAIL_CHECK(text). Without it the destructor ends the process. Must not
    /// throw.
    std::function<void(const std::string& text)> report = {};
};

/// Plays a Script to the program that is tested, and says what it did instead of what was expected.
/// As a server:
///
///     ScriptedPeer sensor(Script().expect({{"get", "temperature"}}).reply({{"celsius", 17.5}}));
///     EXPECT_TRUE(should_heat(sensor.port(), 19));
///     sensor.finish();
///
/// as a client:
///
///     ScriptedPeer client(Script().send({{"add", 5}}).expect({{"sum", 5}}).close(),
///                         {.to = server.endpoint()});
///     client.finish();
///
/// or on any Stream, such as an end of a pipe(). It plays from its constructor on. After the first
/// step that goes wrong it closes the connection; after the last one it keeps it until finish().
///
/// Threads:  has one, on which the functions of the script run; all members may be called from any
///           other one.
/// Errors:   the constructor throws ConnectError if it cannot listen, UsageError for an option that
///           is wrong. That a server is not there is a Mismatch.
class ScriptedPeer {
  public:
    /// As a client with `to`, otherwise as a server.
    explicit ScriptedPeer(Script script, ScriptedPeerOptions options = {});

    /// As a server on `stream`, of which there is one: the script cannot reconnect().
    ScriptedPeer(std::unique_ptr<Stream> stream, Script script, ScriptedPeerOptions options = {});

    /// A test whose script went wrong must not pass because nobody asked: if finish() was not
    /// called, the destructor does that, and gives the text to `report`, or prints it and ends the
    /// process. While an exception passes through, which is a failure already, it waits for nothing
    /// and only tells what had gone wrong before, as that may be the reason.
    ~ScriptedPeer();
    ScriptedPeer(const ScriptedPeer&) = delete;
    ScriptedPeer& operator=(const ScriptedPeer&) = delete;

    /// Waits until the script has been played, then closes. Throws Mismatch with the first step
    /// that went wrong, what was expected and what came, where the two differ, and the transcript;
    /// also if more has come than was expected. The second call does the same.
    void finish();

    /// Where a server listens; 0 for a UNIX-domain socket, and for a peer that does not listen.
    std::uint16_t port() const;

    /// The same as text: "127.0.0.1:40312", "unix:PATH"; empty for a peer that does not listen.
    std::string endpoint() const;

    /// What has been said so far.
    Transcript transcript() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket::testing
