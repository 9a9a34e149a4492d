// Who is due when: one heap of appointments for all nodes, instead of a timer each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

namespace croft::sim {

class Agenda {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  explicit Agenda(std::size_t members) : due_(members, kNever) {}

  /// Member `who` wants to be called at `due_ms`, unless it already is to be called earlier.
  void add(std::uint32_t who, std::uint64_t due_ms) {
    if (due_ms >= due_[who]) return;
    due_[who] = due_ms;
    heap_.push({due_ms, who});
  }

  std::uint64_t next_due_ms() {
    drop_outdated();
    return heap_.empty() ? kNever : heap_.top().due_ms;
  }

  /// Takes out one member that is due at `now_ms`; it has to be added again.
  std::optional<std::uint32_t> take(std::uint64_t now_ms) {
    if (next_due_ms() > now_ms) return std::nullopt;
    const std::uint32_t who = heap_.top().who;
    heap_.pop();
    due_[who] = kNever;
    return who;
  }

 private:
  struct Appointment {
    std::uint64_t due_ms;
    std::uint32_t who;
    bool operator<(const Appointment& other) const { return due_ms > other.due_ms; }
  };

  // An appointment that was replaced by an earlier one is left in the heap until it surfaces.
  void drop_outdated() {
    while (!heap_.empty() && due_[heap_.top().who] != heap_.top().due_ms) heap_.pop();
  }

  std::priority_queue<Appointment> heap_;
  std::vector<std::uint64_t> due_;
};

}  // namespace croft::sim
