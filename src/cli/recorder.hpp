// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/testing/fault_proxy.hpp>

#include <fstream>
#include <mutex>
#include <string>

namespace jsocket::cli {

/// Writes what a proxy sees to a file, line by line, each of them at once.
///
/// Threads:  add() from any.
class Recorder {
  public:
    /// Empties the file. Throws UsageError if that cannot be done.
    explicit Recorder(std::string path);

    void add(const testing::ProxyEvent& event) noexcept;

    /// Throws Error if something could not be written; add() said so when it happened.
    void finish();

  private:
    const std::string path_;
    std::mutex mutex_;
    std::ofstream file_;
    bool failed_ = false;
};

}  // namespace jsocket::cli
