// Finds the client behind trusted proxies.
// SPDX-License-Identifier: Apache-2.0
#include "http/proxies.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>

namespace croft::http {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code failure;
  const auto address = ip::make_address(std::string(text), failure);
  if (failure) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
    const unsigned here = bits < 8 ? bits : 8;
    const auto mask = static_cast<unsigned char>(0xFF00U >> here);
    if ((a[i] & mask) != (b[i] & mask)) return false;
    bits -= here;
  }
  return true;
}

// "203.0.113.9", "203.0.113.9:1234", "[2001:db8::1]:1234" or "2001:db8::1".
std::optional<ip::address> parse_hop(std::string_view text) {
  if (auto plain = parse_address(text)) return plain;
  const auto bracket = text.find(']');
  if (!text.empty() && text.front() == '[' && bracket != std::string_view::npos)
    return parse_address(text.substr(1, bracket - 1));
  return parse_address(text.substr(0, text.find(':')));
}

std::vector<std::string_view> elements(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> all;
  for (const auto& [known, value] : headers) {
    if (!equal_ignoring_case(known, name)) continue;
    for (std::string_view rest = value; !rest.empty();) all.push_back(take_element(rest));
  }
  return all;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& addresses) {
  for (const auto& text : addresses) {
    const auto slash = text.find('/');
    const auto base = parse_address(text.substr(0, slash));
    unsigned length = base && base->is_v6() ? 128 : 32;
    bool good = base.has_value();
    if (good && slash != std::string::npos) {
      const auto* const end = text.data() + text.size();
      unsigned given = 0;
      const auto [parsed, wrong] = std::from_chars(text.data() + slash + 1, end, given);
      good = wrong == std::errc() && parsed == end && given <= length;
      length = given;
    }
    if (!good)
      throw std::runtime_error("\"" + text +
                               "\" is not the address of a proxy; write one like 127.0.0.1 or "
                               "10.0.0.0/8 in [http] trusted_proxies");
    networks_.push_back(Network{*base, length});
  }
}

bool TrustedProxies::trusts(const ip::address& address) const {
  for (const auto& network : networks_) {
    if (network.base.is_v4() != address.is_v4()) continue;
    const bool inside = address.is_v4()
                            ? same_prefix(address.to_v4().to_bytes(),
                                          network.base.to_v4().to_bytes(), network.prefix_length)
                            : same_prefix(address.to_v6().to_bytes(),
                                          network.base.to_v6().to_bytes(), network.prefix_length);
    if (inside) return true;
  }
  return false;
}

void TrustedProxies::apply(Request& request) const {
  if (networks_.empty()) return;
  auto client = parse_address(request.remote);
  if (!client || !trusts(*client)) return;
  const auto hops = elements(request.headers, "X-Forwarded-For");
  for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(*client); ++hop) {
    const auto address = parse_hop(*hop);
    if (!address) break;
    client = address;
  }
  request.remote = client->to_string();
  const auto schemes = elements(request.headers, "X-Forwarded-Proto");
  if (!schemes.empty()) request.secure = equal_ignoring_case(schemes.back(), "https");
}

}  // namespace croft::http
