// Tests of replies found in bytes, right and wrong.
// SPDX-License-Identifier: Apache-2.0
#include "redis/reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace croft::redis {
namespace {

constexpr std::string_view kAll =
    "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n*0\r\n"
    "*3\r\n$1\r\nx\r\n*2\r\n:7\r\n$-1\r\n$0\r\n\r\n";

void expect_all(std::vector<Reply> replies) {
  ASSERT_EQ(replies.size(), 8U);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].kind, Reply::Kind::error);
  EXPECT_EQ(replies[1].text, "ERR no");
  EXPECT_EQ(replies[2].integer, -42);
  EXPECT_EQ(replies[3].text, "a\r\nbc");
  EXPECT_EQ(replies[4].kind, Reply::Kind::nil);
  EXPECT_EQ(replies[5].kind, Reply::Kind::nil);
  EXPECT_EQ(replies[6].kind, Reply::Kind::list);
  ASSERT_EQ(replies[7].items.size(), 3U);
  EXPECT_EQ(replies[7].items[0].text, "x");
  ASSERT_EQ(replies[7].items[1].items.size(), 2U);
  EXPECT_EQ(replies[7].items[1].items[0].integer, 7);
  EXPECT_EQ(replies[7].items[1].items[1].kind, Reply::Kind::nil);
  EXPECT_EQ(replies[7].items[2].kind, Reply::Kind::text);
}

void drain(Reader& reader) {
  while (reader.next()) {
  }
}

}  // namespace

TEST(RedisReader, FindsRepliesHoweverTheBytesAreCut) {
  for (std::size_t cut = 1; cut <= kAll.size(); ++cut) {
    Reader reader;
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < kAll.size(); at += cut) {
      reader.feed(kAll.substr(at, cut));
      while (auto reply = reader.next()) replies.push_back(std::move(*reply));
    }
    EXPECT_FALSE(reader.broken());
    expect_all(std::move(replies));
  }
}

TEST(RedisReader, IsBrokenForGoodByAnythingElse) {
  for (const char* wrong : {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n",
                            ":1x\r\n", "*1\r\n!\r\n", "\r\n"}) {
    Reader reader;
    reader.feed(wrong);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.broken()) << wrong;
    reader.feed("+OK\r\n");
    EXPECT_FALSE(reader.next()) << wrong;
  }
}

TEST(RedisReader, RefusesWhatWouldFillTheMemory) {
  Reader many;
  many.feed("*2147483647\r\n");
  EXPECT_FALSE(many.next());
  EXPECT_TRUE(many.broken());

  Reader nested;  // each list is small enough, all together are not
  std::string lists;
  for (int depth = 0; depth < 5; ++depth) lists += "*9000\r\n";
  nested.feed(lists);
  EXPECT_FALSE(nested.next());
  EXPECT_TRUE(nested.broken());

  Reader large;
  large.feed("$1073741824\r\n");
  std::size_t fed = 0;
  while (!large.broken() && fed < 2 * Reader::kMostUnread) {
    large.feed(std::string(65'536, 'x'));
    fed += 65'536;
    drain(large);
  }
  EXPECT_TRUE(large.broken());
}

TEST(RedisReader, SurvivesGarbage) {
  std::mt19937 random(7);
  const std::string_view alphabet = "+-:$*0123456789\r\n\r\n\r\nax";
  for (int round = 0; round < 20'000; ++round) {
    Reader reader;
    std::string bytes;
    for (std::size_t i = random() % 60; i > 0; --i) bytes += alphabet[random() % alphabet.size()];
    reader.feed(bytes);
    drain(reader);
    reader.feed(kAll);
    drain(reader);
  }
}

}  // namespace croft::redis
