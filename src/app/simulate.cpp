// Registers virtual nodes, keeps their credentials for the next time, and runs them.
// SPDX-License-Identifier: Apache-2.0
#include "app/simulate.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "app/administration.hpp"
#include "app/state_dir.hpp"
#include "app/wiring.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "device/sim/fleet.hpp"

namespace croft::app {
namespace {

constexpr std::array<const char*, 6> kGreenhouse = {"Tomatoes", "Cucumbers", "Seedlings",
                                                    "Herbs",    "Citrus",    "Orchids"};

std::string node_name(const Simulation& simulation, int number) {
  if (simulation.greenhouse && number < static_cast<int>(kGreenhouse.size()))
    return kGreenhouse[static_cast<std::size_t>(number)];
  return simulation.name + " " + std::to_string(number + 1);
}

// Credentials of earlier runs, one "name<TAB>device<TAB>secret" a line, so that the same nodes come
// back instead of new ones each time. Secrets are shown once, so they must be kept here.
class KnownNodes {
 public:
  explicit KnownNodes(std::filesystem::path file) : file_(std::move(file)) {
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) {
      std::istringstream fields(line);
      sim::Credential node;
      if (std::getline(fields, node.name, '\t') && std::getline(fields, node.device, '\t') &&
          std::getline(fields, node.secret))
        nodes_[node.name] = node;
    }
  }
  const sim::Credential* find(const std::string& name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : &found->second;
  }
  void add(const sim::Credential& node) { nodes_[node.name] = node; }
  void save() const {
    std::ofstream out(file_, std::ios::trunc);
    std::filesystem::permissions(
        file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    for (const auto& [name, node] : nodes_)
      out << name << '\t' << node.device << '\t' << node.secret << '\n';
    if (!out.flush()) throw std::runtime_error("cannot write " + file_.string());
  }

 private:
  std::filesystem::path file_;
  std::map<std::string, sim::Credential> nodes_;
};

std::vector<sim::Credential> nodes_for(const Simulation& simulation,
                                       const std::filesystem::path& folder) {
  const Administration administration(simulation.state_dir);
  const auto user = administration.pick_user(simulation.user);
  std::map<std::string, bool> registered;
  for (const auto& device : administration.devices(user)) registered[device.id] = true;
  KnownNodes known(folder / (user + ".nodes"));
  std::vector<sim::Credential> nodes;
  for (int i = 0; i < simulation.devices; ++i) {
    const auto name = node_name(simulation, i);
    const auto* old = known.find(name);
    if (old != nullptr && registered.contains(old->device)) {
      nodes.push_back(*old);
      continue;
    }
    const auto made = administration.add_device(user, name);
    nodes.push_back({made.id, made.secret, name});
    known.add(nodes.back());
    if (!simulation.quiet && simulation.devices >= 100 && (i + 1) % 100 == 0)
      std::fprintf(stderr, "registered %d of %d nodes\n", i + 1, simulation.devices);
    if ((i + 1) % 100 == 0) known.save();
  }
  known.save();
  return nodes;
}

Task<void> stop_when_told(asio::io_context& loop, sim::Fleet& fleet) {
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  fleet.stop();
}

Task<void> stop_after(std::chrono::seconds time, sim::Fleet& fleet) {
  co_await sleep_for(time);
  fleet.stop();
}

Task<void> run_fleet(asio::io_context& loop, sim::Fleet& fleet) {
  co_await fleet.run();
  loop.stop();
}

HostPort broker_for(const Simulation& simulation) {
  if (!simulation.mqtt_url.empty()) return parse_mqtt_url(simulation.mqtt_url);
  return {"127.0.0.1", ports_of(simulation.state_dir).mqtt};
}

void report(const sim::Stats& stats) {
  std::printf(
      "sent %llu readings (repeats included), %llu stored, %llu still kept by the nodes, "
      "%llu dropped, %llu commands obeyed\n",
      static_cast<unsigned long long>(stats.sent), static_cast<unsigned long long>(stats.stored),
      static_cast<unsigned long long>(stats.buffered),
      static_cast<unsigned long long>(stats.dropped),
      static_cast<unsigned long long>(stats.commands));
}

}  // namespace

int simulate(const Simulation& simulation) {
  const auto broker = broker_for(simulation);
  const auto folder = simulation.state_dir / "virtual-nodes";
  std::filesystem::create_directories(folder);
  sim::Config config;
  config.host = broker.host;
  config.port = broker.port;
  config.tls = broker.tls;
  config.ca_file = simulation.ca_file;
  config.devices = nodes_for(simulation, folder);
  config.interval = simulation.interval;
  config.seed = simulation.seed;
  config.state_dir = folder / "boots";
  std::filesystem::create_directories(config.state_dir);
  config.acknowledged_log = simulation.ack_log;
  if (simulation.quiet) config.progress = std::chrono::seconds(0);

  asio::io_context loop{1};
  const SystemClock clock;
  sim::Fleet fleet(loop.get_executor(), clock, std::move(config));
  spawn(loop.get_executor(), "simulate", stop_when_told(loop, fleet));
  if (simulation.duration.count() > 0)
    spawn(loop.get_executor(), "simulate", stop_after(simulation.duration, fleet));
  spawn(loop.get_executor(), "simulate", run_fleet(loop, fleet));
  loop.run();
  report(fleet.stats());
  return 0;
}

}  // namespace croft::app
