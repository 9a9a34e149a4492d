// Whose word about the client behind them is believed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace croft::http {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  // Addresses ("127.0.0.1", "::1") or networks ("10.0.0.0/8"). Throws std::runtime_error for
  // others.
  explicit TrustedProxies(const std::vector<std::string>& addresses);

  // When request.remote is a trusted proxy, sets remote to the last hop of X-Forwarded-For that is
  // not one, and secure from X-Forwarded-Proto. Whatever a stranger writes there is ignored.
  void apply(Request&) const;

 private:
  struct Network {
    boost::asio::ip::address base;
    unsigned prefix_length;
  };
  bool trusts(const boost::asio::ip::address&) const;

  std::vector<Network> networks_;
};

}  // namespace croft::http
