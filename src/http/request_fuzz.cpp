// Fuzzes the request parser the way a session feeds it: in pieces, requests in a row. However the
// bytes are cut, the requests must come out the same.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/request_parser.hpp"

using namespace croft::http;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

RequestParser::Sizes sizes() {
  RequestParser::Sizes sizes;
  sizes.header_bytes = 512;
  sizes.target_bytes = 128;
  sizes.body_bytes = 256;
  sizes.fields = 8;
  return sizes;
}

void check(Request& request) {
  require(!request.path.empty() && request.path.front() == '/');
  require(request.body.size() <= 256);
  require(request.target.size() <= 128);
  require(request.headers.count("Host") <= 1 && request.headers.count("Content-Length") <= 1);
  const bool two_lengths =
      request.headers.has("Content-Length") && request.headers.has("Transfer-Encoding");
  require(!two_lengths);
}

// Every request in `bytes`, and at the end the status of a refusal, when they come in pieces.
std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  constexpr std::size_t kBuffer = 1024;
  std::vector<std::string> found;
  std::string pending;
  RequestParser parser(sizes());
  while (!bytes.empty()) {
    const auto room = std::min(piece, kBuffer - pending.size());
    if (room == 0) break;  // a session refuses a head of a chunk that fills its buffer
    const auto arrived = bytes.substr(0, room);
    bytes.remove_prefix(arrived.size());
    pending += arrived;
    for (bool more = true; more && !pending.empty();) {
      const auto taken = parser.feed(pending);
      require(taken <= pending.size());
      pending.erase(0, taken);
      if (parser.refusal()) {
        found.push_back("refused");
        return found;
      }
      more = parser.complete();
      if (!more) break;
      auto& request = parser.request();
      check(request);
      found.push_back(std::string(to_string(request.method)) + request.target + request.path +
                      (parser.keep_alive() ? " keep " : " close ") + request.body);
      parser = RequestParser(sizes());
    }
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read(bytes, 1024);
  const auto dripping = read(bytes, 1);
  // Bytes that say nothing yet when they come one by one may refuse at once when together, and the
  // reverse; the requests themselves may not differ.
  const auto requests = [](const std::vector<std::string>& found) {
    auto some = found;
    if (!some.empty() && some.back() == "refused") some.pop_back();
    return some;
  };
  require(requests(whole) == requests(dripping));
  return 0;
}
