// SPDX-License-Identifier: Apache-2.0
#include "server/session.hpp"

#include <jsocket/testing/serve.hpp>

#include <utility>

namespace jsocket::testing {

void serve(MessageHandler& handler, std::unique_ptr<Stream> stream, const ServerOptions& options) {
    check_options(options);
    const auto session = std::make_shared<Session>(1, std::move(stream), options);
    session->serve(handler);
}

}  // namespace jsocket::testing
