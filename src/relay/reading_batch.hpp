// Readings on their way from the data service to another process: many in one message.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "model/reading.hpp"

namespace croft::relay {

// [{"d":"device","t":ms,"r":ms,"s":true,"v":{"temperature":23.5,"on":true}},...]; r is when it was
// received, s is there when t is the server's time.
class ReadingBatch {
 public:
  ReadingBatch() { json_.begin_array(); }

  void add(const Reading&);
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return json_.view().size(); }
  // The message; the batch is empty again.
  std::string take();

 private:
  JsonWriter json_;
  std::size_t count_ = 0;
};

// In order; nothing when the payload is no such list.
std::optional<std::vector<Reading>> decode_readings(std::string_view payload);

}  // namespace croft::relay
