// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What most programs include.
///
///   servers   ThreadedServer             one client at a time; subclass it
///             ServerFactory<Worker>      a ServerFactoryThread for each client; subclass that
///             Running<Server>            runs a server as long as the object lives
///             JsonServer                 without a thread, by hand
///             ServerStats                who was there, what they sent, what went wrong
///             notify_ready() and more    what a daemon tells systemd
///   clients   JsonClient
///   messages  json, parse(), serialize(); as text: validate(), compact()
///   errors    Error and its branches
///
/// docs/ has the wire formats, the Python package's names, and more.

#include <jsocket/client/json_client.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/options.hpp>
#include <jsocket/server/json_server.hpp>
#include <jsocket/server/running.hpp>
#include <jsocket/server/server_factory.hpp>
#include <jsocket/server/server_factory_thread.hpp>
#include <jsocket/server/service_manager.hpp>
#include <jsocket/server/stats.hpp>
#include <jsocket/server/threaded_server.hpp>
#include <jsocket/version.hpp>
