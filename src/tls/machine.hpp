// By which names and addresses this machine may be reached.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace croft::tls {

// "localhost", the host name, the host name with .local (mDNS), 127.0.0.1, ::1 and every private
// address of its interfaces, as a certificate writes them: "DNS:pi.local", "IP:192.168.1.7". A
// public address is for a person to name.
std::vector<std::string> names_of_this_machine();
std::string host_name();

// What a person wrote as a name ("croft.example.org", "*.example.org", "192.168.1.7"), as a
// certificate writes it. Throws std::runtime_error when it is neither a name nor an address.
std::string certificate_name(const std::string& text);

// What an authority for these may vouch for: them, and what is never anybody else's: private
// networks, and the names .local, .lan, .home, .home.arpa and .internal.
std::vector<std::string> permitted_for(const std::vector<std::string>& names);

}  // namespace croft::tls
