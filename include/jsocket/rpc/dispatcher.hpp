// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/call.hpp>
#include <jsocket/rpc/method.hpp>
#include <jsocket/rpc/method_stats.hpp>
#include <jsocket/rpc/options.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jsocket::rpc {

/// What comes after a middleware, down to the method.
using Next = std::function<json(Call& call, json& params)>;

/// Stands around each call: it may look at it, change `params` or the result, throw RpcError
/// instead of going on with next(call, params), and see what that throws.
using Middleware = std::function<json(Call& call, json& params, const Next& next)>;

/// Methods by their names: JSON-RPC 2.0 in, JSON-RPC 2.0 out, and no socket.
///
///     rpc::Dispatcher methods;
///     methods.bind("sum", [](int a, int b) { return a + b; }, {"a", "b"});
///     methods.answer(json::parse(R"({"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1})"));
///
/// rpc::Server serves one to any number of clients; a Client offers one to its server.
///
/// Three methods are there from the start: `rpc.discover` answers with an OpenRPC 1.2.6 document,
/// `rpc.health` with {"status":"ok"}, and the notification `rpc.cancel`, {"id": ID}, tells a call
/// of the same connection to stop. Names that begin with `rpc.` are kept for such methods.
///
/// Threads:  bind and use first; then any number of threads may answer at a time, and methods run
///           at the same time. method_stats() at any time.
/// Lifetime: a copy may have more methods added. It shares the statistics, and the functions with
///           what they have captured.
/// Errors:   a method answers with an error object by throwing RpcError. Anything else that it
///           throws is logged, and answered with internal_error, which says nothing of it.
class Dispatcher {
  public:
    /// Throws UsageError if an option is out of its range.
    explicit Dispatcher(Options options = {});

    /// The methods of `other`, to add to, and its statistics.
    Dispatcher(const Dispatcher& other);

    /// What was moved from can only be assigned to or destroyed.
    Dispatcher(Dispatcher&&) noexcept;

    /// Becomes a copy.
    Dispatcher& operator=(const Dispatcher& other);

    /// Becomes the other.
    Dispatcher& operator=(Dispatcher&&) noexcept;

    ~Dispatcher();

    /// Binds a function whose parameters and result are converted from and to JSON as convert.hpp
    /// and to_value.hpp say; what does not convert is answered with invalid_params, which names the
    /// parameter.
    ///
    /// `parameters` are their names, for callers that give them by name; without names they can
    /// only be given by position. A std::optional may be left out. A std::stop_token or a Call&
    /// among the function's parameters is filled in. All others are values or const references.
    /// Throws UsageError if the name is taken, reserved, empty or too long, the function is empty,
    /// or the number of names is not that of the parameters.
    template <typename Function>
    void bind(std::string name, Function function, std::vector<Parameter> parameters = {},
              MethodOptions options = {}) {
        add(std::move(name),
            make_method(std::move(function), std::move(parameters), std::move(options)));
    }

    /// Binds a function that takes its parameters as the caller sent them, as `json& params`: an
    /// array, an object, or null. It may have a `Call& call` in front.
    template <RawFunction Function>
    void bind_raw(std::string name, Function function, MethodOptions options = {}) {
        add(std::move(name), make_raw_method(std::move(function), std::move(options)));
    }

    /// Puts a middleware around all calls, those of unknown and of reserved names included, but for
    /// the notification `rpc.cancel` and for `rpc.stats`, which the server answers by itself if
    /// ServerOptions::answer_stats says so; the first one that was added is the outermost. Throws
    /// UsageError if it is empty.
    void use(Middleware middleware);

    /// Answers a request or a batch on this thread, one call after the other. Empty if there is
    /// nothing to answer.
    std::optional<json> answer(json message) const;

    /// The same with texts, which need not be JSON. A result that has no text, or none within
    /// `limits`, is answered with internal_error. Throws UsageError only if not even that is within
    /// `limits`.
    std::optional<std::string> answer_text(std::string_view text, const Limits& limits = {}) const;

    /// The document of rpc.discover.
    json discover() const;

    /// Of this dispatcher and all its copies.
    MethodStatsMap method_stats() const;

    /// As they were given.
    const Options& options() const noexcept;

  private:
    friend class CallRunner;
    class Impl;

    void add(std::string name, Method method);
    Impl& own_impl();

    std::shared_ptr<Impl> impl_;  // shared by copies until one is added to
};

}  // namespace jsocket::rpc
