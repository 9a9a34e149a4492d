// Tests that the program carries a whole dashboard.
// SPDX-License-Identifier: Apache-2.0
#include "web/assets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace croft::web {
namespace {

const Asset* find(std::string_view path) {
  const auto all = assets();
  const auto at = std::ranges::find(all, path, &Asset::path);
  return at == all.end() ? nullptr : &*at;
}

bool has_library(std::string_view name) {
  const auto prefix = "/vendor/" + std::string(name) + "-";
  return std::ranges::any_of(assets(), [&](const Asset& asset) {
    return asset.path.starts_with(prefix) && asset.path.ends_with(".js");
  });
}

TEST(Assets, HoldThePageItsScriptsAndItsLibraries) {
  for (const auto path :
       {"/index.html", "/src/main.js", "/style/base.css", "/favicon.svg", "/licences.txt"}) {
    EXPECT_NE(find(path), nullptr) << path;
  }
  for (const auto name : {"htm", "plotly", "preact", "preact-hooks"}) {
    EXPECT_TRUE(has_library(name)) << name;
  }
}

TEST(Assets, AreSortedByPathWithoutDoubles) {
  const auto all = assets();
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Asset::path));
  EXPECT_EQ(std::ranges::adjacent_find(all, {}, &Asset::path), all.end());
}

TEST(Assets, AreEachOneGzipStream) {
  for (const Asset& asset : assets()) {
    ASSERT_GT(asset.gzip.size(), 18U) << asset.path;
    EXPECT_EQ(asset.gzip[0], std::byte{0x1f}) << asset.path;
    EXPECT_EQ(asset.gzip[1], std::byte{0x8b}) << asset.path;
  }
}

TEST(Assets, SayTheirTypeAsBrowsersDemandItOfModules) {
  EXPECT_EQ(find("/src/main.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find("/index.html")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find("/style/base.css")->content_type, "text/css; charset=utf-8");
}

TEST(Assets, HaveTagsThatTellThemApart) {
  std::set<std::string_view> tags;
  for (const Asset& asset : assets()) {
    EXPECT_GE(asset.etag.size(), 16U) << asset.path;
    EXPECT_EQ(asset.etag.find('"'), std::string_view::npos) << asset.path;
    EXPECT_TRUE(tags.insert(asset.etag).second) << asset.path;
  }
}

}  // namespace
}  // namespace croft::web
