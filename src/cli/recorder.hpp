// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/private_file.hpp"

#include <jsocket/testing/fault_proxy.hpp>

#include <mutex>
#include <string>

namespace jsocket::cli {

/// Writes what a proxy sees to a file, line by line, each of them at once.
///
/// Threads:  add() from any.
class Recorder {
  public:
    /// Makes or empties the file, which is for its owner alone. Throws UsageError if that cannot be
    /// done.
    explicit Recorder(std::string path);

    void add(const testing::ProxyEvent& event) noexcept;

    /// Throws Error if something could not be written; add() said so when it happened.
    void finish();

  private:
    const std::string path_;
    std::mutex mutex_;
    const PrivateFile file_;
    bool failed_ = false;
};

}  // namespace jsocket::cli
