// Big-endian numbers, text, bytes and arrays of them, by the types the server names.
// SPDX-License-Identifier: Apache-2.0
#include "db/postgres_values.hpp"

#include <bit>
#include <limits>
#include <stdexcept>

#include "db/postgres_library.hpp"
#include "db/postgres_text.hpp"

namespace croft::db {
namespace {

// As in the catalogue pg_type.
enum Type : Oid {
  kBool = 16,
  kBytea = 17,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kFloat8 = 701,
  kUnknown = 705,
  kVarchar = 1043,
};

constexpr int kBinary = 1;

[[noreturn]] void does_not_fit(std::string_view what, Oid type) {
  throw std::logic_error("SQL: " + std::string(what) + " where the server expects type " +
                         std::to_string(type));
}

template <class Int>
std::string big_endian(Int number) {
  std::string out(sizeof number, '\0');
  auto bits = static_cast<std::uint64_t>(number);
  for (std::size_t i = sizeof number; i > 0; --i, bits >>= 8U)
    out[i - 1] = static_cast<char>(bits & 0xFFU);
  return out;
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (const char c : bytes) bits = bits << 8U | static_cast<unsigned char>(c);
  return bits;
}

bool is_text(Oid type) {
  return type == kText || type == kVarchar || type == kName || type == kUnknown;
}

}  // namespace

void Arguments::add(const Param::Value& value, Oid type) {
  if (std::holds_alternative<std::monostate>(value)) {
    slots_.push_back({nullptr, 0, true});
    lengths_.push_back(0);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    add_integer(*number, type);
  } else if (const auto* real = std::get_if<double>(&value)) {
    add_real(*real, type);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    add_text(*text, type);
  } else {
    const auto bytes = std::get<Bytes>(value);
    if (type != kBytea) does_not_fit("bytes", type);
    view({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

// Dimensions, whether there are nulls, type; then length and first index; then each value.
void Arguments::add(const Column& column) {
  std::string out = big_endian(std::int32_t{1}) + big_endian(std::int32_t{0});
  const auto open = [&out](Oid type, std::size_t count) {
    out += big_endian(static_cast<std::int32_t>(type));
    out += big_endian(static_cast<std::int32_t>(count)) + big_endian(std::int32_t{1});
  };
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&column)) {
    out.reserve(20 + numbers->size() * 12);
    open(kInt8, numbers->size());
    for (const auto number : *numbers) {
      out += std::string_view("\0\0\0\x08", 4);
      out += big_endian(number);
    }
  } else {
    const auto& list = std::get<std::vector<Bytes>>(column);
    open(kBytea, list.size());
    for (const auto bytes : list) {
      out += big_endian(static_cast<std::int32_t>(bytes.size()));
      out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  }
  keep(out);
}

const char* const* Arguments::values() {
  values_.clear();
  for (const auto& slot : slots_)
    values_.push_back(slot.null                 ? nullptr
                      : slot.outside != nullptr ? slot.outside
                                                : own_.data() + slot.offset);
  return values_.data();
}

const int* Arguments::formats() {
  formats_.assign(slots_.size(), kBinary);
  return formats_.data();
}

void Arguments::view(std::string_view bytes) {
  slots_.push_back({bytes.data() != nullptr ? bytes.data() : "", 0, false});
  lengths_.push_back(static_cast<int>(bytes.size()));
}

void Arguments::keep(std::string_view bytes) {
  slots_.push_back({nullptr, own_.size(), false});
  lengths_.push_back(static_cast<int>(bytes.size()));
  own_ += bytes;
}

void Arguments::add_integer(std::int64_t number, Oid type) {
  if (type == kInt8) return keep(big_endian(number));
  if (type == kFloat8) return add_real(static_cast<double>(number), type);
  if (type == kBool) return keep(big_endian(static_cast<std::int8_t>(number != 0 ? 1 : 0)));
  const auto narrow = static_cast<std::int32_t>(number);
  if (type != kInt4 || narrow != number)
    does_not_fit("the whole number " + std::to_string(number), type);
  keep(big_endian(narrow));
}

void Arguments::add_real(double number, Oid type) {
  if (type != kFloat8) does_not_fit("a real number", type);
  keep(big_endian(std::bit_cast<std::int64_t>(number)));
}

void Arguments::add_text(std::string_view text, Oid type) {
  if (type == kBytea) return view(text);
  if (!is_text(type)) does_not_fit("text", type);
  if (storable(text)) return view(text);
  keep(made_storable(text));
}

void ClearResult::operator()(PGresult* result) const { libpq().clear(result); }

bool AnswerRow::is_null(int column) const { return libpq().getisnull(result_, row_, column) != 0; }

std::string_view AnswerRow::raw(int column) const {
  if (is_null(column)) return {};
  return {libpq().getvalue(result_, row_, column),
          static_cast<std::size_t>(libpq().getlength(result_, row_, column))};
}

std::int64_t AnswerRow::integer(int column) const {
  const auto bits = read_big_endian(raw(column));
  switch (libpq().ftype(result_, column)) {
    case kInt8:
      return static_cast<std::int64_t>(bits);
    case kInt4:
      return static_cast<std::int32_t>(bits);
    case kInt2:
      return static_cast<std::int16_t>(bits);
    case kBool:
      return static_cast<std::int64_t>(bits);
    default:
      does_not_fit("a whole number is asked for", libpq().ftype(result_, column));
  }
}

double AnswerRow::real(int column) const {
  if (libpq().ftype(result_, column) != kFloat8) return static_cast<double>(integer(column));
  return std::bit_cast<double>(read_big_endian(raw(column)));
}

std::string_view AnswerRow::text(int column) const {
  const auto type = libpq().ftype(result_, column);
  if (!is_text(type) && type != kBytea) does_not_fit("text is asked for", type);
  return raw(column);
}

Bytes AnswerRow::bytes(int column) const {
  const auto view = text(column);
  return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
}

}  // namespace croft::db
