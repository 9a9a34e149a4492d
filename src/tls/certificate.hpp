// A certificate as people and programs ask about it, and what a new one shall say.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace croft::tls {

struct Certificate {
  std::string subject;  // its common name
  std::string issuer;
  std::vector<std::string> names;  // "DNS:croft.local", "IP:192.168.1.7"
  Instant begins;
  Instant ends;
  std::string fingerprint;  // SHA-256, "AB:CD:..."
  std::string sha1;         // the short one, which old firmware asks for
  bool authority = false;
};

// Both in PEM; `certificate` may be followed by others, its chain.
struct Pair {
  std::string certificate;
  std::string key;
};

struct AuthorityOrder {
  std::string name;
  // The only names it can vouch for ("DNS:local" with all below it, "IP:10.0.0.0/255.0.0.0"), so
  // that a stolen key opens no other site.
  std::vector<std::string> permitted;
  Instant now;
  int days = 3650;
};

struct ServerOrder {
  std::string name;
  std::vector<std::string> names;  // "DNS:croft.local", "IP:192.168.1.7"
  Instant now;
  int days = 396;  // browsers refuse more than 398
};

}  // namespace croft::tls
