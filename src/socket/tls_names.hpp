// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

struct ssl_st;  // OpenSSL's SSL

namespace jsocket {

/// Has the server's certificate checked for its name or IP address. Throws UsageError if it can be
/// neither.
void expect_host(ssl_st* ssl, const std::string& host);

bool is_ip_address(const std::string& host);

/// The subject of the other end's certificate; empty if it has sent none.
std::string certificate_subject(const ssl_st* ssl);

}  // namespace jsocket
