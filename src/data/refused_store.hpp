// The SQL of refused messages and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "db/database.hpp"

namespace croft::data {

struct RefusedMessage {
  std::string device;
  Instant time{};
  std::string reason;
  std::string detail;
  std::string payload;  // its first bytes
};

struct RefusedTotal {
  std::string device;
  std::string reason;
  std::int64_t count = 0;
};

// A view of a connection, made anew for each job on a worker. Devices are numbered as in
// reading_store.hpp.
class RefusedStore {
 public:
  static constexpr std::size_t kKeptOfDevice = 100;

  explicit RefusedStore(db::Connection& connection) : connection_(connection) {}

  void add(std::int64_t device, const RefusedMessage&);
  // Deletes all but the newest kKeptOfDevice.
  void trim(std::int64_t device);
  void count(std::int64_t device, std::string_view reason, std::int64_t by);

  // Places of the newest messages, newest first.
  void newest(std::int64_t device, std::size_t limit,
              const std::function<void(Instant time, std::int64_t id)>&);
  RefusedMessage find(std::int64_t device, std::int64_t id);
  void totals(std::int64_t device,
              const std::function<void(std::string_view reason, std::int64_t count)>&);

  void forget_device(std::int64_t device);

 private:
  db::Connection& connection_;
};

// The newest `limit` messages of several devices, newest first, and their totals, as the answer's
// JSON: {"refused":[...],"totals":[{"device","reason","count"}],"next":null}. On a worker.
std::string list_refused(db::Connection&, const std::vector<std::string>& devices,
                         std::size_t limit);

}  // namespace croft::data
