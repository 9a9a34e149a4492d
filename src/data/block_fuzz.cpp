// Fuzzes the reader of packed readings: no input may crash it, and what it reads survives a round
// trip.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "data/block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace croft::data;
  const auto block = Block::decode({reinterpret_cast<const char*>(bytes), size});
  if (!block) return 0;
  std::deque<std::string> values(block->size());
  std::vector<StoredReading> readings;
  for (std::size_t i = 0; i < block->size(); ++i)
    readings.push_back(block->reading(i, 1, values[i]));
  if (!Block::encode(readings)) std::abort();
  return 0;
}
