// Tests of noticing that a file was replaced.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/watched_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace croft::broker::guard {
namespace {

struct WatchedFilesTest : testing::Test {
  WatchedFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "croft-test-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    put("cert", "one");
    put("key", "one");
    files.add((folder / "cert").string());
    files.add((folder / "key").string());
  }
  ~WatchedFilesTest() override { std::filesystem::remove_all(folder); }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder / "new") << text;
    std::filesystem::rename(folder / "new", folder / name);
  }
  bool look() { return files.changed(now += std::chrono::seconds(6)); }

  std::filesystem::path folder;
  WatchedFiles files;
  WatchedFiles::SteadyTime now = std::chrono::steady_clock::now();
};

TEST_F(WatchedFilesTest, SayNothingWhileNothingChanges) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(look());
}

TEST_F(WatchedFilesTest, TellAChangeOnceItHasSettled) {
  look();
  put("cert", "two!");
  EXPECT_FALSE(look()) << "the key may follow";
  put("key", "two!");
  EXPECT_FALSE(look());
  EXPECT_TRUE(look());
  EXPECT_FALSE(look()) << "once";
}

TEST_F(WatchedFilesTest, WaitForAFileThatIsGone) {
  look();
  std::filesystem::remove(folder / "key");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(look());
  put("key", "two");
  EXPECT_FALSE(look());
  EXPECT_TRUE(look());
}

TEST_F(WatchedFilesTest, AreLookedAtEveryFewSecondsOnly) {
  look();
  put("key", "two");
  EXPECT_FALSE(files.changed(now + std::chrono::seconds(1)));
  EXPECT_FALSE(look());
  EXPECT_FALSE(files.changed(now + std::chrono::seconds(1)));
  EXPECT_TRUE(look());
}

}  // namespace
}  // namespace croft::broker::guard
