// Measures the journey of readings into a SQLite file or a PostgreSQL, from the decoding to the
// acknowledgement, without a broker.
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "cpu.hpp"
#include "data/ingest.hpp"
#include "data/migrations.hpp"
#include "data/rollups.hpp"
#include "db/postgres.hpp"
#include "db/sqlite.hpp"
#include "mqtt/delivery.hpp"
#include "mqtt/session.hpp"

namespace {

using namespace croft;
using std::chrono::steady_clock;

struct Settings {
  std::int64_t readings = 1'000'000;
  std::int64_t devices = 100;
  std::int64_t per_message = 1;
  std::int64_t in_flight = 1000;  // the receive maximum of the MQTT client
  std::int64_t batch = static_cast<std::int64_t>(data::WriterConfig().max_batch);
  std::int64_t rate = 0;  // messages a second that are offered; 0: as many as go
  std::int64_t pace_ms = data::WriterConfig().least_interval.count();
  bool numbered = false;
  bool pack = false;  // and then pack it all, as time does
  std::string directory = std::filesystem::temp_directory_path();
  std::string database;  // an empty database of a PostgreSQL by its URL; else a new SQLite file
};

Settings parse(int count, char** words) {
  Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = word.substr(word.find('=') + 1);
    const auto number = std::strtoll(std::string(value).c_str(), nullptr, 10);
    if (word.starts_with("--readings="))
      settings.readings = number;
    else if (word.starts_with("--devices="))
      settings.devices = number;
    else if (word.starts_with("--per-message="))
      settings.per_message = number;
    else if (word.starts_with("--in-flight="))
      settings.in_flight = number;
    else if (word.starts_with("--batch="))
      settings.batch = number;
    else if (word.starts_with("--rate="))
      settings.rate = number;
    else if (word.starts_with("--pace-ms="))
      settings.pace_ms = number;
    else if (word == "--numbered")
      settings.numbered = true;
    else if (word == "--pack")
      settings.pack = true;
    else if (word.starts_with("--directory="))
      settings.directory = value;
    else if (word.starts_with("--database="))
      settings.database = value;
    else {
      std::fprintf(stderr,
                   "bench_ingest [--readings=N] [--devices=N] [--per-message=N] [--in-flight=N] "
                   "[--batch=N] [--rate=N] [--pace-ms=N] [--numbered] [--pack] "
                   "[--directory=DIR] [--database=URL]\n");
      std::exit(2);
    }
  }
  return settings;
}

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

std::string device_id(std::int64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "device%010lld", static_cast<long long>(number));
  return text;
}

// Makes the messages: the three standard measurements, each device every ten seconds, or nearly; a
// measurement trembles about where it was.
class Source {
 public:
  Source(const Settings& settings, Instant start) : settings_(settings), start_(start) {}

  // The readings of the next message; its device is device().
  std::string next() {
    device_ = message_ % settings_.devices;
    const auto first = message_ / settings_.devices * settings_.per_message;
    ++message_;
    std::string text = settings_.per_message > 1 ? "[" : "";
    for (std::int64_t i = 0; i < settings_.per_message; ++i) append(text, first + i, i > 0);
    if (settings_.per_message > 1) text += ']';
    return text;
  }
  std::int64_t device() const { return device_; }
  std::int64_t made() const { return message_ * settings_.per_message; }

 private:
  void append(std::string& text, std::int64_t seq, bool comma) {
    char out[200];
    const auto chance = static_cast<std::int64_t>(random_() >> 4);
    const auto time = to_ms(start_) + seq * 10'000 + device_ * 7 % 1000 + chance % 16;
    const auto slow = (seq / 30 + device_) % 100;
    int size = std::snprintf(
        out, sizeof out, "%s{\"temperature\":%lld.%lld,\"humidity\":%lld,\"soilMoisture\":%lld",
        comma ? "," : "", 18LL + slow / 10 % 9, chance / 16 % 10LL,
        40LL + slow / 4 + chance / 256 % 3, 300LL + slow * 3 + chance / 1024 % 8);
    text.append(out, static_cast<std::size_t>(size));
    size = std::snprintf(out, sizeof out, ",\"time\":%lld", static_cast<long long>(time));
    text.append(out, static_cast<std::size_t>(size));
    if (settings_.numbered) {
      size =
          std::snprintf(out, sizeof out, ",\"boot\":17,\"seq\":%lld", static_cast<long long>(seq));
      text.append(out, static_cast<std::size_t>(size));
    }
    text += '}';
  }

  const Settings& settings_;
  Instant start_;
  std::int64_t message_ = 0;
  std::int64_t device_ = 0;
  std::minstd_rand random_{7};
};

// Plays the broker: hands over messages as long as fewer than `in_flight` are unacknowledged.
class Broker final : public mqtt::Acknowledger, public std::enable_shared_from_this<Broker> {
 public:
  Broker(const Settings& settings, Source& source, asio::io_context& loop)
      : settings_(settings), source_(source), loop_(loop) {
    for (std::int64_t i = 0; i < settings.devices; ++i) devices_.emplace_back(device_id(i));
  }
  void deliver(data::Ingest& ingest) {
    ingest_ = &ingest;
    if (settings_.rate > 0)
      spawn(loop_.get_executor(), "broker", deliver_at_rate());
    else
      top_up();
  }
  void acknowledge(std::uint32_t, std::uint16_t, int) override {
    ++acknowledged_;
    if (acknowledged_ * settings_.per_message >= settings_.readings) loop_.stop();
    if (settings_.rate > 0) return;
    if (acknowledged_ % 64 == 0 || delivered_ == acknowledged_) top_up();
  }

