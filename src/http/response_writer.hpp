// Writes the head of a response: status line, date, length, the security headers every answer
// carries.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace croft::http {

// How the body of a response ends.
enum class Framing { length, chunked, until_close };

struct HeadOptions {
  bool http_1_0 = false;
  bool keep_alive = true;
  Framing framing = Framing::length;
  bool api = false;  // below /api: never cached, and never a page
};

class ResponseWriter {
 public:
  // Appends the head to `out`. Headers that frame the message are ours alone: a handler's
  // Content-Length, Transfer-Encoding, Connection and Date are left out.
  void append_head(std::string& out, const Response&, const HeadOptions&);

 private:
  std::string_view date_line();

  std::time_t second_ = -1;
  std::string date_line_;
};

bool has_no_body(int status);  // 1xx, 204, 304

}  // namespace croft::http
