// Tests of the embedded files: encodings, caching, single-page paths.
// SPDX-License-Identifier: Apache-2.0
#include "http/static_files.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace croft::http {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const std::string kPage = "<!doctype html>" + std::string(200'000, 'p');
const std::string kPageGzip = gzip(kPage);
const std::string kScriptGzip = gzip("script");
const Asset kAssets[] = {
    {"/index.html", "text/html; charset=utf-8", std::as_bytes(std::span(kPageGzip)), "aaa"},
    {"/app.js", "text/javascript", std::as_bytes(std::span(kScriptGzip)), "bbb"},
    {"/vendor/plotly-4.js", "text/javascript", std::as_bytes(std::span(kScriptGzip)), "ccc"}};

Response get(std::string path, std::string_view encoding = "gzip, br", std::string match = {}) {
  static const Handler handler = static_files(kAssets);
  Request request;
  request.path = std::move(path);
  request.headers.add("Accept-Encoding", std::string(encoding));
  if (!match.empty()) request.headers.add("If-None-Match", std::move(match));
  asio::io_context loop;
  auto outcome = asio::co_spawn(loop, handler(request), asio::use_future);
  loop.run();
  return outcome.get();
}

}  // namespace

TEST(StaticFiles, GoOutAsTheyLieInMemory) {
  const auto response = get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, kPageGzip);
  EXPECT_EQ(response.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(response.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(response.headers.get("Vary"), "Accept-Encoding");
}

TEST(StaticFiles, AreInflatedForClientsWithoutGzip) {
  for (const auto* encoding : {"", "br", "gzip;q=0", "gzip; q=0.0, br", "identity"}) {
    const auto response = get("/index.html", encoding);
    EXPECT_EQ(response.body, kPage) << encoding;
    EXPECT_FALSE(response.headers.has("Content-Encoding"));
  }
  for (const auto* encoding : {"GZIP", "br, gzip;q=0.5", "*", "deflate,gzip"})
    EXPECT_EQ(get("/index.html", encoding).body, kPageGzip) << encoding;
}

TEST(StaticFiles, AreNotSentAgainWhileTheyAreTheSame) {
  EXPECT_EQ(get("/app.js").headers.get("ETag"), "W/\"bbb\"");
  for (const auto* match : {"W/\"bbb\"", "\"bbb\"", "\"xxx\", W/\"bbb\"", "*"}) {
    const auto response = get("/app.js", "gzip", match);
    EXPECT_EQ(response.status, 304) << match;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.get("ETag"), "W/\"bbb\"");
  }
  EXPECT_EQ(get("/app.js", "gzip", "\"bb\"").status, 200);
}

TEST(StaticFiles, AreKeptForAYearOnlyBelowVendor) {
  EXPECT_EQ(get("/app.js").headers.get("Cache-Control"), "no-cache");
  EXPECT_EQ(get("/vendor/plotly-4.js").headers.get("Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST(StaticFiles, AnswerPagesOfTheApplicationButNoUnknownFiles) {
  EXPECT_EQ(get("/devices/abc").body, kPageGzip);
  EXPECT_EQ(get("/missing.js").status, 404);
  EXPECT_EQ(get("/vendor/missing.css").status, 404);
}

}  // namespace croft::http
