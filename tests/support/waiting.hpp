// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <future>
#include <memory>

namespace test_support {

/// Runs `call` in another thread. It is waiting, most likely, or about to, when this returns; a
/// test must not fail because it is not.
template <typename Call>
auto waiting(Call call) {
    auto begun = std::make_shared<std::promise<void>>();
    auto result = std::async(std::launch::async, [call, begun] {
        begun->set_value();
        return call();
    });
    begun->get_future().wait();
    result.wait_for(std::chrono::milliseconds(10));
    return result;
}

}  // namespace test_support
