// SPDX-License-Identifier: Apache-2.0
#include "support/fake_resolver.hpp"

#include <atomic>
#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <netdb.h>
#include <string_view>

namespace {

std::mutex mutex;
std::condition_variable changed;
bool slow = false;
std::atomic<int> lookup_count{0};

using Resolver = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

int ask_system(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
    static const auto resolver = reinterpret_cast<Resolver>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return resolver(node, service, hints, result);
}

/// glibc's freeaddrinfo() frees entry by entry, so that two lists can be made one.
int two_addresses(const char* service, const addrinfo* hints, addrinfo** result) {
    addrinfo* second = nullptr;
    if (const int error = ask_system("127.0.0.1", service, hints, &second)) return error;
    if (const int error = ask_system("::1", service, hints, result)) return error;
    (*result)->ai_next = second;
    return 0;
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
    const std::string_view name = node == nullptr ? "" : node;
    if (!name.ends_with(".invalid") || (hints->ai_flags & AI_NUMERICHOST) != 0) {
        return ask_system(node, service, hints, result);
    }
    ++lookup_count;
    if (name == test_support::slow_name) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [] { return !slow; });
    }
    if (name == test_support::unanswered_name) return EAI_AGAIN;
    if (name == test_support::two_addresses_name) return two_addresses(service, hints, result);
    return EAI_NONAME;
}

namespace test_support {

int lookups() { return lookup_count; }

SlowNameServer::SlowNameServer() {
    const std::lock_guard lock(mutex);
    slow = true;
}

SlowNameServer::~SlowNameServer() {
    const std::lock_guard lock(mutex);
    slow = false;
    changed.notify_all();
}

}  // namespace test_support
