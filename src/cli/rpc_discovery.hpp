// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::cli {

/// What a server says of its methods when it is asked for `rpc.discover`: an OpenRPC document.
class Discovery {
  public:
    /// Throws ProtocolError if it is no such document.
    explicit Discovery(std::string_view document);

    /// In the order of the document.
    const std::vector<std::string>& methods() const { return names_; }

    /// "sum(a: integer, [b: integer]) -> integer", and what the document says of it. Empty for a
    /// method that is not there.
    std::optional<std::string> description(std::string_view method) const;

    /// `params` with a value for each parameter that its schema allows, such as {"a":0,"b":0}, or
    /// null for those beyond 1,000 values, 100 kB of text, or 100 kB of references.
    /// Empty for a method that is not there.
    std::optional<std::string> skeleton(std::string_view method) const;

  private:
    const json* find(std::string_view method) const;

    json document_;
    std::vector<std::string> names_;
};

}  // namespace jsocket::cli
