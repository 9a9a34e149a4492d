// Writes readings as lines while they are read, a piece at a time.
// SPDX-License-Identifier: Apache-2.0
#include "data/export.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace croft::data {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

struct MediaType {
  std::string_view name;
  std::string_view type;  // "text/*" for the wildcard
  Format format;
};
constexpr std::array<MediaType, 3> kTypes{
    {{"application/json", "application/*", Format::json},
     {"text/csv", "text/*", Format::csv},
     {"application/x-ndjson", "application/*", Format::ndjson}}};

std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
  while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
  return part;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// Thousandths: 0 to 1000; a quality that cannot be read counts as none given.
int quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = take_until(parameters, ';');
    if (parameter.size() < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=') continue;
    double value = 1;
    const auto* end = parameter.data() + parameter.size();
    const auto [stopped, error] = std::from_chars(parameter.data() + 2, end, value);
    if (error == std::errc() && stopped == end && value >= 0 && value <= 1)
      return static_cast<int>(value * 1000);
  }
  return 1000;
}

// How well one entry of the header matches a type: 3 by name, 2 by "text/*", 1 by "*/*", 0 not.
int match(std::string_view entry, const MediaType& type) {
  if (entry == type.name) return 3;
  if (entry == type.type) return 2;
  return entry == "*/*" ? 1 : 0;
}

// The quality that the most specific matching entry gives, and how specific it is.
std::pair<int, int> judge(std::string_view accept, const MediaType& type) {
  int best_match = 0;
  int best_quality = 0;
  while (!accept.empty()) {
    auto parameters = take_until(accept, ',');
    const auto entry = lower(take_until(parameters, ';'));
    const int matched = match(entry, type);
    if (matched <= best_match) continue;
    best_match = matched;
    best_quality = quality(parameters);
  }
  return {best_quality, best_match};
}

struct Download {
  db::Database& database;
  Names& names;
  Scan scan;
  Format format;
  std::function<bool(const DeviceId&)> may_read;
  std::vector<std::string> columns;
  bool begun = false;
  bool done = false;
};

// The names of everything the selected devices have ever measured.
std::vector<std::string> read_columns(ReadingStore& store, NameLookup& names,
                                      const std::vector<DeviceId>& devices) {
  std::set<std::string> columns;
  for (const auto& device : devices) {
    for (const auto id : store.measurements_of(store.device_number(device.str())))
      if (const auto* name = names.find(id)) columns.insert(*name);
  }
  return {columns.begin(), columns.end()};
}

void append(std::string& out, const Download& download, const Reading& reading) {
  if (download.format == Format::csv) {
    append_csv(out, reading, download.columns);
    return;
  }
  JsonWriter json;
  write_json(json, reading);
  out += json.view();
  out += '\n';
}

std::string read_piece(db::Connection& connection, Download& download) {
  ReadingStore store(connection);
  NameLookup names(download.names, store);
  std::string piece;
  if (!download.begun && download.format == Format::csv) {
    download.columns = read_columns(store, names, download.scan.devices());
    piece = csv_header(download.columns);
  }
  download.begun = true;
  while (piece.size() < kPieceBytes) {
    const auto found = download.scan.next(store, names);
    if (!found) {
      download.done = true;
      break;
    }
    append(piece, download, found->reading);
  }
  return piece;
}

Task<bool> next_piece(std::shared_ptr<Download> download, std::string& chunk) {
  if (download->done) co_return false;
  download->scan.keep_only(download->may_read);
  const std::string piece = co_await download->database.read(
      [&](db::Connection& connection) { return read_piece(connection, *download); });
  chunk += piece;
  co_return true;
}

}  // namespace

Format negotiate(std::string_view accept) {
  Format best = Format::json;
  std::pair<int, int> best_judgement{0, 0};
  for (const auto& type : kTypes) {
    const auto judgement = judge(accept, type);
    if (judgement.first == 0 || judgement <= best_judgement) continue;
    best = type.format;
    best_judgement = judgement;
  }
  return best;
}

std::string csv_header(const std::vector<std::string>& measurements) {
  std::string header = "device,time,received";
  for (const auto& name : measurements) header += ',' + name;
  return header + "\r\n";
}

void append_csv(std::string& out, const Reading& reading,
                const std::vector<std::string>& measurements) {
  out += reading.device.str();
  out += ',';
  append_instant(out, reading.time);
  out += ',';
  append_instant(out, reading.received);
  for (const auto& name : measurements) {
    out += ',';
    const auto value = std::ranges::find(reading.values, name, &Measurement::name);
    if (value == reading.values.end()) continue;
    if (const auto* truth = std::get_if<bool>(&value->value))
      out += *truth ? "true" : "false";
    else
      append_number(out, std::get<double>(value->value));
  }
  out += "\r\n";
}

http::Response export_readings(db::Database& database, Names& names, Scan scan, Format format,
                               std::function<bool(const DeviceId&)> may_read) {
  const bool csv = format == Format::csv;
  http::Response response;
  response.headers.set("Content-Type",
                       csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson");
  response.headers.set("Content-Disposition",
                       csv ? "attachment; filename=\"croft-readings.csv\""
                           : "attachment; filename=\"croft-readings.ndjson\"");
  auto download = std::make_shared<Download>(
      Download{database, names, std::move(scan), format, std::move(may_read), {}, false, false});
  response.stream = [download](std::string& chunk) { return next_piece(download, chunk); };
  return response;
}

}  // namespace croft::data
