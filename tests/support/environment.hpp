// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace test_support {

/// An environment variable that has a value, or none, as long as the object lives. For tests with
/// one thread.
class Variable {
  public:
    explicit Variable(const char* name) : name_(name) {
        if (const char* value = std::getenv(name)) before_ = value;
        ::unsetenv(name);
    }
    ~Variable() {
        ::unsetenv(name_);
        if (before_) ::setenv(name_, before_->c_str(), 1);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

    void set(const std::string& value) { ::setenv(name_, value.c_str(), 1); }
    void unset() { ::unsetenv(name_); }

  private:
    const char* const name_;
    std::optional<std::string> before_;
};

}  // namespace test_support
