// Tests of the JSON writer and of the reader's messages.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace croft {

TEST(JsonWriter, WritesNestedValuesWithCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array().value(1.5).value("x").end_array();
  json.member("c", true).key("d").begin_object().end_object().key("e").null().end_object();
  EXPECT_EQ(json.view(), R"({"a":1,"b":[1.5,"x"],"c":true,"d":{},"e":null})");
}

TEST(JsonWriter, PrintsNumbersAsPeopleDo) {
  std::string out;
  for (const double number : {23.5, 41.0, 0.1, -0.25, 1e300}) {
    append_number(out, number);
    out += ' ';
  }
  append_number(out, NAN);
  EXPECT_EQ(out, "23.5 41 0.1 -0.25 1e+300 null");
}

TEST(JsonWriter, EscapesWhatAStrangerWrote) {
  std::string out;
  append_json_string(out, "a\"b\\c\n\x01\x7f\xC3\xA9\xFF\xED\xA0\x80");
  EXPECT_EQ(
      out,
      "\"a\\\"b\\\\c\\n\\u0001\\u007f\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonFields, CollectsEveryMistakeAtOnce) {
  JsonFields in(R"({"name":"","age":"x","on":1})");
  in.text("name", {.least = 1, .most = 8});
  in.number("age");
  in.optional_truth("on");
  in.text("email", {});
  const auto error = in.error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Code::invalid);
  ASSERT_EQ(error->fields.size(), 4U);
  EXPECT_EQ(error->fields[3].field, "email");
  EXPECT_EQ(error->fields[3].message, "is required");
}

TEST(JsonFields, TellsMalformedFromInvalid) {
  for (const auto* body : {"", "{", "[]", "1", "{\"a\":NaN}", "{\"a\":1}x"}) {
    JsonFields in(body);
    in.text("a", {});
    ASSERT_TRUE(in.error()) << body;
    EXPECT_EQ(in.error()->code, Code::malformed) << body;
  }
}

TEST(JsonFields, ReadsSecondsAsANumberOrInIso8601) {
  JsonFields in(R"({"a":90,"b":"PT5M","c":1.5,"d":"5m","e":-1,"f":11,"g":true})");
  const auto seconds = [&](const char* name) {
    return in.optional_seconds(name, Seconds(0), Seconds(300));
  };
  EXPECT_EQ(seconds("a"), Seconds(90));
  EXPECT_EQ(seconds("b"), Seconds(300));
  EXPECT_FALSE(seconds("missing"));
  EXPECT_FALSE(in.error());
  for (const auto* name : {"c", "d", "e", "g"}) EXPECT_FALSE(seconds(name)) << name;
  EXPECT_FALSE(in.optional_seconds("f", Seconds(0), Seconds(10)));
  EXPECT_EQ(in.error()->fields.size(), 5U);
}

TEST(JsonFields, ReadsWhatIsRight) {
  JsonFields in(
      R"({"name":"Bed 2","at":"2026-11-22T18:00:00Z","for":2.5,"list":["a","b"],"x":{"y":1}})");
  EXPECT_EQ(in.text("name", {.least = 1, .most = 8}), "Bed 2");
  EXPECT_EQ(in.optional_instant("at"), parse_instant("2026-11-22T18:00:00Z"));
  EXPECT_EQ(in.number("for"), 2.5);
  EXPECT_EQ(in.texts("list", 5), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(in.object("x"), R"({"y":1})");
  EXPECT_FALSE(in.error());
}

}  // namespace croft
