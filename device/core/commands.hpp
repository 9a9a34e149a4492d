// What a node remembers of commands: the results of the last ones, and the answers not yet sent.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/command_codec.hpp"

namespace croft::core {

// More than Croft keeps open for one device (100), for it gives all of them out again to a node
// that comes back.
constexpr std::size_t kRememberedCommands = 128;
constexpr std::size_t kUnsentAnswers = 4;

enum class Reason : std::uint8_t {
  none,              // done
  expired,           // its time had passed when it arrived
  clock_unset,       // the node has no wall clock yet and cannot tell whether it expired
  unknown_actuator,  // the node has none of that name
  actuator_failed,   // the board could not switch it
  not_understood,    // not a command
};

/// "expired", "clockUnset", ... as in the answer's `reason`.
std::string_view to_string(Reason reason);

struct CommandResult {
  Reason reason = Reason::none;
  std::uint8_t actuator = 0;  // its index, when done
  bool on = false;            // its value, when done
};

/// The results of the last kRememberedCommands commands, so that a repeated id is answered with the
/// first result and not acted on again. Ids are kept as 64-bit hashes. It does not outlive a
/// restart: a restarted node is in its safe state, and a command still valid is then worth obeying.
class CommandMemory {
 public:
  const CommandResult* find(std::string_view id) const;
  void remember(std::string_view id, const CommandResult& result);

 private:
  std::uint64_t hashes_[kRememberedCommands] = {};
  CommandResult results_[kRememberedCommands];
  std::uint8_t next_ = 0;
  std::uint8_t count_ = 0;
};

struct Answer {
  protocol::Text<protocol::kMaxCommandIdBytes> id;
  CommandResult result;
};

/// Answers that the connection did not take. When it is full the oldest is lost: the retained state
/// still tells what the actuators are.
class AnswerQueue {
 public:
  /// False when the oldest had to go.
  bool push(const Answer& answer);
  bool empty() const { return count_ == 0; }
  const Answer& front() const { return answers_[head_]; }
  void pop();

 private:
  Answer answers_[kUnsentAnswers];
  std::uint8_t head_ = 0;
  std::uint8_t count_ = 0;
};

}  // namespace croft::core
