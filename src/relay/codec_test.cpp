// Tests of how news of the directory and readings travel.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "relay/directory_news.hpp"
#include "relay/reading_batch.hpp"

namespace croft::relay {

TEST(DirectoryNews, RefusesWhatItCannotRead) {
  for (const char* text : {"", "[]", "{\"devices\":7}", "{\"devices\":[{\"id\":\"a\"}]}",
                           "{\"part\":\"x\"}", "{\"part\":1e40}", "{\"goneUsers\":[1]}"})
    EXPECT_FALSE(decode_directory_news(text)) << text;
  EXPECT_TRUE(decode_directory_news("{}"));
}

TEST(DirectoryNews, ComesInPiecesOfABoundedSize) {
  DeviceDirectory devices;
  UserDirectory users;
  for (int i = 0; i < 1000; ++i)
    devices.put({DeviceId("d" + std::to_string(i)), UserId("u"), "Bed " + std::to_string(i)});
  users.put({UserId("u"), "u", "u@example.org", "UTC"});
  const auto pieces = whole(devices, users, std::string(64, 'a'), "directory x", 400);
  ASSERT_EQ(pieces.size(), 3U);
  std::size_t told = 0;
  for (const auto& piece : pieces) {
    EXPECT_EQ(piece.parts, 3);
    told += piece.devices.size() + piece.users.size();
  }
  EXPECT_EQ(told, 1001U);
  EXPECT_EQ(pieces[0].key, std::string(64, 'a'));
}

TEST(ReadingBatch, RefusesWhatItCannotRead) {
  for (const char* text :
       {"", "{}", "[7]", "[{}]", R"([{"d":"a","t":1,"r":1,"v":[]}])",
        R"([{"d":"a","t":"1","r":1,"v":{}}])", R"([{"d":"a","t":1,"r":1,"v":{"x":"y"}}])"})
    EXPECT_FALSE(decode_readings(text)) << text;
  EXPECT_TRUE(decode_readings("[]"));
}

}  // namespace croft::relay