 private:
  Task<void> deliver_at_rate() {
    const auto began = steady_clock::now();
    while (source_.made() < settings_.readings) {
      const auto due = seconds_since(began) * static_cast<double>(settings_.rate);
      top_up(static_cast<std::int64_t>(due));
      co_await sleep_for(std::chrono::milliseconds(1));
    }
  }
  void top_up(std::int64_t due = std::numeric_limits<std::int64_t>::max()) {
    while (delivered_ - acknowledged_ < settings_.in_flight && delivered_ < due &&
           source_.made() < settings_.readings) {
      auto payload = source_.next();
      const auto& device = devices_[static_cast<std::size_t>(source_.device())];
      auto state = std::make_shared<mqtt::Delivery::State>();
      state->bytes = "croft/v1/" + device.str() + "/telemetry";
      state->topic_bytes = state->bytes.size();
      state->bytes += payload;
      state->to = weak_from_this();
      state->qos = 1;
      ++delivered_;
      ingest_->receive(device, mqtt::Delivery(std::move(state)));
    }
  }

  const Settings& settings_;
  Source& source_;
  asio::io_context& loop_;
  std::vector<DeviceId> devices_;
  data::Ingest* ingest_ = nullptr;
  std::int64_t delivered_ = 0;
  std::int64_t acknowledged_ = 0;
};

// The processor time that making the messages takes, to be subtracted.
double cost_of_source(const Settings& settings, Instant start) {
  Source source(settings, start);
  const double before = cpu_seconds();
  std::size_t bytes = 0;
  while (source.made() < settings.readings) bytes += source.next().size();
  const double spent = cpu_seconds() - before;
  std::printf("messages: %.1f bytes a reading\n",
              static_cast<double>(bytes) / static_cast<double>(source.made()));
  return spent;
}

// Rolls all hours up and packs all rows. A PostgreSQL gives the room of deleted rows back to new
// ones and not to the disk, except where months are empty.
void pack(asio::io_context& loop, db::Database& database, data::Writer& writer, const Clock& clock,
          double readings) {
  data::Rollups rollups(loop.get_executor(), database, writer, clock);
  const double cpu_before = cpu_seconds();
  const auto began = steady_clock::now();
  for (int i = 0; i < 2; ++i) {  // the first only moves the horizon
    spawn(loop.get_executor(), "pack", [](data::Rollups& all, asio::io_context& l) -> Task<void> {
      co_await all.pass();
      l.stop();
    }(rollups, loop));
    loop.restart();
    loop.run();
  }
  std::printf("rolled up and packed in %.2f s, %.2f us of CPU a reading, %.1f bytes a reading\n",
              seconds_since(began), (cpu_seconds() - cpu_before) / readings * 1e6,
              static_cast<double>(database.size_bytes()) / readings);
}

void measure(const Settings& settings, const std::filesystem::path& file) {
  SystemClock clock;
  const Instant start = clock.now() - std::chrono::hours(24 * 400);
  const double source_cpu = cost_of_source(settings, start);

  asio::io_context loop(1);
  const Executor executor = loop.get_executor();
  const auto database = settings.database.empty() ? db::open_sqlite({.file = file})
                                                  : db::open_postgres({.url = settings.database});
  db::migrate(*database, "data", data::migrations());
  Metrics metrics;
  DeviceDirectory directory;
  for (std::int64_t i = 0; i < settings.devices; ++i)
    directory.put({DeviceId(device_id(i)), UserId("someone"), "bench"});
  live::Feed feed;
  live::Devices devices(directory, feed, clock);
  mqtt::Client client(executor, {});  // never connected: acknowledgements to nodes are dropped
  data::WriterConfig writer_config;
  writer_config.max_batch = static_cast<std::size_t>(settings.batch);
  writer_config.least_interval = std::chrono::milliseconds(settings.pace_ms);
  data::Writer writer(writer_config, executor, *database, metrics);
  data::Refusals refusals(executor, *database, directory, clock, metrics);
  data::Ingest ingest({client, directory, feed, devices, clock, metrics, writer, refusals});
  Source source(settings, start);
  const auto broker = std::make_shared<Broker>(settings, source, loop);

  spawn(executor, "writer", writer.run());
  const double cpu_before = cpu_seconds();
  const auto began = steady_clock::now();
  broker->deliver(ingest);
  loop.run();
  const double took = seconds_since(began);
  const double cpu = cpu_seconds() - cpu_before - source_cpu;
  const auto readings = static_cast<double>(source.made());
  const auto bytes = static_cast<double>(database->size_bytes());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%.0f readings of %lld devices in %.2f s: %.0f readings/s durable, %.2f us of CPU a "
      "reading, %.1f bytes a reading on disk, %ld MB resident at most\n",
      readings, static_cast<long long>(settings.devices), took, readings / took,
      cpu / readings * 1e6, bytes / readings, usage.ru_maxrss / 1024);
  if (settings.pack) pack(loop, *database, writer, clock, readings);
}

}  // namespace

int main(int count, char** words) {
  croft::log::configure(croft::log::Level::warning, croft::log::Format::text);
  const Settings settings = parse(count, words);
  const auto file =
      std::filesystem::path(settings.directory) / ("croft-bench-" + croft::new_id() + ".db");
  measure(settings, file);
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  return 0;
}
