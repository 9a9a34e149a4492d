// Asks the kernel for names and addresses, and writes them as certificates do.
// SPDX-License-Identifier: Apache-2.0
#include "tls/machine.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace croft::tls {
namespace {

void add_once(std::vector<std::string>& names, std::string name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
}

struct Network {
  std::array<std::uint8_t, 4> base;
  unsigned bits;
};
// What is never anybody else's; permitted_for() says the same as text.
constexpr Network kPrivate[] = {{{127, 0, 0, 0}, 8},
                                {{10, 0, 0, 0}, 8},
                                {{172, 16, 0, 0}, 12},
                                {{192, 168, 0, 0}, 16},
                                {{100, 64, 0, 0}, 10}};

bool is_private(const in_addr& address) {
  const auto value = ntohl(address.s_addr);
  return std::ranges::any_of(kPrivate, [&](const Network& one) {
    std::uint32_t base = 0;
    for (const auto byte : one.base) base = base << 8 | byte;
    return (value ^ base) >> (32 - one.bits) == 0;
  });
}

bool is_private(const in6_addr& address) {
  return IN6_IS_ADDR_LOOPBACK(&address) || (address.s6_addr[0] & 0xFE) == 0xFC;
}

bool is_private(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_private(v4);
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && is_private(v6);
}

// "" when it is none.
std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address != nullptr && address->sa_family == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address);
    return ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  }
  if (address != nullptr && address->sa_family == AF_INET6) {
    const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address);
    return ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return "";
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.empty() || text.size() > 253) return false;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::ranges::all_of(label,
                             [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; }))
      return false;
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  return true;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> text{};
  if (::gethostname(text.data(), text.size() - 1) != 0) return "localhost";
  return text.data();
}

std::vector<std::string> names_of_this_machine() {
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  const auto host = host_name();
  if (is_name(host)) {
    add_once(names, "DNS:" + host);
    const auto label = host.substr(0, host.find('.'));
    if (label != "localhost") add_once(names, "DNS:" + label + ".local");
  }
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return names;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(found, ::freeifaddrs);
  for (const auto* at = found; at != nullptr; at = at->ifa_next) {
    const auto text = (at->ifa_flags & IFF_UP) != 0 ? address_text(at->ifa_addr) : "";
    if (is_private(text)) add_once(names, "IP:" + text);
  }
  return names;
}

std::string certificate_name(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
      ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1)
    return "IP:" + text;
  if (!is_name(text))
    throw std::runtime_error("\"" + text +
                             "\" is neither a host name nor an address; write one like "
                             "croft.example.org or 192.168.1.7");
  return "DNS:" + text;
}

std::vector<std::string> permitted_for(const std::vector<std::string>& names) {
  std::vector<std::string> all = {"DNS:localhost",
                                  "DNS:local",
                                  "DNS:lan",
                                  "DNS:home",
                                  "DNS:home.arpa",
                                  "DNS:internal",
                                  "IP:127.0.0.0/255.0.0.0",
                                  "IP:10.0.0.0/255.0.0.0",
                                  "IP:172.16.0.0/255.240.0.0",
                                  "IP:192.168.0.0/255.255.0.0",
                                  "IP:100.64.0.0/255.192.0.0",
                                  "IP:::1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
                                  "IP:FC00::/FE00::"};
  for (const auto& name : names) {
    if (name.starts_with("IP:") && is_private(name.substr(3))) continue;
    if (name.starts_with("DNS:*."))
      add_once(all, "DNS:" + name.substr(6));
    else if (name.starts_with("DNS:"))
      add_once(all, name);
    else if (name.find(':', 3) == std::string::npos)
      add_once(all, name + "/255.255.255.255");
    else
      add_once(all, name + "/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF");
  }
  return all;
}

}  // namespace croft::tls
