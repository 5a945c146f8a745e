// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>

namespace jsocket::testing {

/// The other side did something else than a test expected; what() says what, for people. Test
/// frameworks report it as the reason why a test failed, as they do with any exception.
class Mismatch : public Error {
  public:
    using Error::Error;
};

}  // namespace jsocket::testing
