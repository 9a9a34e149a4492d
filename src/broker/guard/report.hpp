// Reports of refusals, as the platform reads them: JSON, at most ten a second for each device.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/guard/rules.hpp"

namespace croft::broker::guard {

struct Refused {
  Refusal reason = Refusal::none;
  std::string_view access;  // "connect", "publish" or "subscribe"
  std::string_view topic;   // empty with connect
  std::size_t bytes = 0;
};

constexpr double kReportsASecond = 10;
constexpr std::size_t kMostTopicBytes = 256;  // of a topic in a report; the rest is cut

// {"reason":"topicNotAllowed","access":"publish","topic":"a/b","bytes":3,"suppressed":12};
// `suppressed`, when it is not 0, counts refusals before it that were not reported.
std::string write_report(const Refused& refused, unsigned suppressed);

// Appends `text` as a JSON string, cut to `most` bytes; what is not UTF-8 becomes U+FFFD.
void append_json(std::string& out, std::string_view text, std::size_t most);

class Reporter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Report {
    std::string device;
    std::string payload;
  };

  // What to publish about a refusal of a device of the table; nothing when there were too many.
  std::optional<std::string> report(Table& table, std::string_view device, const Refused& refused,
                                    Time now);
  // What is still owed about refusals that were suppressed, once a second has passed.
  std::vector<Report> owed(Table& table, Time now);

 private:
  std::vector<std::string> silenced_;  // devices with suppressed refusals
  Time next_ = Time::min();
};

}  // namespace croft::broker::guard
