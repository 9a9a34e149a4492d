// Finds an embedded file and answers with it in the encoding that the client takes.
// SPDX-License-Identifier: Apache-2.0
#include "http/static_files.hpp"

#include <zlib.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>

#include "http/problem.hpp"

namespace croft::http {
namespace {

using Files = std::map<std::string_view, const Asset*>;

// Whether a quality like "q=0" or "q=0.000" says no.
bool is_refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  return parameters.find_first_not_of("0. ", q + 2) == std::string_view::npos;
}

bool accepts_gzip(std::string_view list) {
  bool by_star = false;
  while (!list.empty()) {
    const auto element = take_element(list);
    const auto semicolon = std::min(element.find(';'), element.size());
    auto name = element.substr(0, semicolon);
    name = take_element(name);
    const bool wanted = !is_refused(element.substr(semicolon));
    if (equal_ignoring_case(name, "gzip")) return wanted;
    if (name == "*") by_star = wanted;
  }
  return by_star;
}

bool has_etag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    auto element = take_element(list);
    if (element == "*") return true;
    if (element.substr(0, 2) == "W/") element.remove_prefix(2);
    if (element.size() == etag.size() + 2 && element.substr(1, etag.size()) == etag) return true;
  }
  return false;
}

std::string inflate_all(std::span<const std::byte> gzip) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::runtime_error("zlib has no memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  std::string out;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    const auto done = out.size();
    out.resize(done + gzip.size() * 4 + 1024);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(out.size() - done);
    outcome = inflate(&stream, Z_NO_FLUSH);
  }
  if (outcome != Z_STREAM_END) throw std::runtime_error("an embedded file is not gzip");
  out.resize(stream.total_out);
  return out;
}

const Asset* find(const Files& files, std::string_view path) {
  if (const auto found = files.find(path); found != files.end()) return found->second;
  const auto name = path.substr(path.rfind('/') + 1);
  if (name.find('.') != std::string_view::npos) return nullptr;
  const auto index = files.find("/index.html");
  return index == files.end() ? nullptr : index->second;
}

Response serve(const Asset& asset, const Request& request) {
  Response response;
  auto& headers = response.headers;
  const bool for_ever = asset.path.starts_with("/vendor/");
  headers.add("Cache-Control", for_ever ? "public, max-age=31536000, immutable" : "no-cache");
  // Weak, because one tag stands for both encodings.
  headers.add("ETag", "W/\"" + std::string(asset.etag) + "\"");
  headers.add("Vary", "Accept-Encoding");
  if (has_etag(request.headers.get("If-None-Match"), asset.etag)) {
    response.status = 304;
    return response;
  }
  headers.add("Content-Type", std::string(asset.content_type));
  if (accepts_gzip(request.headers.get("Accept-Encoding"))) {
    headers.add("Content-Encoding", "gzip");
    response.body.assign(reinterpret_cast<const char*>(asset.gzip.data()), asset.gzip.size());
  } else {
    response.body = inflate_all(asset.gzip);
  }
  return response;
}

}  // namespace

Handler static_files(std::span<const Asset> assets) {
  Files files;
  for (const auto& asset : assets) files.emplace(asset.path, &asset);
  return [files = std::move(files)](Request& request) -> Task<Response> {
    const auto* const asset = find(files, request.path);
    if (!asset) co_return problem(404, "There is nothing at this path.");
    co_return serve(*asset, request);
  };
}

}  // namespace croft::http
