// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace jsocket {

/// What OpenSSL has noted as the first cause of the latest failure in this thread, and forgets by
/// this; `otherwise` if nothing.
std::string take_tls_error(const std::string& otherwise);

}  // namespace jsocket
