// The topics by which the platform's processes speak among themselves. The broker lets each service
// write below its own name only, and lets no device near them (src/broker/guard/accounts.cpp).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace croft::relay {

// Devices, users and the key that tokens are checked with: directory_news.hpp. QoS 1, in order.
constexpr std::string_view kDirectory = "croft/internal/v1/auth/directory";
// The id of a session that ended.
constexpr std::string_view kSessions = "croft/internal/v1/auth/sessions";
// Readings just stored, for whoever shows them: reading_batch.hpp. QoS 0.
constexpr std::string_view kLive = "croft/internal/v1/data/live";
// Readings stored that a keeper in another process wants. QoS 1, and their messages are
// acknowledged to the broker only when it has these.
constexpr std::string_view kKeep = "croft/internal/v1/data/keep";
// The newest values of each device, as readings; the answer to a question.
constexpr std::string_view kLatest = "croft/internal/v1/data/latest";
// {"devices":["id",...]}: whose readings the keepers want.
constexpr std::string_view kWatched = "croft/internal/v1/command/watched";
// Commands, timed commands and alerts that changed: told.hpp.
constexpr std::string_view kEvents = "croft/internal/v1/command/events";

// Questions, asked by whoever has just come: the payload is one of the words below, and the answer
// comes on the topic of its name, for all to hear. Behind "directory" stands a word of the asker's
// own, which the answer repeats: what was told before is older than the answer.
constexpr std::string_view kQuestions = "croft/internal/v1/+/ask";
constexpr std::string_view kAskDirectory = "directory";
constexpr std::string_view kAskLatest = "latest";
constexpr std::string_view kAskWatched = "watched";
// `self` is a service's name.
inline std::string question_topic(std::string_view self) {
  return "croft/internal/v1/" + std::string(self) + "/ask";
}

// A message is cut off here and goes on in the next.
constexpr std::size_t kPieceBytes = 48 * 1024;

}  // namespace croft::relay
