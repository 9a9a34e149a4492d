// Fuzzes the control text, the decisions and the reports; the table must read back as it was.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "broker/guard/control.hpp"
#include "broker/guard/report.hpp"
#include "broker/guard/rules.hpp"

using namespace croft::broker::guard;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Rules rules;
  Control control(
      rules.table, [&](const std::string& id) { rules.table.contains(id) ? void() : std::abort(); },
      [](std::string_view) {});
  control.apply(text);
  control.apply("commit\n");
  const std::string saved = to_text(rules.table);
  Table again;
  Control reader(again, [](const std::string&) {}, [](std::string_view) { std::abort(); });
  reader.apply(saved);
  if (again.size() != rules.table.size()) std::abort();
  if (rules.table.contains("croft")) std::abort();
  for (const auto& [id, device] : rules.table) {
    if (rules.may_write(id, text, size) == Refusal::none && text.starts_with('$')) std::abort();
    if (rules.may_hear(id, text) == Refusal::none && text.find('#') != text.npos) std::abort();
  }
  write_report({Refusal::too_large, "publish", text, size}, 1);
  return 0;
}
