// Reads addresses, mailboxes and URLs of mail servers.
// SPDX-License-Identifier: Apache-2.0
#include "mail/address.hpp"

#include <algorithm>
#include <charconv>

namespace croft::mail {
namespace {

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '.' || c == '_';
         });
}

bool is_ipv6(std::string_view host) {
  return host.size() >= 2 && host.size() <= 45 &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing when an escape is broken or hides a control character.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
    out += c;
  }
  return out;
}

Error wrong(const char* what) {
  return fail(Code::invalid, std::string("must be smtp://user:password@host:port; ") + what);
}

// "user:password", already known to be there.
bool read_credentials(std::string_view text, Server& server) {
  const auto colon = text.find(':');
  const auto user = decoded(text.substr(0, colon));
  const auto password =
      decoded(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password || user->empty()) return false;
  server.username = *user;
  server.password = *password;
  return true;
}

}  // namespace

bool is_address(std::string_view text) {
  if (text.size() < 3 || text.size() > 254) return false;
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at > 64 || text.find('@', at + 1) != text.npos)
    return false;
  const auto name = text.substr(0, at);
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7F &&
           std::string_view("()<>[]:;,\\\"").find(static_cast<char>(c)) == std::string_view::npos;
  });
  const auto host = text.substr(at + 1);
  return plain && name.front() != '-' && is_host(host) && host.front() != '.' &&
         host.find("..") == std::string_view::npos;
}

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  if (is_address(text)) return Mailbox{"", std::string(text)};
  const auto open = text.find('<');
  if (open == std::string_view::npos || !text.ends_with('>')) return std::nullopt;
  Mailbox box;
  box.address = text.substr(open + 1, text.size() - open - 2);
  auto name = text.substr(0, open);
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"'))
    name = name.substr(1, name.size() - 2);
  box.name = name;
  if (!is_address(box.address) || name.size() > 100) return std::nullopt;
  return box;
}

bool Server::is_loopback() const {
  const bool four =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return four || host == "::1" || host == "localhost";
}

Result<Server> parse_server(std::string_view url) {
  Server server;
  server.tls = url.starts_with("smtps://");
  if (!server.tls && !url.starts_with("smtp://"))
    return wrong("it must start with smtp:// or smtps://");
  url.remove_prefix(server.tls ? 8 : 7);
  while (url.ends_with('/')) url.remove_suffix(1);
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    if (!read_credentials(url.substr(0, at), server))
      return wrong("user or password is not percent-encoded as a URL has it");
    url.remove_prefix(at + 1);
  }
  server.port = server.tls ? 465 : 587;
  const auto colon = url.rfind(':');
  if (colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos) {
    const auto* end = url.data() + url.size();
    const auto [stop, error] = std::from_chars(url.data() + colon + 1, end, server.port);
    if (error != std::errc() || stop != end || server.port == 0)
      return wrong("the port must be a number");
    url = url.substr(0, colon);
  }
  const bool bracketed = url.starts_with('[') && url.ends_with(']');
  if (bracketed) url = url.substr(1, url.size() - 2);
  if (bracketed ? !is_ipv6(url) : !is_host(url)) return wrong("the host is missing or wrong");
  server.host = url;
  return server;
}

}  // namespace croft::mail
