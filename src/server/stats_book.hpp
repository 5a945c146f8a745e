// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/stats.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <string>

namespace jsocket {

/// Adds what one connection did to what is known of its client already.
void merge(ClientStats& into, const ClientStats& from);

/// Remembers the clients that have gone, by name; of too many, the one that left first is
/// forgotten.
///
/// Threads: guarded by its owner.
class StatsBook {
  public:
    explicit StatsBook(std::size_t max_entries) : max_entries_(max_entries) {}

    void add(const ClientStats& connection);

    /// All entries, to be completed with the connections that are open.
    std::map<std::string, ClientStats> entries() const;

    /// What those that were forgotten have done, together; without a name.
    const ClientStats& forgotten() const { return forgotten_; }

  private:
    struct Entry {
        ClientStats stats;
        std::list<std::string>::iterator position;
    };

    void forget(ClientStats&& client);

    const std::size_t max_entries_;
    std::map<std::string, Entry> entries_;
    std::list<std::string> names_;  // in the order in which they left, the longest ago first
    ClientStats forgotten_;
};

}  // namespace jsocket
