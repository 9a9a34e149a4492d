// Reads one request from the bytes of a connection and refuses what two readers could read apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace croft::http {

// Why a request is not served. The connection ends after the answer.
struct Refusal {
  int status = 400;
  std::string detail;
};

class RequestParser {
 public:
  struct Sizes {
    std::size_t header_bytes = 16 * 1024;
    std::size_t target_bytes = 8 * 1024;
    std::size_t body_bytes = 1024 * 1024;
    std::size_t fields = 100;
  };

  explicit RequestParser(const Sizes&);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // `bytes` is all that has arrived and was not taken yet. Returns how many bytes were taken; what
  // is left must be offered again together with more. Nothing is taken of a header until it is
  // complete.
  std::size_t feed(std::string_view bytes);

  bool header_complete() const;
  bool complete() const;  // false for ever when refused
  const std::optional<Refusal>& refusal() const;

  // From here on: once the header is complete.
  bool http_1_0() const;
  bool keep_alive() const;
  bool expects_continue() const;
  bool wants_websocket() const;
  Request& request();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace croft::http
