// Tests of the JSON scanner and writer below the codecs.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "protocol/json_cursor.hpp"
#include "protocol/json_writer.hpp"

namespace croft::protocol {
namespace {

JsonNumber number(std::string_view text) { return JsonCursor(text).read_number(); }

std::string string_of(std::string_view text, std::size_t capacity = 64) {
  std::string scratch(capacity, '?');
  const JsonString out = JsonCursor(text).read_string(scratch.data(), capacity);
  return out.ok ? std::string(out.text) + (out.truncated ? "~" : "") : "refused";
}

std::string written(double value) {
  char buffer[40];
  JsonWriter out(buffer, sizeof buffer);
  out.number(value);
  return std::string(out.text());
}

TEST(JsonNumbers, AreCorrectlyRoundedLikeTheLibrarys) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    char text[64];
    const int digits = static_cast<int>(random() % 20);
    const double scale = std::pow(10.0, static_cast<double>(random() % 40) - 20);
    const double value = (static_cast<double>(random()) / 1e19 - 0.9) * scale;
    std::snprintf(text, sizeof text, i % 2 == 0 ? "%.*e" : "%.*f", digits, value);
    const JsonNumber read = number(text);
    ASSERT_EQ(read.state, JsonNumber::State::ok) << text;
    ASSERT_EQ(read.value, std::strtod(text, nullptr)) << text;
  }
}

TEST(JsonNumbers, ExtremesAreExact) {
  EXPECT_EQ(number("1.7976931348623157e308").value, std::numeric_limits<double>::max());
  EXPECT_EQ(number("5e-324").value, std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number("9007199254740993").value, 9007199254740992.0);
  EXPECT_EQ(number("0." + std::string(400, '0') + "1e401").value, 1.0);
  EXPECT_EQ(number("1" + std::string(400, '0') + "e-400").value, 1.0);
  EXPECT_EQ(number("0e999999999999").value, 0.0);
}

TEST(JsonNumbers, TooSmallIsZeroAndTooLargeOverflows) {
  EXPECT_EQ(number("1e-400").value, 0.0);
  EXPECT_EQ(number("1e-400").state, JsonNumber::State::ok);
  EXPECT_TRUE(std::signbit(number("-1e-99999999999999").value));
  EXPECT_EQ(number("1e309").state, JsonNumber::State::overflow);
  EXPECT_EQ(number("-1e99999999999999").state, JsonNumber::State::overflow);
  EXPECT_EQ(number("1" + std::string(400, '0')).state, JsonNumber::State::overflow);
}

TEST(JsonNumbers, OnlyTheGrammarOfRfc8259IsRead) {
  for (const char* bad : {"", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+", "-a", "e1", "--1"}) {
    EXPECT_EQ(number(bad).state, JsonNumber::State::malformed) << bad;
  }
  JsonCursor leading_zero("01");
  EXPECT_EQ(leading_zero.read_number().value, 0);
  EXPECT_EQ(leading_zero.offset(), 1u);  // the 1 is left, and no separator
}

TEST(JsonNumbers, AreWrittenShortestAndReadBackTheSame) {
  EXPECT_EQ(written(23.5), "23.5");
  EXPECT_EQ(written(41), "41");
  EXPECT_EQ(written(-0.1), "-0.1");
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(1e15), "1000000000000000");
  EXPECT_EQ(written(0.00001), "0.00001");
  EXPECT_EQ(written(1e30), "1e+30");
  EXPECT_EQ(written(NAN), "");
  EXPECT_EQ(written(INFINITY), "");
  std::mt19937_64 random(2);
  for (int i = 0; i < 100000; ++i) {
    const double value = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                                    static_cast<int>(random() % 1800) - 900);
    ASSERT_EQ(number(written(value)).value, value) << written(value);
  }
}

