// One WebSocket connection, free of the library behind it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.hpp"

namespace croft::http {

class WebSocket {
 public:
  virtual ~WebSocket() = default;

  // The next text message, or nothing when the connection has ended. Messages over 64 KiB end it
  // with 1009, binary ones with 1003. Pings are answered inside; a peer silent for 60 s is dropped.
  virtual Task<std::optional<std::string>> read() = 0;
  // Sends one text message; false when the connection has ended; a peer that takes none of it for
  // 10 s is dropped. One writer at a time. Concurrent
  // with read() on the same loop. `text` may be shared by many connections and is not copied.
  virtual Task<bool> write(std::shared_ptr<const std::string> text) = 0;
  // Ends the connection with a close frame; a read() or write() under way returns within a second.
  // The first call counts. On the loop, while the handler has not returned.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace croft::http
