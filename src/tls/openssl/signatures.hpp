// Signing and checking texts with OpenSSL; provider.hpp says what each does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tls/certificate.hpp"

namespace croft::tls {

Pair make_signer();
std::string sign_text(const std::string& key, const std::string& text);
bool signed_by(const std::string& public_key, const std::string& text,
               const std::string& signature);

}  // namespace croft::tls
