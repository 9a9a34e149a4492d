// The board made of software: sensors read the greenhouse, the connection is the platform's own.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/virtual_node.hpp"

#include <array>
#include <utility>

#include "protocol/topics.hpp"

namespace croft::sim {
namespace {

using protocol::Kind;

constexpr std::array<core::Sensor, 3> kSensors{
    {{"temperature", 1}, {"humidity", 0}, {"soilMoisture", 0}}};
constexpr std::size_t kLed = 0;
constexpr std::size_t kPump = 1;
// A forgotten pump drowns what it waters.
constexpr std::array<core::Actuator, 2> kActuators{{{"led", false, 0}, {"pump", false, 1800}}};

constexpr std::size_t kPayloadBytes = 8 * 1024;
constexpr std::size_t kOutgoingMessages = 64;
constexpr std::size_t kOutgoingBytes = 64 * 1024;
constexpr std::chrono::seconds kKeepAlive{60};
// How long the broker keeps commands for a node that is away.
constexpr std::chrono::seconds kSessionExpiry{600};

std::string topic_of(const std::string& device, Kind kind) {
  char buffer[protocol::kMaxTopicBytes];
  return std::string(protocol::write_topic(device, kind, buffer, sizeof buffer));
}

}  // namespace

Surroundings::Surroundings(const Executor& on, const Clock& clock, const Config& config)
    : executor(on),
      wall(clock),
      host(config.host),
      port(config.port),
      tls(config.tls),
      ca_file(config.ca_file),
      interval(config.interval),
      buffer(config.buffer),
      seed(config.seed),
      sky(config.seed),
      boots(config.state_dir),
      payload(kPayloadBytes) {}

std::uint64_t Surroundings::uptime_ms() const {
  const auto passed = std::chrono::steady_clock::now() - start;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

VirtualNode::VirtualNode(Surroundings& surroundings, std::uint32_t number, Credential credential)
    : shared_(surroundings),
      number_(number),
      device_(std::move(credential.device)),
      plot_(surroundings.seed, number),
      outbox_(new unsigned char[core::Outbox::bytes_for(surroundings.buffer, kSensors.size())]),
      node_(config(), memory(), *this, *this),
      client_(surroundings.executor, options(std::move(credential.secret))) {}

core::NodeConfig VirtualNode::config() const {
  core::NodeConfig config;
  config.device = device_;
  config.sensors = kSensors.data();
  config.sensor_count = kSensors.size();
  config.actuators = kActuators.data();
  config.actuator_count = kActuators.size();
  config.interval_ms = static_cast<std::uint32_t>(shared_.interval.count());
  return config;
}

core::NodeMemory VirtualNode::memory() {
  return {outbox_.get(), core::Outbox::bytes_for(shared_.buffer, kSensors.size()),
          shared_.payload.data(), shared_.payload.size()};
}

mqtt::Options VirtualNode::options(std::string secret) const {
  mqtt::Options options;
  options.host = shared_.host;
  options.port = shared_.port;
  options.tls = shared_.tls;
  options.ca_file = shared_.ca_file;
  options.client_id = device_;
  options.username = device_;
  options.password = std::move(secret);
  options.will = mqtt::Will{topic_of(device_, Kind::status), std::string(protocol::kOffline)};
  options.keep_alive = kKeepAlive;
  options.session_expiry = kSessionExpiry;
  options.receive_maximum = 20;
  options.outgoing_messages = kOutgoingMessages;
  options.outgoing_bytes = kOutgoingBytes;
  return options;
}

Task<void> VirtualNode::run() {
  listen();
  node_.start();
  running_ = true;
  shared_.wants_tick(number_);
  co_await client_.run();
  running_ = false;
}

void VirtualNode::listen() {
  for (Kind kind : {Kind::telemetry_ack, Kind::command}) {
    client_.subscribe(topic_of(device_, kind), 1, [this](mqtt::Delivery delivery) {
      node_.on_message(delivery.topic(), delivery.payload());
      delivery.acknowledge();
      shared_.wants_tick(number_);
    });
  }
  client_.on_connected([this](bool) {
    node_.on_connected();
    shared_.wants_tick(number_);
  });
  client_.on_lost([this](std::string_view) { node_.on_lost(); });
}

void VirtualNode::tick() {
  if (running_) node_.tick();
}

std::uint64_t VirtualNode::next_due_ms() { return running_ ? node_.next_due_ms() : core::kNever; }

void VirtualNode::stop() {
  node_.say_goodbye();
  client_.stop();
}

std::optional<float> VirtualNode::read_sensor(std::size_t sensor) {
  // The sensors are read in order: the first brings the plot up to date.
  if (sensor == 0) plot_.advance(shared_.sky, to_ms(shared_.wall.now()), influence_);
  switch (sensor) {
    case 0:
      return plot_.temperature();
    case 1:
      return plot_.humidity();
    case 2:
      return plot_.soil_moisture();
    default:
      return std::nullopt;
  }
}

bool VirtualNode::set_actuator(std::size_t actuator, bool on) {
  plot_.advance(shared_.sky, to_ms(shared_.wall.now()), influence_);
  if (actuator == kLed) influence_.lamp = on;
  if (actuator == kPump) influence_.pump = on;
  return true;
}

std::optional<std::uint32_t> VirtualNode::load(core::Setting) {
  return shared_.boots.load(device_);
}

bool VirtualNode::save(core::Setting, std::uint32_t value) {
  return shared_.boots.save(device_, value);
}

void VirtualNode::log(core::Level level, std::string_view message, std::string_view detail) {
  if (level == core::Level::info) {
    log::debug("sim", message, {{"device", device_}, {"detail", detail}});
  } else {
    shared_.complaints.write(log::Level::warning, "sim", message,
                             {{"device", device_}, {"detail", detail}});
  }
}

void VirtualNode::stored(std::uint32_t boot, std::uint32_t seq) {
  if (shared_.acknowledged.is_open()) {
    shared_.acknowledged << device_ << ' ' << boot << ' ' << seq << '\n';
  }
}

bool VirtualNode::publish(std::string_view topic, std::string_view payload, int qos, bool retain) {
  return client_.connected() &&
         client_.post({std::string(topic), std::string(payload), qos, retain});
}

}  // namespace croft::sim
