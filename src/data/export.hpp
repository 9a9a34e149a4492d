// Readings as a file: CSV or NDJSON, streamed in bounded memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/names.hpp"
#include "data/scan.hpp"
#include "db/database.hpp"
#include "http/message.hpp"

namespace croft::data {

enum class Format { json, csv, ndjson };

// What an Accept header asks for: the highest quality wins, JSON when in doubt.
Format negotiate(std::string_view accept);

// RFC 4180: the columns of a CSV are device, time, received and each measurement that one of the
// devices has ever sent, in the order of their names. No cell needs quotes or can begin a formula:
// ids, instants and measurement names begin with a letter or digit and have no commas in them.
std::string csv_header(const std::vector<std::string>& measurements);
void append_csv(std::string& out, const Reading&, const std::vector<std::string>& measurements);

// The whole selection as a download. `may_read` is asked before each piece, on the loop.
http::Response export_readings(db::Database&, Names&, Scan, Format,
                               std::function<bool(const DeviceId&)> may_read);

}  // namespace croft::data
