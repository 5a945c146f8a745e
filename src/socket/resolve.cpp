// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "socket/wait.hpp"
#include "support/mutex.hpp"
#include "support/thread.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <cstring>
#include <list>
#include <memory>
#include <netdb.h>
#include <new>
#include <optional>
#include <poll.h>
#include <system_error>
#include <utility>

namespace jsocket {
namespace {

struct Addresses {
    int error = 0;         // of getaddrinfo(3)
    int system_error = 0;  // errno, with EAI_SYSTEM
    std::vector<SocketAddress> list;
};

Addresses look_up(const Endpoint& endpoint, int flags) {
    Addresses addresses;
    addrinfo hints{};
    hints.ai_flags = flags | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const std::string port = std::to_string(endpoint.port);
    addresses.error = ::getaddrinfo(endpoint.address.c_str(), port.c_str(), &hints, &first);
    addresses.system_error = errno;
    if (addresses.error != 0) return addresses;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, ::freeaddrinfo);
    for (const addrinfo* entry = first; entry; entry = entry->ai_next) {
        SocketAddress& address = addresses.list.emplace_back();
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.size = entry->ai_addrlen;
    }
    return addresses;
}

struct Lookup {
    explicit Lookup(Endpoint what) : endpoint(std::move(what)) {}

    const Endpoint endpoint;
    Addresses addresses;  // written before `done` is raised, read after
    Interrupt done;
};

/// A lookup on a thread of its own. getaddrinfo(3) cannot be interrupted and may take half a minute
/// when a name server is silent, longer than a caller's deadline. A thread whose caller has given
/// up is kept here, and joined by a later lookup once it has ended.
class LookupThreads {
  public:
    void start(const std::shared_ptr<Lookup>& lookup) {
        join_ended();
        const Lock lock(mutex_);
        // The place first: a thread that has started must be kept.
        std::list<Entry> entry;
        entry.push_back({lookup, std::nullopt});
        entry.front().thread.emplace(stack_size, [lookup] {
            try {
                lookup->addresses = look_up(lookup->endpoint, 0);
            } catch (const std::bad_alloc&) {
                lookup->addresses.error = EAI_MEMORY;
            }
            lookup->done.raise();
        });
        threads_.splice(threads_.end(), entry);
    }

    void join_ended() {
        const Lock lock(mutex_);
        threads_.remove_if([](Entry& entry) {
            if (!entry.lookup->done.raised()) return false;
            entry.thread->join();
            return true;
        });
    }

    static LookupThreads& instance() {
        // Never destroyed: at the end of the process a thread may still be waiting for an answer.
        static auto* const threads = new LookupThreads;
        return *threads;
    }

  private:
    struct Entry {
        std::shared_ptr<Lookup> lookup;
        std::optional<Thread> thread;
    };

    // For whatever the C library's lookup modules need.
    static constexpr std::size_t stack_size = 1024 * 1024;

    Mutex mutex_;
    std::list<Entry> threads_ JSOCKET_GUARDED_BY(mutex_);
};

Addresses look_up_elsewhere(const Endpoint& endpoint, Deadline deadline, const Interrupt* cancel) {
    const auto lookup = std::make_shared<Lookup>(endpoint);
    const std::string name = to_string(endpoint);
    try {
        LookupThreads::instance().start(lookup);
    } catch (const std::system_error& error) {
        throw ConnectError("cannot look up " + name + ": " + error.what(), error.code(), name);
    }
    switch (wait_for(lookup->done.fd(), POLLIN, deadline, cancel)) {
        case Wait::ready:
            break;
        case Wait::timeout:
            throw TimeoutError("looking up " + name + " took too long");
        case Wait::interrupted:
            throw ConnectionClosed("closed while looking up " + name, false);
    }
    LookupThreads::instance().join_ended();  // and with it what the thread has written is seen
    return std::move(lookup->addresses);
}

[[noreturn]] void fail(const Endpoint& endpoint, const Addresses& result) {
    const std::string name = to_string(endpoint);
    const std::string what = "cannot look up " + name + ": ";
    switch (result.error) {
        case EAI_SYSTEM: {
            const std::error_code code(result.system_error, std::system_category());
            throw ConnectError(what + code.message(), code, name);
        }
        case EAI_AGAIN:
        case EAI_MEMORY:
            throw ConnectError(what + ::gai_strerror(result.error),
                               std::make_error_code(std::errc::resource_unavailable_try_again),
                               name);
        default:
            throw UnknownHost(what + ::gai_strerror(result.error),
                              std::make_error_code(std::errc::address_not_available), name);
    }
}

}  // namespace

std::vector<SocketAddress> resolve(const Endpoint& endpoint, Deadline deadline,
                                   const Interrupt* cancel) {
    Addresses addresses = look_up(endpoint, AI_NUMERICHOST);
    if (addresses.error != 0) addresses = look_up_elsewhere(endpoint, deadline, cancel);
    if (addresses.error != 0) fail(endpoint, addresses);
    return std::move(addresses.list);
}

}  // namespace jsocket
