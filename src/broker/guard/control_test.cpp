// Tests of the control text: what each line does, and what no line may do.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/control.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "broker/guard/state_file.hpp"

namespace croft::broker::guard {
namespace {

const std::string kA(64, 'a');
const std::string kB(64, 'b');

class ControlTest : public testing::Test {
 protected:
  bool apply(const std::string& text) { return control_.apply(text); }
  std::string hash_of_device(const std::string& id) {
    const auto found = table_.find(id);
    return found == table_.end() ? "" : to_hex(found->second.hash);
  }

  Table table_;
  std::vector<std::string> cut_;
  std::vector<std::string> complaints_;
  Control control_{table_,
                   [this](const std::string& id) {
                     EXPECT_TRUE(table_.contains(id)) << "its will needs it";
                     cut_.push_back(id);
                   },
                   [this](std::string_view what) { complaints_.emplace_back(what); }};
};

using Texts = std::vector<std::string>;

TEST_F(ControlTest, SetsAndRemovesAtOnceOutsideABatch) {
  EXPECT_TRUE(apply("set node " + kA + "\n"));
  EXPECT_EQ(hash_of_device("node"), kA);
  EXPECT_FALSE(apply("set node " + kA)) << "nothing new";
  EXPECT_TRUE(apply("remove node\r\n"));
  EXPECT_FALSE(apply("remove node\n"));
  EXPECT_TRUE(table_.empty());
  EXPECT_TRUE(complaints_.empty());
}

TEST_F(ControlTest, ReplacesTheTableInOneStepOverSeveralMessages) {
  apply("set old " + kA + "\nset same " + kA + "\nset changed " + kA + "\n");
  for (const char* id : {"old", "same", "changed"}) table_.find(id)->second.seen = true;
  EXPECT_FALSE(apply("begin\nset same " + kA + "\nset new " + kA + "\n"));
  EXPECT_FALSE(apply("set changed " + kB + "\n"));
  EXPECT_FALSE(table_.contains("new"));
  EXPECT_EQ(hash_of_device("changed"), kA);
  EXPECT_TRUE(cut_.empty());
  EXPECT_TRUE(apply("commit\n"));
  EXPECT_FALSE(table_.contains("old"));
  EXPECT_TRUE(table_.contains("new"));
  EXPECT_EQ(hash_of_device("changed"), kB);
  std::sort(cut_.begin(), cut_.end());
  EXPECT_EQ(cut_, (Texts{"changed", "old"}));
  EXPECT_TRUE(table_.find("same")->second.seen) << "still connected";
}

TEST_F(ControlTest, ForgetsAnUnfinishedBatchAtTheNextBegin) {
  apply("begin\nset half " + kA + "\n");
  apply("begin\nset whole " + kA + "\ncommit\n");
  EXPECT_FALSE(table_.contains("half"));
  EXPECT_TRUE(table_.contains("whole"));
}

TEST_F(ControlTest, CutsWhoeverWasSeenAndLosesTheRight) {
  apply("set a " + kA + "\nset b " + kA + "\nset unseen " + kA + "\n");
  table_.find("a")->second.seen = table_.find("b")->second.seen = true;
  apply("set a " + kB + "\nremove b\nset unseen " + kB + "\n");
  EXPECT_EQ(cut_, (Texts{"a", "b"}));
  EXPECT_FALSE(table_.find("a")->second.seen);
}

TEST_F(ControlTest, GrantsTopicsBesideTheDevicesOwn) {
  apply("set a " + kA + "\ngrant a /exp/sensor\ngrant a plant 7/+/x\n");
  EXPECT_EQ(table_.find("a")->second.grants, (Texts{"/exp/sensor", "plant 7/+/x"}));
  EXPECT_FALSE(apply("grant a /exp/sensor\n"));
  apply("set a " + kB + "\n");
  EXPECT_EQ(table_.find("a")->second.grants.size(), 2u) << "a new secret keeps the grants";
  for (int i = 0; i < 100; ++i) apply("grant a t/" + std::to_string(i) + "\n");
  EXPECT_EQ(table_.find("a")->second.grants.size(), kMostGrants);
}

TEST_F(ControlTest, SkipsEveryLineThatBreaksARuleAndTakesTheRest) {
  const Texts wrong = {"set",
                       "set a",
                       "set a " + kA.substr(1),
                       "set a " + kA + " ",
                       "set a " + kA.substr(1) + "g",
                       "set a/b " + kA,
                       "set + " + kA,
                       "set # " + kA,
                       "set  " + kA,
                       "set croft " + kA,
                       "set " + std::string(65, 'x') + " " + kA,
                       "grant a",
                       "grant a ",
                       "grant nobody t",
                       "grant good $SYS/#",
                       "grant good a/#/b",
                       "grant good a+",
                       "grant good " + std::string(513, 'x'),
                       "remove",
                       "remove a b",
                       "commit",
                       "begin now",
                       "Set a " + kA,
                       " set a " + kA,
                       "drop everything",
                       std::string(5000, 'x'),
                       std::string("set a\0", 6) + kA};
  apply("set good " + kA + "\n");
  for (const std::string& line : wrong) {
    complaints_.clear();
    EXPECT_TRUE(apply(line + "\nset after " + kA + "\n")) << line;
    EXPECT_EQ(complaints_.size(), 1u) << line;
    EXPECT_EQ(table_.size(), 2u) << line;
    table_.erase("after");
  }
  for (const std::string& complaint : complaints_) EXPECT_EQ(complaint.find(kA), std::string::npos);
}

TEST_F(ControlTest, SurvivesTheWayThroughTheStateFile) {
  apply("set a " + kA + "\nset b " + kB + "\ngrant b x y/#\n");
  char name[] = "/tmp/croft-guard-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string path = std::string(name) + "/devices";
  std::string why;
  EXPECT_EQ(load_state(path, why), "");
  ASSERT_TRUE(save_state(path, to_text(table_), why)) << why;
  Table again;
  Control reader(
      again, [](const std::string&) {}, [](std::string_view what) { ADD_FAILURE() << what; });
  reader.apply(load_state(path, why).value());
  EXPECT_EQ(again.size(), 2u);
  EXPECT_EQ(to_hex(again.find("b")->second.hash), kB);
  EXPECT_EQ(again.find("b")->second.grants, Texts{"x y/#"});

  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_FALSE(load_state(path, why)) << "a file cut short is not half a table";
  EXPECT_NE(why.find("damaged"), std::string::npos);
  EXPECT_FALSE(save_state("/nowhere/devices", "", why));
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace croft::broker::guard
