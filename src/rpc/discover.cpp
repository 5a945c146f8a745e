// SPDX-License-Identifier: Apache-2.0
#include "rpc/dispatcher_impl.hpp"

#include <utility>

namespace jsocket::rpc {
namespace {

/// `required`: also of an optional one that stands before one that is not, where null says that it
/// is left out; OpenRPC has required parameters first.
json describe_argument(const Method::Argument& argument, bool required) {
    json described = make_object("name", argument.parameter.name, "required", required, "schema",
                                 argument.schema);
    if (!argument.parameter.description.empty()) {
        described["description"] = argument.parameter.description;
    }
    return described;
}

}  // namespace

json describe_method(const std::string& name, const Method& method) {
    json params = json::array();
    const auto& arguments = method.arguments;
    std::size_t required = 0;  // so many, up to the last one that is
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].required) required = i + 1;
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        params.push_back(describe_argument(arguments[i], i < required));
    }
    json described = make_object("name", name, "params", std::move(params), "paramStructure",
                                 method.by_name ? "either" : "by-position", "result",
                                 make_object("name", "result", "schema", method.result_schema));
    if (!method.options.description.empty()) {
        described["description"] = method.options.description;
    }
    // The specification has no words for a method that takes what it gets.
    if (method.raw) described["x-any-params"] = true;
    return described;
}

std::shared_ptr<const Document> Dispatcher::Impl::DocumentCache::get(const Impl& methods) {
    const Lock lock(mutex_);
    if (!document_) {
        const Tree tree{methods.discover()};
        document_ = std::make_shared<const Document>(tree.value);
    }
    return document_;
}

void Dispatcher::Impl::DocumentCache::clear() {
    const Lock lock(mutex_);
    document_.reset();
}

std::shared_ptr<const Document> Dispatcher::Impl::document_for(const Request& request) const {
    const bool asked = request.method == discover_name && !request.notification &&
                       request.params.empty() && middlewares_.empty();
    return asked ? document_.get(*this) : nullptr;
}

json Dispatcher::Impl::discover() const {
    json info = make_object("title", options_.title, "version", options_.version);
    if (!options_.description.empty()) info["description"] = options_.description;
    json methods = json::array();
    for (const auto& [name, entry] : entries_) {
        methods.push_back(describe_method(name, entry.method));
    }
    return make_object("openrpc", "1.2.6", "info", std::move(info), "methods", std::move(methods));
}

}  // namespace jsocket::rpc
