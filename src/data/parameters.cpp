// Query parameters with their bounds.
// SPDX-License-Identifier: Apache-2.0
#include "data/parameters.hpp"

#include <charconv>

namespace croft::data {

std::string_view Parameters::required(std::string_view name) {
  const auto value = text(name);
  if (!value || value->empty()) {
    wrong(name, "is required");
    return {};
  }
  return *value;
}

std::size_t Parameters::number(std::string_view name, std::size_t otherwise, std::size_t least,
                               std::size_t most) {
  const auto value = text(name);
  if (!value) return otherwise;
  std::size_t number = 0;
  const auto* end = value->data() + value->size();
  const auto [stopped, error] = std::from_chars(value->data(), end, number);
  if (error == std::errc() && stopped == end && number >= least && number <= most) return number;
  wrong(name,
        "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

void Parameters::wrong(std::string_view field, std::string message) {
  mistakes_.push_back({std::string(field), std::move(message)});
}

std::optional<Error> Parameters::error() const {
  if (mistakes_.empty()) return std::nullopt;
  const auto& first = mistakes_.front();
  return Error{Code::invalid, first.field + " " + first.message, mistakes_};
}

}  // namespace croft::data
