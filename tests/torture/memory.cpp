// SPDX-License-Identifier: Apache-2.0
//
// In place of the C++ library's operators and of realloc(3).
#include "torture/faults.hpp"
#include "torture/next.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace {

using test_support::Call;
using test_support::planned_error;

std::atomic<long> live{0};

void* allocate(std::size_t size) noexcept {
    if (planned_error(Call::allocation) != 0) return nullptr;
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void* allocate_or_throw(std::size_t size) {
    if (void* const memory = allocate(size)) return memory;
    throw std::bad_alloc();
}

void release(void* memory) noexcept {
    if (memory != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
    std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }

extern "C" void* realloc(void* memory, std::size_t size) {
    using Realloc = void*(void*, std::size_t);
    static constinit test_support::Next<Realloc> next("realloc");
    if (planned_error(Call::allocation) != 0) {
        errno = ENOMEM;
        return nullptr;
    }
    return next.get()(memory, size);
}

namespace test_support {

long live_allocations() { return live; }

}  // namespace test_support
