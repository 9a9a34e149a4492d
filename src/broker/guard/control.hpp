// The control text by which the platform changes the table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "broker/guard/table.hpp"

namespace croft::broker::guard {

// Lines: `begin`, `set <device> <sha256-hex>`, `grant <device> <topic filter>`, `remove <device>`,
// `commit`. From begin to commit, over as many messages as it takes, a new table is gathered that
// then replaces the old one at once; outside, each line counts at once. A line that breaks a rule
// is skipped and told; the others count.
class Control {
 public:
  // Called with each device that has logged in and may no longer stay: it vanished or its secret
  // changed. The table still holds it as it was, so that its last will is allowed.
  using Cut = std::function<void(const std::string& device)>;
  // Called with what is wrong with a line; never holds a hash.
  using Complain = std::function<void(std::string_view what)>;

  Control(Table& table, Cut cut, Complain complain)
      : table_(table), cut_(std::move(cut)), complain_(std::move(complain)) {}

  // Whether the table changed.
  bool apply(std::string_view text);

 private:
  bool apply_line(std::string_view line);
  bool set(std::string_view arguments);
  bool grant(std::string_view arguments);
  bool remove(std::string_view device);
  bool commit();
  bool wrong(std::string_view what);

  Table& table_;
  Cut cut_;
  Complain complain_;
  std::optional<Table> gathered_;  // between begin and commit
};

constexpr std::size_t kMostLineBytes = 1024;

}  // namespace croft::broker::guard
