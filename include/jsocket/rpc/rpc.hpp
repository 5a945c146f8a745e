// SPDX-License-Identifier: Apache-2.0
#pragma once

/// JSON-RPC 2.0, what most programs include.
///
///   Dispatcher           methods by their names: JSON in, JSON out
///   Server, ServerThread serve them to many clients, with state for each if wanted
///   Client, Peer, Batch  call them, from either end of a connection
///   Call                 what a method can know of the call: who, and whether to stop
///   RpcError             error objects
///
/// docs/rpc.md is the guide.

#include <jsocket/rpc/client.hpp>
#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/error.hpp>
#include <jsocket/rpc/server.hpp>
