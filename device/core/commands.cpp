// The memory of commands: two small rings.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/commands.hpp"

namespace croft::core {
namespace {

// FNV-1a.
std::uint64_t hash_of(std::string_view id) {
  std::uint64_t hash = 14695981039346656037u;
  for (char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "none";
    case Reason::expired:
      return "expired";
    case Reason::clock_unset:
      return "clockUnset";
    case Reason::unknown_actuator:
      return "unknownActuator";
    case Reason::actuator_failed:
      return "actuatorFailed";
    case Reason::not_understood:
      return "notUnderstood";
  }
  return "unknown";
}

const CommandResult* CommandMemory::find(std::string_view id) const {
  const std::uint64_t hash = hash_of(id);
  for (std::size_t i = 0; i < count_; ++i) {
    if (hashes_[i] == hash) return &results_[i];
  }
  return nullptr;
}

void CommandMemory::remember(std::string_view id, const CommandResult& result) {
  hashes_[next_] = hash_of(id);
  results_[next_] = result;
  next_ = static_cast<std::uint8_t>((next_ + 1) % kRememberedCommands);
  if (count_ < kRememberedCommands) ++count_;
}

bool AnswerQueue::push(const Answer& answer) {
  const bool full = count_ == kUnsentAnswers;
  if (full) pop();
  answers_[(head_ + count_) % kUnsentAnswers] = answer;
  ++count_;
  return !full;
}

void AnswerQueue::pop() {
  head_ = static_cast<std::uint8_t>((head_ + 1) % kUnsentAnswers);
  --count_;
}

}  // namespace croft::core
