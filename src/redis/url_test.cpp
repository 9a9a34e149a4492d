// Tests of the URL that says where Redis is.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "redis/client.hpp"

namespace croft::redis {

TEST(RedisUrl, NamesHostPortUserPasswordAndDatabase) {
  const auto all = parse_url("redis://croft:p%40ss%3aword@redis.example:6380/3");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->host, "redis.example");
  EXPECT_EQ(all->port, 6380);
  EXPECT_EQ(all->username, "croft");
  EXPECT_EQ(all->password, "p@ss:word");
  EXPECT_EQ(all->database, 3);
  const auto least = parse_url("redis://redis");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->host, "redis");
  EXPECT_EQ(least->port, 6379);
  EXPECT_EQ(least->password, "");
  EXPECT_EQ(parse_url("redis://:secret@[::1]:7000")->host, "::1");
  EXPECT_EQ(parse_url("redis://:secret@[::1]:7000")->password, "secret");
  EXPECT_EQ(parse_url("redis://redis/")->database, 0);
}

TEST(RedisUrl, RefusesWhatItCannotRead) {
  for (const char* wrong :
       {"", "redis:", "redis://", "redis://:6379", "redis://host:0", "redis://host:65536",
        "redis://host:port", "redis://host/x", "redis://host/-1", "redis://user@host",
        "redis://user:@host", "redis://u:%4@host", "redis://u:%zz@host", "http://host"}) {
    const auto refused = parse_url(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message.find("redis://[user:password@]host"), std::string::npos)
        << wrong;
  }
  EXPECT_NE(parse_url("rediss://host").error().message.find("TLS"), std::string::npos);
}

TEST(RedisUrl, IsShownWithoutItsPassword) {
  EXPECT_EQ(mask_url("redis://croft:s3cret@redis:6379/1"), "redis://croft:********@redis:6379/1");
  EXPECT_EQ(mask_url("redis://:s3cret@redis"), "redis://:********@redis");
  EXPECT_EQ(mask_url("redis://redis:6379"), "redis://redis:6379");
  EXPECT_EQ(mask_url("memory:"), "memory:");
}

}  // namespace croft::redis
