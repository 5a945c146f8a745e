// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>

#include <cstring>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <poll.h>
#include <system_error>
#include <thread>
#include <utility>

namespace jsocket {
namespace {

struct Addresses {
    int error = 0;  // of getaddrinfo(3)
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
        const std::scoped_lock lock(mutex_);
        threads_.push_back({lookup, std::thread([lookup] {
                                lookup->addresses = look_up(lookup->endpoint, 0);
                                lookup->done.raise();
                            })});
    }

    void join_ended() {
        const std::scoped_lock lock(mutex_);
        std::erase_if(threads_, [](Entry& entry) {
            if (!entry.lookup->done.raised()) return false;
            entry.thread.join();
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
        std::thread thread;
    };

    std::mutex mutex_;
    std::vector<Entry> threads_;  // guarded by mutex_
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

[[noreturn]] void fail(const Endpoint& endpoint, int error) {
    // A server that could not be asked may answer later; a name that does not exist will not.
    const auto code =
        std::make_error_code(error == EAI_AGAIN ? std::errc::resource_unavailable_try_again
                                                : std::errc::address_not_available);
    throw ConnectError("cannot look up " + to_string(endpoint) + ": " + ::gai_strerror(error), code,
                       to_string(endpoint));
}

}  // namespace

std::vector<SocketAddress> resolve(const Endpoint& endpoint, Deadline deadline,
                                   const Interrupt* cancel) {
    Addresses addresses = look_up(endpoint, AI_NUMERICHOST);
    if (addresses.error != 0) addresses = look_up_elsewhere(endpoint, deadline, cancel);
    if (addresses.error != 0) fail(endpoint, addresses.error);
    return std::move(addresses.list);
}

}  // namespace jsocket
