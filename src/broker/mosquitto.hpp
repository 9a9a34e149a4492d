// Our own Mosquitto: configured, started, watched, restarted, ended.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "broker/child.hpp"
#include "broker/mosquitto_conf.hpp"

namespace croft::broker {

// Writes the configuration and becomes the broker, for one that runs without a Croft around it:
// does not return. Throws runtime_error with one line that says what to do.
[[noreturn]] void become_mosquitto(const Config&);

// The loop owns it; it must outlive the tasks that watch() and stop() give.
class Mosquitto {
 public:
  Mosquitto(const Executor&, Config, Metrics&);
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;
  // Ends the broker, in order if it can; blocks up to five seconds when stop() was not called.
  ~Mosquitto();

  // Starts it and waits until it accepts connections: tens of milliseconds, or up to ten seconds
  // when the broker of a killed Croft still saves its store. Blocks. Answers its port. Throws
  // runtime_error with one line that says what to do. Call it on the program's main thread.
  std::uint16_t start();
  // Passes its log lines on, and starts it again when it dies; returns after stop().
  Task<void> watch();
  // Lets it save its store and end; kills it after five seconds.
  Task<void> stop();

  std::uint16_t port() const { return addresses_.plain.port; }
  // 0 when it listens nowhere with TLS.
  std::uint16_t tls_port() const { return addresses_.tls ? addresses_.tls->port : 0; }
  pid_t pid() const { return child_ ? child_->pid() : -1; }

 private:
  void launch();
  void wait_until_ready();
  void wait_for_predecessor() const;
  void check_ports() const;
  void take_free_ports();
  bool accepts() const;
  std::string read_pending();
  Task<void> pass_on_lines();
  void log_line(std::string_view line);
  std::filesystem::path file(const char* name) const;

  Executor executor_;
  Config config_;
  Counter restarts_;
  Addresses addresses_;
  std::string program_;
  bool any_port_ = false;
  bool stopping_ = false;
  std::unique_ptr<Child> child_;
  asio::posix::stream_descriptor output_;
  std::string last_error_;  // the broker's own words
};

}  // namespace croft::broker
