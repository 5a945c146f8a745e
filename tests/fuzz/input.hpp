// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace jsocket::test {

/// Ends the process, which a fuzzer takes for a crash and keeps the input of.
inline void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "not so: %s\n", what);
    std::abort();
}

/// What a fuzzer has made up, to be taken apart from the front. Behind its end there are zeros.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size)
        : rest_(reinterpret_cast<const char*>(data), size) {}
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }

    std::uint8_t byte() {
        const std::string_view one = bytes(1);
        return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
    }

    /// A number from 0 to `limit` - 1, which is at most 255.
    std::size_t below(std::size_t limit) { return byte() % limit; }

    /// Fewer if there are fewer.
    std::string_view bytes(std::size_t size) {
        const std::string_view result = rest_.substr(0, size);
        rest_.remove_prefix(result.size());
        return result;
    }

    /// Up to the next `end`, which is passed over, or to the end of the input.
    std::string_view until(char end) {
        const std::string_view result = rest_.substr(0, rest_.find(end));
        rest_.remove_prefix(std::min(rest_.size(), result.size() + 1));
        return result;
    }

    std::string_view rest() { return bytes(rest_.size()); }

  private:
    std::string_view rest_;
};

}  // namespace jsocket::test
