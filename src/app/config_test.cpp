// Tests of the configuration: precedence, and one clear line per mistake.
// SPDX-License-Identifier: Apache-2.0
#include "app/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace croft::app {
namespace {

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("croft-config-" + new_id());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Loaded load(const std::string& toml) {
    const auto path = directory_ / "croft.toml";
    std::ofstream(path) << toml;
    return load_config(
        path,
        [this](const char* name) -> const char* {
          const auto found = environment_.find(name);
          return found == environment_.end() ? nullptr : found->second.c_str();
        },
        flags_);
  }

  std::filesystem::path directory_;
  std::map<std::string, std::string> environment_;
  std::map<std::string, std::string> flags_;
};

}  // namespace

TEST_F(ConfigFile, LaterSourcesWin) {
  environment_["CROFT_HTTP_LISTEN"] = "127.0.0.1:2";
  flags_["mqtt.listen"] = "127.0.0.1:4";
  const auto loaded = load("[http]\nlisten = '127.0.0.1:1'\n[mqtt]\nlisten = '127.0.0.1:3'\n");
  EXPECT_TRUE(loaded.mistakes.empty());
  EXPECT_EQ(loaded.config.http.listen, "127.0.0.1:2");
  EXPECT_EQ(loaded.config.mqtt.listen, "127.0.0.1:4");
}

TEST_F(ConfigFile, EachMistakeIsOneLineWithFileAndLine) {
  const auto loaded = load(
      "[http]\nlistn = '127.0.0.1:1'\n[sessions]\nlifetime = 'soon'\n[auth]\nsignup = 7\n[log]\n"
      "level = true\n");
  ASSERT_EQ(loaded.mistakes.size(), 4U);
  std::string all;
  for (const auto& mistake : loaded.mistakes) all += mistake + "\n";
  EXPECT_NE(all.find("croft.toml:2: http.listn is not a key; did you mean http.listen?"),
            std::string::npos)
      << all;
  EXPECT_NE(all.find("croft.toml:4: sessions.lifetime must be a duration"), std::string::npos);
  EXPECT_NE(all.find("croft.toml:6: auth.signup must be one of open first closed"),
            std::string::npos);
  EXPECT_NE(all.find("croft.toml:8: log.level must be"), std::string::npos);
}

TEST_F(ConfigFile, MistakesComeInTheOrderOfTheirLines) {
  const auto loaded = load(
      "typo = 1\n[sessions]\nlifetime = 'soon'\n[[data.source]]\nqos = 1\n[auth]\nsignup = 7\n"
      "[log]\nlevel = true\n[http]\nzoo = 1\nlisten = 7\nat = 1\n[broker]\nbees = 1\n");
  std::vector<int> lines;
  for (const auto& mistake : loaded.mistakes) lines.push_back(std::stoi(mistake.substr(11)));
  EXPECT_EQ(lines, (std::vector<int>{1, 3, 4, 5, 7, 9, 11, 12, 13, 15}));
}

TEST_F(ConfigFile, BadTomlNamesItsLine) {
  const auto loaded = load("[http]\nlisten = \n");
  ASSERT_EQ(loaded.mistakes.size(), 1U);
  EXPECT_TRUE(loaded.mistakes.front().starts_with("croft.toml:2: ")) << loaded.mistakes.front();
}

TEST_F(ConfigFile, ThatIsMissingIsAMistake) {
  const auto loaded =
      load_config(directory_ / "none.toml", [](const char*) { return nullptr; }, {});
  ASSERT_EQ(loaded.mistakes.size(), 1U);
}

TEST_F(ConfigFile, SecretsComeFromFilesAndAreNeverPrinted) {
  const auto secret = directory_ / "secret";
  std::ofstream(secret) << "hunter2-hunter2\n";
  environment_["CROFT_MQTT_PASSWORD_FILE"] = secret.string();
  const auto loaded = load("");
  EXPECT_TRUE(loaded.mistakes.empty());
  EXPECT_EQ(loaded.config.mqtt.password, "hunter2-hunter2");
  const auto printed = print_config(loaded.config);
  EXPECT_EQ(printed.find("hunter2"), std::string::npos);
  EXPECT_NE(printed.find("password = \"********\""), std::string::npos);
}

TEST_F(ConfigFile, MapsTopicsOfOthersToDevices) {
  const auto loaded = load("[[data.source]]\ntopic = '/exp/sensor'\ndevice = 'bed-1'\n");
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front();
  ASSERT_EQ(loaded.config.data.sources.size(), 1U);
  EXPECT_EQ(loaded.config.data.sources[0].topic, "/exp/sensor");
  EXPECT_EQ(load("[[data.source]]\ntopic = 'a/#/b'\ndevice = 'x'\n").mistakes.size(), 1U);
  EXPECT_EQ(load("[[data.source]]\ntopic = 'a'\n").mistakes.size(), 1U);
  EXPECT_EQ(load("[[data.source]]\ntopic = '#'\ndevice = 'x'\n").mistakes.size(), 1U);
  EXPECT_EQ(load("[[data.source]]\ntopic = 'a'\ndevice = 'x'\nqos = 1\n").mistakes.size(), 1U);
}

