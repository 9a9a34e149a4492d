// The data service's tables, one step a version.
// SPDX-License-Identifier: Apache-2.0
#include "data/migrations.hpp"

namespace croft::data {
namespace {

// A reading is a row while it is new, and later one of many in a block (packing.hpp). Its device
// and measurements are small numbers, and on SQLite its table is its only index: stored in the
// order of (device, time, key). Where the engine has parts, each month is one (month.hpp).
//
// data_devices.device is the device's id, or "~<number>" once it was removed: no device id contains
// a '~', and a number is never given to a second device.
constexpr db::Migration kMigrations[] = {
    {1,
     "CREATE TABLE data_devices (id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE);"
     "CREATE TABLE data_measurements (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
     "CREATE TABLE data_device_measurements (device INTEGER NOT NULL, measurement INTEGER NOT NULL,"
     " PRIMARY KEY (device, measurement)){clustered};"
     "CREATE TABLE readings (device INTEGER NOT NULL, time BIGINT NOT NULL, key BIGINT NOT NULL,"
     " received_after BIGINT NOT NULL, vals {bytes} NOT NULL,"
     " PRIMARY KEY (device, time, key)){by_time};"
     "CREATE TABLE reading_sequences (device INTEGER NOT NULL, boot BIGINT NOT NULL,"
     " ranges {bytes} NOT NULL, PRIMARY KEY (device, boot)){clustered};"
     "CREATE TABLE refused_messages (device INTEGER NOT NULL, id BIGINT NOT NULL,"
     " time BIGINT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, payload {bytes} NOT NULL,"
     " PRIMARY KEY (device, id)){clustered};"
     "CREATE TABLE refused_totals (device INTEGER NOT NULL, reason TEXT NOT NULL,"
     " count BIGINT NOT NULL, PRIMARY KEY (device, reason)){clustered}"},
    {2,
     "ALTER TABLE data_devices ADD COLUMN rolled BIGINT NOT NULL DEFAULT 0;"
     "CREATE TABLE reading_hours (device INTEGER NOT NULL, hour INTEGER NOT NULL,"
     " vals {bytes} NOT NULL, stale INTEGER NOT NULL, PRIMARY KEY (device, hour)){clustered};"
     "CREATE INDEX reading_hours_stale ON reading_hours (stale) WHERE stale = 1;"
     "CREATE TABLE data_rollups (horizon BIGINT NOT NULL);"
     "INSERT INTO data_rollups (horizon) VALUES (0)"},
    {3,
     "ALTER TABLE data_devices ADD COLUMN packed BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE data_rollups ADD COLUMN kept_from BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE data_measurements ADD COLUMN kept_from BIGINT NOT NULL DEFAULT 0;"
     "CREATE TABLE reading_blocks (device INTEGER NOT NULL, time BIGINT NOT NULL,"
     " key BIGINT NOT NULL, last_time BIGINT NOT NULL, last_key BIGINT NOT NULL,"
     " block {bytes} NOT NULL, PRIMARY KEY (device, time, key)){by_time}"},
};

}  // namespace

std::span<const db::Migration> migrations() { return kMigrations; }

}  // namespace croft::data
