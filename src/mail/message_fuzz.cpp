// Fuzzes the writing of messages: any bytes may come in, no header may come out that was not meant.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mail/message.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Ten headers, each once and in order, then an empty line, then lines of printable ASCII.
void check(const std::string& text) {
  std::size_t headers = 0;
  bool body = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    require(end != std::string::npos);
    const auto line = text.substr(at, end - at);
    require(line.size() <= 78);
    require(std::all_of(line.begin(), line.end(),
                        [](char c) { return (c >= ' ' && c < 0x7F) || c == '\t'; }));
    require(!line.starts_with("."));
    if (line.empty()) body = true;
    if (!body && line[0] != ' ') ++headers;
    if (!body) require(line.find_first_not_of(' ') != std::string::npos);
    at = end + 2;
  }
  require(body && headers == 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find('|');
  const auto first = input.substr(0, cut);
  const auto rest = cut == std::string::npos ? input : input.substr(cut + 1);
  croft::mail::Message message;
  message.from = {first.substr(0, 100), "croft@example.org"};
  message.to = croft::mail::is_address(first) && first.size() < 60 ? first : "ada@example.org";
  message.subject = first;
  message.text = rest;
  message.message_id = "<1.x@example.org>";
  check(croft::mail::write_message(message));
  if (const auto box = croft::mail::parse_mailbox(input))
    require(croft::mail::is_address(box->address));
  if (const auto server = croft::mail::parse_server(input))
    require(!server->host.empty() && server->port != 0);
  return 0;
}
