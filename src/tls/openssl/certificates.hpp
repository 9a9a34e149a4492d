// Making and reading certificates with OpenSSL; provider.hpp says what each does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tls/certificate.hpp"

namespace croft::tls {

Pair make_authority(const AuthorityOrder&);
Pair make_server(const ServerOrder&, const Pair& authority);
std::string cross_sign(const std::string& certificate, const Pair& older, Instant now);
std::vector<Certificate> read_certificates(const std::string& pem);
bool belong(const Pair&);

}  // namespace croft::tls
