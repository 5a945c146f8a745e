// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server.hpp>

#include <concepts>
#include <utility>

namespace jsocket {

/// A server that runs exactly as long as the object lives.
///
///     jsocket::Running<Echo> server;                      // loopback, a free port
///     jsocket::Running<Echo> other({.port = 5489}, ...);  // the constructor arguments of Echo
///
/// It stops and joins before the members of Echo are destroyed, so hooks always find them alive. A
/// base class's destructor comes too late for that, which is why this class exists.
template <std::derived_from<Server> T>
class Running final : public T {
  public:
    /// What T's constructor takes; starts. Throws what T's constructor throws.
    template <typename... Arguments>
    requires std::constructible_from<T, Arguments...>
    explicit Running(Arguments&&... arguments) : T(std::forward<Arguments>(arguments)...) {
        this->start();
    }

    /// The same for options in braces, whose type cannot be deduced.
    template <typename... Arguments>
    requires std::constructible_from<T, ServerOptions, Arguments...>
    explicit Running(ServerOptions options, Arguments&&... arguments)
        : T(std::move(options), std::forward<Arguments>(arguments)...) {
        this->start();
    }

    ~Running() {  // NOLINT(modernize-use-override): that of a factory is not virtual
        this->stop();
        this->join();
    }
};

}  // namespace jsocket
