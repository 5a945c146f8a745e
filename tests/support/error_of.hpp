// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

namespace test_support {

/// The E that `operation` throws, to be looked at. If it throws anything else, or nothing, the test
/// fails by an exception.
///
///     EXPECT_EQ(error_of<jsocket::ConnectError>([&] { client.connect(); })->attempts(), 1);
template <typename E, typename Operation>
std::optional<E> error_of(Operation operation) {
    try {
        operation();
    } catch (const E& error) {
        return error;
    } catch (const std::exception& error) {
        throw std::logic_error(std::string("another error than expected: ") + error.what());
    }
    throw std::logic_error("no error, but one was expected");
}

}  // namespace test_support
