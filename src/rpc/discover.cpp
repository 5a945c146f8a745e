// SPDX-License-Identifier: Apache-2.0
#include "rpc/dispatcher_impl.hpp"

namespace jsocket::rpc {
namespace {

/// `required`: also of an optional one that stands before one that is not, where null says that it
/// is left out; OpenRPC has required parameters first.
json describe_argument(const Method::Argument& argument, bool required) {
    json described = {
        {"name", argument.parameter.name}, {"required", required}, {"schema", argument.schema}};
    if (!argument.parameter.description.empty()) {
        described["description"] = argument.parameter.description;
    }
    return described;
}

}  // namespace

json describe_method(const std::string& name, const Method& method) {
    json params = json::array();
    bool required = false;  // one at or behind the place
    for (auto argument = method.arguments.rbegin(); argument != method.arguments.rend();
         ++argument) {
        required = required || argument->required;
        params.insert(params.begin(), describe_argument(*argument, required));
    }
    json described = {{"name", name},
                      {"params", params},
                      {"paramStructure", method.by_name ? "either" : "by-position"},
                      {"result", {{"name", "result"}, {"schema", method.result_schema}}}};
    if (!method.options.description.empty()) {
        described["description"] = method.options.description;
    }
    // The specification has no words for a method that takes what it gets.
    if (method.raw) described["x-any-params"] = true;
    return described;
}

json Dispatcher::Impl::discover() const {
    json info = {{"title", options_.title}, {"version", options_.version}};
    if (!options_.description.empty()) info["description"] = options_.description;
    json methods = json::array();
    for (const auto& [name, entry] : entries_) {
        methods.push_back(describe_method(name, entry.method));
    }
    return {{"openrpc", "1.2.6"}, {"info", info}, {"methods", methods}};
}

}  // namespace jsocket::rpc
