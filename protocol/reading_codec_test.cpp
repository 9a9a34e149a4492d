// Tests of the telemetry payload: every limit of the contract and every kind of bad input.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/reading_codec.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace croft::protocol {
namespace {

struct Decoded {
  std::optional<std::int64_t> time;
  std::optional<std::uint32_t> boot, seq;
  std::map<std::string, double> values;
  std::map<std::string, bool> booleans;
};

std::vector<Decoded> decoded(std::string_view payload) {
  std::vector<Decoded> out;
  const Outcome outcome = decode_readings(payload, [&](const ReadingView& reading) {
    Decoded one{reading.time_ms, reading.boot, reading.seq, {}, {}};
    for (const Measurement& value : reading) {
      one.values[std::string(value.name)] = value.number;
      if (value.is_boolean) one.booleans[std::string(value.name)] = value.number != 0;
    }
    out.push_back(one);
  });
  EXPECT_TRUE(outcome) << to_string(outcome.refusal) << " at " << outcome.offset << ": " << payload;
  return out;
}

// "badValue@5"; also checks that nothing of a refused message is given.
std::string refused(std::string_view payload) {
  int given = 0;
  const Outcome outcome = decode_readings(payload, [&](const ReadingView&) { ++given; });
  EXPECT_EQ(given, 0) << payload;
  return std::string(to_string(outcome.refusal)) + "@" + std::to_string(outcome.offset);
}

std::string reason(std::string_view payload) {
  const std::string both = refused(payload);
  return both.substr(0, both.find('@'));
}

std::string members(int count, const char* extra = "") {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
  return out + extra + "}";
}

std::string array(int count, std::string_view reading = "{\"a\":1}") {
  std::string out = "[";
  for (int i = 0; i < count; ++i) (out += i ? "," : "") += reading;
  return out + "]";
}

TEST(ReadingDecoder, ReadsTheContractsExample) {
  const auto readings = decoded(R"({"temperature":23.5,"humidity":41,"soilMoisture":512})");
  ASSERT_EQ(readings.size(), 1u);
  const std::map<std::string, double> expected{
      {"temperature", 23.5}, {"humidity", 41}, {"soilMoisture", 512}};
  EXPECT_EQ(readings[0].values, expected);
  EXPECT_FALSE(readings[0].time || readings[0].boot || readings[0].seq);
}

TEST(ReadingDecoder, ReadsReservedMembersAnywhere) {
  const auto readings = decoded(
      R"( {"seq":4294967295,"a":-1.5e-2 , "time":"2026-11-22T13:00:00Z","boot":0,"open":true,"b":false} )");
  EXPECT_EQ(readings[0].seq, 4294967295u);
  EXPECT_EQ(readings[0].boot, 0u);
  EXPECT_EQ(readings[0].time, 1795352400000);
  EXPECT_EQ(readings[0].values.at("a"), -0.015);
  EXPECT_TRUE(readings[0].booleans.at("open"));
  EXPECT_FALSE(readings[0].booleans.at("b"));
  EXPECT_EQ(readings[0].booleans.count("a"), 0u);
}

TEST(ReadingDecoder, ReadsTimesAsTextSecondsOrMilliseconds) {
  for (const char* time : {"1795352400", "1795352400.0", "1795352400000", "1.7953524e12",
                           "\"2026-11-22T14:00:00.000+01:00\""}) {
    EXPECT_EQ(decoded("{\"a\":1,\"time\":" + std::string(time) + "}")[0].time, 1795352400000);
  }
  EXPECT_EQ(decoded(R"({"a":1,"time":1795352400.5})")[0].time, 1795352400500);
  EXPECT_EQ(decoded(R"({"a":1,"time":1e300})")[0].time, kMaxEpochMs);
}

TEST(ReadingDecoder, GivesTheReadingsOfAnArrayInOrder) {
  const auto readings = decoded(R"([{"a":1,"seq":7},{"a":true,"boot":2},{"b":3}])");
  ASSERT_EQ(readings.size(), 3u);
  EXPECT_EQ(readings[0].seq, 7u);
  EXPECT_FALSE(readings[1].seq);
  EXPECT_EQ(readings[1].boot, 2u);
  EXPECT_FALSE(readings[2].boot);
  EXPECT_EQ(readings[2].values.size(), 1u);
  EXPECT_EQ(decoded(R"([{"a":1}])").size(), 1u);
}

TEST(ReadingDecoder, GivesNothingWhenTheLastReadingIsBad) {
  EXPECT_EQ(refused(R"([{"a":1},{"a":2},{"a":null}])"), "badValue@22");
}

TEST(ReadingDecoder, DecodesEscapedNames) {
  const auto readings =
      decoded(R"({"\u0074ime":1795352400,"\u0061b":1,"c\u002dd":2,"\u0073eq":5,"e\u0066":3})");
  const std::map<std::string, double> expected{{"ab", 1}, {"c-d", 2}, {"ef", 3}};
  EXPECT_EQ(readings[0].values, expected);
  EXPECT_EQ(readings[0].time, 1795352400000);
  EXPECT_EQ(readings[0].seq, 5u);
  EXPECT_EQ(decoded(R"({"\u0061)" + std::string(63, 'b') + "\":1}")[0].values.size(), 1u);
}