TEST_F(ConfigFile, SaysHowLongReadingsAreKept) {
  const auto loaded =
      load("[data]\nretention_of = ['rssi 30d', 'soilMoisture 400d']\nmax_size = '20GB'\n");
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front();
  EXPECT_EQ(loaded.config.data.max_size, 20'000'000'000);
  EXPECT_EQ(loaded.config.data.retention_of.at("soilMoisture"), std::chrono::days(400));
  const auto again = load(print_config(loaded.config));
  EXPECT_TRUE(again.mistakes.empty()) << again.mistakes.front();
  EXPECT_EQ(print_config(again.config), print_config(loaded.config));
  for (const char* wrong :
       {"retention_of = ['rssi']", "retention_of = ['rssi 1h']", "retention_of = ['a b 3d']",
        "retention_of = 'rssi 30d'", "max_size = '20'", "max_size = '20TB'", "max_size = '1MB'",
        "max_size = '-5GB'", "max_size = '99999999999GB'", "max_size = 20"})
    EXPECT_EQ(load("[data]\n" + std::string(wrong) + "\n").mistakes.size(), 1U) << wrong;
}

TEST_F(ConfigFile, IsReadBackFromItsOwnPrint) {
  flags_["http.trusted_proxies"] = "10.0.0.1,10.0.0.2";
  const auto first = load("[auth]\nsignup = 'first'\n[[data.source]]\ntopic='t'\ndevice='d'\n");
  flags_.clear();
  const auto second = load(print_config(first.config));
  EXPECT_TRUE(second.mistakes.empty()) << second.mistakes.front();
  EXPECT_EQ(print_config(second.config), print_config(first.config));
}

TEST_F(ConfigFile, TakesARedisForSessionsAndShowsItWithoutItsPassword) {
  const auto loaded = load("[sessions]\nurl = 'redis://croft:s3cret@redis:6380/1'\n");
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front();
  const auto printed = print_config(loaded.config);
  EXPECT_NE(printed.find("redis://croft:********@redis:6380/1"), std::string::npos);
  EXPECT_EQ(printed.find("s3cret"), std::string::npos);
  for (const char* wrong : {"rediss://redis", "redis://croft:s3cret@", "postgresql://x", ""}) {
    const auto refused = load("[sessions]\nurl = '" + std::string(wrong) + "'\n");
    ASSERT_EQ(refused.mistakes.size(), 1U) << wrong;
    EXPECT_NE(refused.mistakes.front().find("sessions.url"), std::string::npos);
    EXPECT_EQ(refused.mistakes.front().find("s3cret"), std::string::npos);
  }
}

TEST(ConfigManual, HoldsEveryKeyWithItsDefault) {
  const auto loaded = load_config("config/croft.toml", [](const char*) { return nullptr; }, {});
  ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front();
  EXPECT_EQ(print_config(loaded.config), print_config(Config{}));
  std::ifstream in("config/croft.toml");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  for (const auto& setting : settings()) {
    const auto name = setting.key.substr(setting.key.rfind('.') + 1);
    EXPECT_NE(text.find("\n" + name + " = "), std::string::npos) << setting.key;
  }
}

TEST(Durations, ReadAndPrintAlike) {
  for (const auto* text : {"0s", "45s", "10m", "12h", "7d"})
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  for (const auto* text : {"", "x", "-1s", "1y", "1.5h", "99999999999s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST_F(ConfigFile, NeverPrintsThePasswordOfADatabase) {
  const auto printed = [&](const std::string& url) {
    const auto loaded = load("[database]\nurl = \"" + url + "\"\n");
    EXPECT_TRUE(loaded.mistakes.empty());
    const auto text = print_config(loaded.config);
    EXPECT_EQ(text.find("hush"), std::string::npos) << text;
    const auto at = text.find("url = \"", text.find("[database]")) + 7;
    return text.substr(at, text.find('"', at) - at);
  };
  EXPECT_EQ(printed("postgresql://croft:hush@db:5432/croft"),
            "postgresql://croft:********@db:5432/croft");
  EXPECT_EQ(printed("postgres:///croft?host=/run/pg&password=hush&sslmode=require"),
            "postgres:///croft?host=/run/pg&password=********&sslmode=require");
  EXPECT_EQ(printed("postgresql://croft@db/croft"), "postgresql://croft@db/croft");
  printed("postgresql://croft:hu/hush@hush@db/croft");
}

TEST_F(ConfigFile, TakesOnlyDatabasesThereAreDriversFor) {
  ASSERT_EQ(load("[database]\nurl = \"mysql://db/croft\"\n").mistakes.size(), 1U);
}

}  // namespace croft::app
