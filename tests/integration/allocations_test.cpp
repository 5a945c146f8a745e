// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"
#include "support/wire.hpp"

#include <jsocket/jsocket.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <sys/socket.h>

namespace {

std::atomic<long> allocations{0};

}  // namespace

// Not inlined: GCC 12 would take free() for the wrong answer to a `new` that it still sees.
#define NOT_INLINED __attribute__((noinline))

NOT_INLINED void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}

NOT_INLINED void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINED void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace jsocket;
using namespace test_support;

class Echo : public ServerFactoryThread {
    std::optional<json> process_message(json& message) override { return std::move(message); }
};

/// Sends `frame` and waits for the same back, without a call of new.
void echo(int fd, const std::string& frame, std::string& reply) {
    ASSERT_EQ(::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL), ssize_t(frame.size()));
    ASSERT_EQ(::recv(fd, reply.data(), frame.size(), MSG_WAITALL), ssize_t(frame.size()));
}

TEST(Allocations, AreNoneForAMessageOfARecurringShape) {
    const std::string shapes[] = {
        R"({"active":true,"id":17,"name":"a name that is too long to be kept in place"})",
        R"({"client":"a client by its name","list":[1,-2,3.5,null,{"x":[]}],"text":"\u00e9\n"})",
    };
    for (const std::string& shape : shapes) {
        SCOPED_TRACE(shape);
        Running<ServerFactory<Echo>> server;  // each its own: the end of a connection allocates
        const std::string frame = prefix_frame(json::parse(shape).dump());
        std::string reply(frame.size(), '\0');
        const RawPeer peer = RawPeer::connect(server.port());
        for (int i = 0; i < 5; ++i) echo(peer.fd(), frame, reply);
        const long before = allocations;
        for (int i = 0; i < 100; ++i) echo(peer.fd(), frame, reply);
        EXPECT_EQ(allocations - before, 0);
        EXPECT_EQ(reply, frame);
    }
}

TEST(Allocations, AreCountedHere) {
    const long before = allocations;
    const std::string text(100, 'a');
    EXPECT_EQ(allocations - before, 1);
}

}  // namespace
