// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/server/stats.hpp>

namespace jsocket {

/// What bytes or text that are no message are counted as.
Failure failure_of(FramingError::Kind kind);
Failure failure_of(PayloadError::Kind kind);

}  // namespace jsocket