TEST(ReadingDecoder, KeepsEveryEscapedNameOfAFullReading) {
  std::string payload = "{";
  for (int i = 0; i < 64; ++i)
    payload += (i ? ",\"\\u006d" : "\"\\u006d") + std::to_string(i) + "\":" + std::to_string(i);
  const auto readings = decoded(payload + ",\"\\u0073eq\":1}");
  ASSERT_EQ(readings[0].values.size(), 64u);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(readings[0].values.at("m" + std::to_string(i)), i);
}

TEST(ReadingDecoder, RefusesDuplicateMembersHoweverSpelled) {
  EXPECT_EQ(refused(R"({"a":1,"a":2})"), "duplicateMember@7");
  EXPECT_EQ(reason(R"({"ab":1,"\u0061b":2})"), "duplicateMember");
  EXPECT_EQ(reason(R"({"a":1,"time":1,"time":1})"), "duplicateMember");
  EXPECT_EQ(reason(R"({"a":1,"seq":1,"seq":1})"), "duplicateMember");
  EXPECT_EQ(reason(R"({"a":1,"boot":1,"b\u006fot":1})"), "duplicateMember");
  EXPECT_EQ(reason(members(63, ",\"m0\":1")), "duplicateMember");
  EXPECT_EQ(decoded(R"([{"a":1},{"a":1}])").size(), 2u);
}

TEST(ReadingDecoder, HoldsTheLimitsOfTheContract) {
  EXPECT_EQ(decoded(members(64))[0].values.size(), 64u);
  EXPECT_EQ(decoded(members(64, ",\"seq\":1,\"boot\":1,\"time\":1"))[0].values.size(), 64u);
  EXPECT_EQ(reason(members(65)), "tooManyMeasurements");
  EXPECT_EQ(decoded(array(1000)).size(), 1000u);
  EXPECT_EQ(reason(array(1001)), "tooManyReadings");
  EXPECT_EQ(decoded("{\"" + std::string(64, 'n') + "\":1}").size(), 1u);
  EXPECT_EQ(reason("{\"" + std::string(65, 'n') + "\":1}"), "badName");
  const std::string full = "{\"a\":1" + std::string(64 * 1024 - 7, ' ') + "}";
  EXPECT_EQ(decoded(full).size(), 1u);
  EXPECT_EQ(refused(full + " "), "tooLarge@65536");
}

TEST(ReadingDecoder, RefusesNamesOutsideTheGrammar) {
  for (const char* name : {"", "1a", "_a", "a b", "a/b", "\\u00e9", "\xc3\xa9", "a\\u0000", "$"}) {
    EXPECT_EQ(reason("{\"" + std::string(name) + "\":1}"), "badName") << name;
  }
  EXPECT_EQ(reason("{\"\\u0061" + std::string(64, 'b') + "\":1}"), "badName");
}

TEST(ReadingDecoder, RefusesValuesThatAreNotNumbersOrBooleans) {
  for (const char* value : {"null", "\"1\"", "{}", "[]", "[1]", "NaN", "Infinity", "-Infinity",
                            "-NaN", "1e309", "-1e400", "nan"}) {
    EXPECT_EQ(refused("{\"a\":" + std::string(value) + "}"), "badValue@5") << value;
  }
}

TEST(ReadingDecoder, RefusesWhatIsNotJson) {
  for (const char* payload : {"x",
                              "{",
                              "}",
                              "[",
                              "]",
                              "1",
                              "null",
                              "true",
                              "\"a\"",
                              "{a:1}",
                              "{'a':1}",
                              "{\"a\"}",
                              "{\"a\":}",
                              "{\"a\":1",
                              "{\"a\":1,}",
                              "{,\"a\":1}",
                              "{\"a\":1 \"b\":2}",
                              "{\"a\":01}",
                              "{\"a\":1.}",
                              "{\"a\":.5}",
                              "{\"a\":+1}",
                              "{\"a\":0x1}",
                              "{\"a\":1e}",
                              "{\"a\":tru}",
                              "{\"a\":True}",
                              "{\"a\":1}x",
                              "{\"a\":1}{\"a\":1}",
                              "{\"a\":1},",
                              "[{\"a\":1},]",
                              "[{\"a\":1}",
                              "[{\"a\":1}{\"a\":1}]",
                              "[,{\"a\":1}]",
                              "[1]",
                              "[[{\"a\":1}]]",
                              "[null]",
                              "{\"a\":1}//",
                              "\xef\xbb\xbf{\"a\":1}",
                              "{\"a\xff\":1}",
                              "{\"a\n\":1}",
                              "{\"a\\x\":1}",
                              "{\"a\":1}]",
                              "[{\"a\":1}}",
                              "{\"a\":truefalse}",
                              "temperature=23"}) {
    EXPECT_EQ(reason(payload), "badJson") << payload;
  }
  EXPECT_EQ(reason(std::string_view("{\"a\":1}\0", 8)), "badJson");
  EXPECT_EQ(reason(std::string(60000, '[')), "badJson");
  EXPECT_EQ(reason(std::string(60000, '{')), "badJson");
}

