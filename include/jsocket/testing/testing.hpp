// SPDX-License-Identifier: Apache-2.0
#pragma once

/// For tests of programs that talk JSON over sockets, all of it.
///
///   TestServer              a server that answers, in one line
///   ScriptedPeer, Script    expected and canned messages, as server or client
///   Transcript              what was said
///   FaultPlan, FaultyStream operation N of a stream fails
///   FaultProxy              a bad network in front of a real server
///   pipe(), serve()         without a socket
///   wait_until()            for what no call can wait for
///   Mismatch                what a test throws that fails
///
/// docs/testing.md is the guide.

#include <jsocket/testing/fault_proxy.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/serve.hpp>
#include <jsocket/testing/test_server.hpp>
#include <jsocket/testing/transcript.hpp>
#include <jsocket/testing/wait.hpp>
