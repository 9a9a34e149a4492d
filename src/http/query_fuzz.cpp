// Fuzzes what is decoded from a request's target and headers: query, segments, paths, cookies.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "http/message.hpp"

using namespace croft::http;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

void check_path(std::string_view raw) {
  const auto path = decode_path(raw);
  if (!path) return;
  require(path->front() == '/' && path->find('\0') == std::string::npos);
  require(path->find("//") == std::string::npos);
  require((*path + "/").find("/../") == std::string::npos);
  require((*path + "/").find("/./") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const auto query = parse_query(raw);
  if (query) {
    require(query->values.size() <= 64);
    for (const auto& [name, value] : query->values)
      require(!name.empty() && value.find('\0') == std::string::npos);
    if (query->repeated) require(query->get(*query->repeated).has_value());
  }
  const auto segment = decode_segment(raw);
  if (segment) require(segment->find('/') == std::string::npos);
  check_path(raw);
  check_path("/" + std::string(raw));

  Request request;
  request.headers.add("Cookie", std::string(raw));
  const auto value = request.cookie("session");
  require(value.empty() || raw.find("session=") != std::string_view::npos);
  return 0;
}
