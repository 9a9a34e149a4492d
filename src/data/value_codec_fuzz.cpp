// Fuzzes the reader of stored values: no input may crash it, and what it reads survives a round
// trip.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <vector>

#include "data/value_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace croft::data;
  ValueReader in({reinterpret_cast<const char*>(bytes), size});
  std::vector<CodedValue> values;
  for (CodedValue value; in.next(value);) values.push_back(value);
  if (in.damaged()) return 0;
  std::string again;
  encode_values(again, in.server_time(), values);
  if (again.size() > size) std::abort();  // ours is the shortest form
  ValueReader second(again);
  std::size_t count = 0;
  for (CodedValue value; second.next(value); ++count)
    if (count >= values.size() || !(value == values[count])) std::abort();
  if (second.damaged() || count != values.size()) std::abort();
  return 0;
}
