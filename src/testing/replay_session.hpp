// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/message_finder.hpp"
#include "testing/recording.hpp"

#include <jsocket/socket/interrupt.hpp>
#include <jsocket/socket/stream.hpp>

#include <string>

namespace jsocket::testing {

/// Plays one recorded connection back to a client.
class ReplaySession {
  public:
    ReplaySession(const RecordedConnection& connection, Stream& stream, const Interrupt& stop);

    /// Does what the server did, where it did it, and waits for what the client did. Throws
    /// Mismatch.
    void run();

  private:
    enum class Received { bytes, end, stopped };

    void expect_message(const RecordedEvent& event);
    void expect_bytes(const RecordedEvent& event);
    void expect_finish(const RecordedEvent& event);
    void send(const RecordedEvent& event);
    Received receive();
    void receive_more(const RecordedEvent& event);
    [[noreturn]] void fail(const RecordedEvent& event, const std::string& instead) const;

    const RecordedConnection& connection_;
    Stream& stream_;
    const Interrupt& stop_;
    MessageFinder finder_;
};

}  // namespace jsocket::testing
