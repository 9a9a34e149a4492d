// Tests of headers, cookies, queries and paths.
// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

#include <gtest/gtest.h>

namespace croft::http {

TEST(Headers, CompareNamesWithoutCaseAndKeepOrder) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X-One", "1");
  headers.add("accept", "b");
  EXPECT_EQ(headers.get("ACCEPT"), "a");
  EXPECT_EQ(headers.count("Accept"), 2U);
  headers.set("ACCEPT", "c");
  EXPECT_EQ(headers.count("accept"), 1U);
  EXPECT_EQ(headers.begin()->first, "X-One");
  EXPECT_EQ(headers.get("absent"), "");
}

TEST(Request, FindsACookieAmongOthers) {
  Request request;
  request.headers.add("Cookie", "a=1; session=abc=def;b=; a=2");
  EXPECT_EQ(request.cookie("session"), "abc=def");
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("b"), "");
  EXPECT_EQ(request.cookie("sess"), "");
}

TEST(Query, DecodesNamesAndValues) {
  const auto query = parse_query("n=10&device=a%20b&empty=&flag&tz=Europe%2FBerlin&x=1+2");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->get("n"), "10");
  EXPECT_EQ(query->get("device"), "a b");
  EXPECT_EQ(query->get("empty"), "");
  EXPECT_EQ(query->get("flag"), "");
  EXPECT_EQ(query->get("tz"), "Europe/Berlin");
  EXPECT_EQ(query->get("x"), "1 2");
  EXPECT_FALSE(query->get("absent"));
  EXPECT_FALSE(query->repeated);
}

TEST(Query, NamesTheFirstParameterGivenTwice) {
  const auto query = parse_query("a=1&b=2&b=3&a=4");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->repeated, "b");
  EXPECT_EQ(query->get("a"), "1");
}

TEST(Query, RefusesWhatItCannotRead) {
  std::string many = "a0=";
  for (int i = 1; i < 65; ++i) many += "&a" + std::to_string(i) + "=";
  for (const auto& raw : {std::string("a=%"), std::string("a=%4"), std::string("a=%zz"),
                          std::string("=1"), std::string("a=%00"), std::string("a=%FF"),
                          std::string("a=%C0%AF"), std::string("a=%ED%A0%80"), many}) {
    const auto query = parse_query(raw);
    ASSERT_FALSE(query) << raw;
    EXPECT_EQ(query.error().code, Code::malformed);
  }
}

TEST(Segment, DecodesButHidesNothing) {
  EXPECT_EQ(decode_segment("a%20b"), "a b");
  EXPECT_EQ(decode_segment("a+b"), "a+b");
  EXPECT_EQ(decode_segment("%C3%A9"), "\xC3\xA9");
  EXPECT_FALSE(decode_segment("a%2Fb"));
  EXPECT_FALSE(decode_segment("a%00"));
  EXPECT_FALSE(decode_segment("%c0%af"));
  EXPECT_FALSE(decode_segment("%2e%2e"));
}

TEST(Path, IsDecodedPerSegmentAndNeverNormalised) {
  EXPECT_EQ(decode_path("/"), "/");
  EXPECT_EQ(decode_path("/a/b%20c"), "/a/b c");
  EXPECT_EQ(decode_path("/a/"), "/a/");
  EXPECT_EQ(decode_path("/..."), "/...");
  for (const auto* raw : {"", "a", "//", "/a//b", "/a/..", "/../a", "/./a", "/%2e%2e/a", "/a%2fb",
                          "/a%5", "/a%00b", "/\xFF"})
    EXPECT_FALSE(decode_path(raw)) << raw;
}

}  // namespace croft::http
