// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rpc/message.hpp"
#include "rpc/method_book.hpp"
#include "rpc/replies.hpp"
#include "support/log.hpp"

#include <jsocket/rpc/dispatcher.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::rpc {

class Dispatcher::Impl {
  public:
    explicit Impl(Options options);

    const Options& options() const noexcept { return options_; }

    void add(std::string name, Method method);
    void use(Middleware middleware) { middlewares_.push_back(std::move(middleware)); }

    /// When the method runs, if there is one of that name.
    Run run_of(const std::string& method) const;

    /// Calls a method and makes its reply; empty for a notification.
    std::optional<json> answer(Call& call, json& params) const;

    /// Answers a request or a batch, which it moves from; empty if there is nothing to answer.
    std::optional<std::string> answer_all(json& message, const Limits& limits) const;

    /// The document of rpc.discover, if that is just what the request asks for; else null. It is
    /// made once, and not by middleware.
    std::shared_ptr<const Document> document_for(const Request& request) const;

    json discover() const;
    MethodStatsMap stats() const;

  private:
    class Measurement;

    /// A copy has none: methods may be added to it.
    class DocumentCache {
      public:
        DocumentCache() = default;
        DocumentCache(const DocumentCache&) {}
        DocumentCache& operator=(const DocumentCache&) = delete;

        std::shared_ptr<const Document> get(const Impl& methods);
        void clear();

      private:
        Mutex mutex_;
        std::shared_ptr<const Document> document_ JSOCKET_GUARDED_BY(mutex_);
    };

    struct Entry {
        Method method;
        std::shared_ptr<MethodCounts> counts;  // null for the methods that are always there
    };

    const Entry* find(const std::string& method) const;
    log::Throttle& throttle_of(const Entry* entry) const;
    json invoke(Call& call, json& params, const Entry* entry, std::size_t middleware) const;
    json invoke_method(Call& call, json& params, const Entry* entry) const;
    std::optional<json> reply_of(Call& call, json& params, const Entry* entry,
                                 Measurement& measurement) const;

    Options options_;
    std::shared_ptr<MethodBook> book_ = std::make_shared<MethodBook>();
    std::shared_ptr<MethodCounts> unknown_counts_;  // of names that are not bound
    std::map<std::string, Entry, std::less<>> entries_;
    std::vector<Middleware> middlewares_;
    mutable DocumentCache document_;
};

inline constexpr const char* discover_name = "rpc.discover";

/// What an OpenRPC 1.2.6 document (https://spec.open-rpc.org) says of a method.
json describe_method(const std::string& name, const Method& method);

}  // namespace jsocket::rpc
