// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/message_handler.hpp>
#include <jsocket/server/server_options.hpp>
#include <jsocket/socket/stream.hpp>

#include <memory>

namespace jsocket::testing {

/// Has `handler` serve a client as a server would, on the calling thread and without any socket,
/// until the client leaves:
///
///     auto [near, far] = pipe();
///     far->write_all("{\"add\":5}\n", std::chrono::seconds(1));
///     far->finish_writing();
///     Adder adder;  // a ServerFactoryThread
///     serve(adder, std::move(near));
///     // what it has replied is in `far`
///
/// A hook that throws ends it, and on_error() is told. Of `options` those of a connection count.
void serve(MessageHandler& handler, std::unique_ptr<Stream> stream,
           const ServerOptions& options = {});

}  // namespace jsocket::testing
