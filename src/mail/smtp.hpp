// The SMTP driver: libcurl, loaded when a mail server is configured and not before.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "mail/address.hpp"
#include "mail/transport.hpp"

namespace croft::mail {

struct SmtpConfig {
  Server server;
  std::string ca_file;  // PEM certificates to trust instead of the system's; "" for the system's
  std::chrono::seconds connect_limit{15};
  std::chrono::seconds whole_limit{60};  // under the sender's two minutes
};

// Certificates are always checked. STARTTLS is required when credentials would leave this machine,
// and used wherever it is offered, except without credentials on this machine. Throws
// std::runtime_error with one clear line when libcurl is not installed.
std::unique_ptr<Transport> make_smtp(SmtpConfig);

}  // namespace croft::mail
