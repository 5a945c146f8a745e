// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/measure.hpp"
#include "peers/peer.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace peers {

/// What to load a server with.
struct LoadOptions {
    Address server;
    std::string payload;          ///< a JSON text
    std::size_t connections = 1;  ///< more than one in mode `clients`
    std::size_t in_flight = 1;    ///< calls on each; more than one in mode `pipeline`
    std::string tls_ca;           ///< file of the authorities to trust; empty for no TLS
    jsocket::bench::Plan plan;
};

/// Looks at replies: at the first ones value by value, at the others' size.
class ReplyCheck {
  public:
    explicit ReplyCheck(const LoadOptions& options)
        : options_(options), to_compare_(options.connections * options.in_flight) {}

    /// Throws if `reply` is not the payload.
    void operator()(std::string_view reply);

  private:
    const LoadOptions& options_;
    std::size_t to_compare_;
    std::size_t size_ = 0;
};

/// The main function of a load client: reads a command line like bench-load's, and prints what
/// `load` measures. Ends the process with 1 if that takes much longer than it should.
int run_load(int argc, char** argv, jsocket::bench::Result (*load)(const LoadOptions&));

}  // namespace peers