TEST(JsonNumbers, ByTrialAgreesWithTheLibrary) {
  for (double value : {23.5, 0.1, -40.25, 1.0 / 3, 512.75, 1e-7, 6.02214076e23, 99.9}) {
    char buffer[32];
    const std::size_t size = write_shortest_by_trial(value, buffer);
    EXPECT_EQ(number({buffer, size}).value, value);
    EXPECT_LE(size, written(value).size() + 1);
  }
}

TEST(JsonStrings, EscapesAreDecoded) {
  EXPECT_EQ(string_of(R"("plain")"), "plain");
  EXPECT_EQ(string_of(R"("\u0041b\u0063")"), "Abc");
  EXPECT_EQ(string_of(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(string_of(R"("\u00e9 \u20ac \ud83c\udf31")"), "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xb1");
  EXPECT_EQ(string_of("\"\xc3\xa9\\n\xc3\xa9\""), "\xc3\xa9\n\xc3\xa9");
}

TEST(JsonStrings, BrokenOnesAreRefused) {
  for (const char* bad : {"",
                          "x",
                          "\"",
                          "\"a",
                          "\"\\",
                          "\"\\\"",
                          R"("\x")",
                          R"("\u12")",
                          R"("\u12g4")",
                          R"("\ud800")",
                          R"("\udc00")",
                          R"("\ud800\u0041")",
                          "\"a\nb\"",
                          "\"\xff\"",
                          "\"\xc3\"",
                          "\"\xc0\xaf\"",
                          "\"\xed\xa0\x80\"",
                          "\"\xf4\x90\x80\x80\"",
                          "\"\xe0\x80\x80\"",
                          "\"\xf0\x80\x80\x80\"",
                          "\"\x80\""}) {
    EXPECT_EQ(string_of(bad), "refused") << bad;
  }
  EXPECT_EQ(string_of(std::string_view("\"a\0b\"", 5)), "refused");
}

TEST(JsonStrings, TooLongForTheScratchIsSaidAndNeverCutInsideACharacter) {
  EXPECT_EQ(string_of(R"("\u0061bcd")", 3), "abc~");
  EXPECT_EQ(string_of(R"("ab\u20ac")", 4), "ab~");
  EXPECT_EQ(string_of(R"("\u0061")", 0), "~");
}

TEST(JsonValues, AnyValueIsSteppedOver) {
  for (const char* good :
       {"1", "\"a\"", "true", "false", "null", "[]", "{}", "\"\\n\"", "[1,[2,{\"a\":[]}]]",
        "{\"a\":1,\"b\":{\"c\":null}}", " [ 1 , 2 ] ", "[[],[]]"}) {
    JsonCursor cursor(good);
    EXPECT_TRUE(cursor.skip_value()) << good;
    EXPECT_TRUE(cursor.at_end()) << good;
  }
  for (const char* bad : {"", "[", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "tru",
                          "[1}", "{1:2}", "{,}", "[1 2]", "]"}) {
    EXPECT_FALSE(JsonCursor(bad).skip_value()) << bad;
  }
}

TEST(JsonValues, DeepNestingIsRefusedWithoutRecursion) {
  EXPECT_TRUE(JsonCursor(std::string(16, '[') + std::string(16, ']')).skip_value());
  EXPECT_FALSE(JsonCursor(std::string(17, '[') + std::string(17, ']')).skip_value());
  EXPECT_FALSE(JsonCursor(std::string(100000, '[')).skip_value());
}

TEST(JsonWriter, NeverWritesBeyondItsBuffer) {
  for (std::size_t capacity = 0; capacity < 14; ++capacity) {
    std::string buffer(20, '#');
    JsonWriter out(buffer.data(), capacity);
    out.string("a\"\n");
    out.integer(-12);
    EXPECT_FALSE(out.ok());
    EXPECT_EQ(out.text(), "");
    EXPECT_EQ(buffer.substr(capacity), std::string(20 - capacity, '#'));
  }
  char buffer[14];
  JsonWriter out(buffer, sizeof buffer);
  out.string("a\"\n");
  out.integer(-12);
  EXPECT_EQ(out.text(), "\"a\\\"\\u000a\"-12");
}

}  // namespace
}  // namespace croft::protocol
