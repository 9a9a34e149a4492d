// Tests of problem details.
// SPDX-License-Identifier: Apache-2.0
#include "http/problem.hpp"

#include <gtest/gtest.h>

namespace croft::http {

TEST(Problem, SaysEverythingThatTheStandardAsksFor) {
  const auto response = problem(fail(Code::not_found, "No such \"device\"."));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.body, R"({"type":"about:blank","title":"Not Found","status":404,)"
                           R"("detail":"No such \"device\"."})");
}

TEST(Problem, NamesEveryFieldThatIsWrong) {
  Error error = invalid_field("name", "is required");
  error.fields.push_back(FieldError{"command.device", "is unknown"});
  const auto response = problem(error);
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find(R"("errors":[{"field":"name","message":"is required"},)"
                               R"({"field":"command.device","message":"is unknown"}])"),
            std::string::npos)
      << response.body;
}

TEST(Problem, TellsWhenToComeBackAndHowToLogIn) {
  Error error = fail(Code::too_many, "Slowly.");
  error.retry_after_seconds = 7;
  EXPECT_EQ(problem(error).headers.get("Retry-After"), "7");
  EXPECT_EQ(problem(fail(Code::unauthenticated, "Who?")).headers.get("WWW-Authenticate"), "Bearer");
}

TEST(Problem, GivesEveryCodeItsStatus) {
  const std::pair<Code, int> known[] = {
      {Code::invalid, 422},   {Code::malformed, 400}, {Code::unauthenticated, 401},
      {Code::forbidden, 403}, {Code::not_found, 404}, {Code::conflict, 409},
      {Code::too_large, 413}, {Code::too_many, 429},  {Code::unavailable, 503}};
  for (const auto& [code, status] : known) {
    EXPECT_EQ(status_of(code), status);
    EXPECT_NE(reason_of(status), "Error");
  }
}

}  // namespace croft::http
