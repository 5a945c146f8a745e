// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Names under `.invalid` are answered by fake_resolver.cpp, which takes the place of the system's
/// getaddrinfo(3) in tests: no packet leaves the machine, and a slow name server can be had.
namespace test_support {

/// There is no such host.
inline constexpr const char* unknown_name = "nosuchhost.invalid";

/// No name server can be asked for it.
inline constexpr const char* unanswered_name = "unanswered.invalid";

/// Has the addresses ::1 and 127.0.0.1, in this order.
inline constexpr const char* two_addresses_name = "twoaddresses.invalid";

/// The name server does not answer for as long as a SlowNameServer is there.
inline constexpr const char* slow_name = "slow.invalid";

/// How often names under `.invalid` have been looked up.
int lookups();

class SlowNameServer {
  public:
    SlowNameServer();
    ~SlowNameServer();
    SlowNameServer(const SlowNameServer&) = delete;
    SlowNameServer& operator=(const SlowNameServer&) = delete;
};

}  // namespace test_support
