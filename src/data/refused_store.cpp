// Statements about refused messages, and the list made of them.
// SPDX-License-Identifier: Apache-2.0
#include "data/refused_store.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "data/reading_store.hpp"

namespace croft::data {
namespace {

struct Shown {
  Instant time;
  std::int64_t number;
  std::int64_t id;
  const std::string* device;
};

void write_message(JsonWriter& json, const std::string& device, const RefusedMessage& message) {
  json.begin_object();
  json.member("device", device);
  json.member("time", message.time);
  json.member("reason", message.reason);
  json.member("detail", message.detail);
  json.member("payload", message.payload);
  json.end_object();
}

}  // namespace

void RefusedStore::add(std::int64_t device, const RefusedMessage& message) {
  const db::Bytes payload(reinterpret_cast<const std::byte*>(message.payload.data()),
                          message.payload.size());
  connection_.execute(
      "INSERT INTO refused_messages (device, id, time, reason, detail, payload)"
      " SELECT $1, COALESCE(MAX(id), 0) + 1, $2, $3, $4, $5 FROM refused_messages"
      " WHERE device = $1",
      {device, message.time, message.reason, message.detail, payload});
}

void RefusedStore::trim(std::int64_t device) {
  connection_.execute(
      "DELETE FROM refused_messages WHERE device = $1 AND id <="
      " (SELECT MAX(id) FROM refused_messages WHERE device = $1) - $2",
      {device, kKeptOfDevice});
}

void RefusedStore::count(std::int64_t device, std::string_view reason, std::int64_t by) {
  connection_.execute(
      "INSERT INTO refused_totals (device, reason, count) VALUES ($1, $2, $3)"
      " ON CONFLICT (device, reason) DO UPDATE SET count = refused_totals.count + excluded.count",
      {device, reason, by});
}

void RefusedStore::newest(std::int64_t device, std::size_t limit,
                          const std::function<void(Instant, std::int64_t)>& on_place) {
  connection_.query(
      "SELECT time, id FROM refused_messages WHERE device = $1 ORDER BY id DESC LIMIT $2",
      {device, limit}, [&](const db::Row& row) { on_place(row.instant(0), row.integer(1)); });
}

RefusedMessage RefusedStore::find(std::int64_t device, std::int64_t id) {
  const auto found = connection_.first(
      "SELECT time, reason, detail, payload FROM refused_messages WHERE device = $1 AND id = $2",
      {device, id}, [](const db::Row& row) {
        const auto payload = row.bytes(3);
        return RefusedMessage{
            "", row.instant(0), row.string(1), row.string(2),
            std::string(reinterpret_cast<const char*>(payload.data()), payload.size())};
      });
  return found.value_or(RefusedMessage{});
}

void RefusedStore::totals(std::int64_t device,
                          const std::function<void(std::string_view, std::int64_t)>& on_total) {
  connection_.query("SELECT reason, count FROM refused_totals WHERE device = $1 ORDER BY reason",
                    {device}, [&](const db::Row& row) { on_total(row.text(0), row.integer(1)); });
}

void RefusedStore::forget_device(std::int64_t device) {
  connection_.execute("DELETE FROM refused_messages WHERE device = $1", {device});
  connection_.execute("DELETE FROM refused_totals WHERE device = $1", {device});
}

// Only the payloads that are shown are read.
std::string list_refused(db::Connection& connection, const std::vector<std::string>& devices,
                         std::size_t limit) {
  ReadingStore numbers(connection);
  RefusedStore store(connection);
  std::vector<Shown> places;
  JsonWriter totals;
  totals.begin_array();
  for (const auto& device : devices) {
    const auto number = numbers.device_number(device);
    if (number == 0) continue;
    store.newest(number, limit, [&](Instant time, std::int64_t id) {
      places.push_back({time, number, id, &device});
    });
    store.totals(number, [&](std::string_view reason, std::int64_t count) {
      totals.begin_object().member("device", device).member("reason", reason);
      totals.member("count", count).end_object();
    });
  }
  totals.end_array();
  std::ranges::sort(places, [](const Shown& a, const Shown& b) {
    return std::tie(a.time, a.number, a.id) > std::tie(b.time, b.number, b.id);
  });
  places.resize(std::min(places.size(), limit));
  JsonWriter json;
  json.begin_object().key("refused").begin_array();
  for (const auto& place : places)
    write_message(json, *place.device, store.find(place.number, place.id));
  json.end_array().key("totals").raw(totals.view()).key("next").null().end_object();
  return std::move(json).str();
}

}  // namespace croft::data