TEST(ReadingDecoder, RefusesTimesThatAreNone) {
  for (const char* time : {"null", "true", "\"\"", "\"yesterday\"", "\"2026-11-22T13:00:00\"", "{}",
                           "1e400", "NaN", "\"2026-02-30T00:00:00Z\"", "x"}) {
    EXPECT_EQ(refused("{\"time\":" + std::string(time) + ",\"a\":1}"), "badTime@8") << time;
  }
}

TEST(ReadingDecoder, RefusesSequencesOutsideThirtyTwoBits) {
  for (const char* member : {"boot", "seq"}) {
    for (const char* value : {"-1", "4294967296", "1.5", "\"1\"", "null", "true", "1e400", "-0"}) {
      EXPECT_EQ(reason("{\"a\":1,\"" + std::string(member) + "\":" + value + "}"), "badSequence");
    }
  }
}

TEST(ReadingDecoder, RefusesMessagesWithoutAMeasurement) {
  for (const char* payload : {"", " \n", "{}", "[]", "[{}]", "{\"time\":1}",
                              "{\"boot\":1,\"seq\":2}", "[{\"a\":1},{}]"}) {
    EXPECT_EQ(reason(payload), "empty") << payload;
  }
}

TEST(ReadingDecoder, SurvivesEveryPrefixAndEveryFlippedByte) {
  const std::string good =
      R"([{"a":1.5,"time":"2026-11-22T13:00:00Z","\u0062":true,"seq":1,"boot":2},{"c":-1e3}])";
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string prefix(good, 0, size);
    EXPECT_NE(reason(prefix), "none") << prefix;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bent = good;
      bent[at] = static_cast<char>(byte);
      std::size_t given = 0;
      const Outcome outcome = decode_readings(bent, [&](const ReadingView&) { ++given; });
      ASSERT_EQ(given, outcome ? 2u : 0u) << bent;
    }
  }
}

TEST(ReadingEncoder, WritesWhatTheDecoderReads) {
  const Measurement values[] = {
      {"temperature", 23.5, false}, {"open", 1, true}, {"x.y", -40, false}};
  char buffer[256];
  ReadingEncoder encoder(buffer, sizeof buffer);
  EXPECT_TRUE(encoder.add({1795352400123, 17, 4294967295u, values, 3}));
  const std::string_view payload = encoder.finish();
  EXPECT_EQ(
      payload,
      R"({"time":1795352400123,"boot":17,"seq":4294967295,"temperature":23.5,"open":true,"x.y":-40})");
  const auto back = decoded(payload);
  EXPECT_EQ(back[0].time, 1795352400123);
  EXPECT_EQ(back[0].values.at("x.y"), -40);
}

TEST(ReadingEncoder, WritesSeveralAsAnArrayAndKeepsWithinTheBuffer) {
  const Measurement value{"a", 1, false};
  for (std::size_t capacity = 1; capacity < 40; ++capacity) {
    std::string buffer(48, '#');
    ReadingEncoder encoder(buffer.data(), capacity);
    std::size_t added = 0;
    while (encoder.add({{}, {}, {}, &value, 1})) ++added;
    const std::string payload(encoder.finish());
    EXPECT_LE(payload.size(), capacity);
    EXPECT_EQ(buffer.substr(capacity), std::string(48 - capacity, '#'));
    if (added > 0) {
      EXPECT_EQ(decoded(payload).size(), added);
    } else {
      EXPECT_EQ(payload, "");
    }
  }
}

TEST(ReadingEncoder, RefusesWhatCannotBeRead) {
  char buffer[64];
  ReadingEncoder encoder(buffer, sizeof buffer);
  const Measurement infinite{"a", 1e308 * 10, false};
  EXPECT_FALSE(encoder.add({{}, {}, {}, &infinite, 1}));
  EXPECT_FALSE(encoder.add({{}, {}, {}, &infinite, 0}));
  EXPECT_EQ(encoder.finish(), "");
}

TEST(ReadingEncoder, StopsAtAThousandReadings) {
  std::string buffer(128 * 1024, ' ');
  ReadingEncoder encoder(buffer.data(), buffer.size());
  const Measurement value{"a", 1, false};
  int added = 0;
  while (encoder.add({{}, {}, {}, &value, 1})) ++added;
  EXPECT_EQ(added, 1000);
  EXPECT_EQ(decoded(encoder.finish()).size(), 1000u);
}

TEST(Refusals, HaveAWordEach) {
  for (int i = 0; i <= static_cast<int>(Refusal::missing_member); ++i) {
    EXPECT_NE(to_string(static_cast<Refusal>(i)), "unknown");
  }
}

}  // namespace
}  // namespace croft::protocol
