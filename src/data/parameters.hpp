// Reads a request's query parameters while collecting every mistake.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace croft::data {

class Parameters {
 public:
  explicit Parameters(const http::Query& query) : query_(query) {}

  std::optional<std::string_view> text(std::string_view name) const { return query_.get(name); }
  // The text, or "" with a mistake noted.
  std::string_view required(std::string_view name);
  // A whole number within the bounds, or `otherwise` when absent.
  std::size_t number(std::string_view name, std::size_t otherwise, std::size_t least,
                     std::size_t most);

  // Notes a mistake found by the caller's own rules.
  void wrong(std::string_view field, std::string message);
  // All mistakes as one error; nothing when there were none.
  std::optional<Error> error() const;

 private:
  const http::Query& query_;
  std::vector<FieldError> mistakes_;
};

}  // namespace croft::data
