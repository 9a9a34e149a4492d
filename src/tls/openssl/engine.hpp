// Connections by OpenSSL over buffers in memory; provider.hpp says what each does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "tls/certificate.hpp"
#include "tls/engine.hpp"

namespace croft::tls {

std::shared_ptr<Context> client_context(const std::string& ca_file);
std::shared_ptr<Context> server_context(const Pair&);

}  // namespace croft::tls
