// Many nodes that send readings at a rate, come what may, and what became of them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cpu.hpp"
#include "load/load.hpp"
#include "load/node.hpp"

namespace croft::load {
namespace {

class Nodes {
 public:
  explicit Nodes(const Settings& settings) : settings_(settings) {
    std::ifstream in(settings.nodes);
    for (std::string device, secret; in >> device >> secret;)
      nodes_.push_back(
          std::make_unique<Node>(loop_.get_executor(), settings, device, secret, totals_));
    if (nodes_.empty()) throw std::runtime_error("no nodes in " + settings.nodes);
  }

  int run() {
    for (const auto& node : nodes_) spawn(loop_.get_executor(), "node", node->run());
    spawn(loop_.get_executor(), "load", offer());
    spawn(loop_.get_executor(), "load", wait_for_signal());
    spawn(loop_.get_executor(), "load", report());
    loop_.run();
    write_ledger();
    print("result");
    return totals_.acknowledged == totals_.made ? 0 : 1;
  }

 private:
  Task<void> offer() {
    for (std::size_t up = 0; up < nodes_.size() && !ending_;) {
      co_await sleep_for(std::chrono::milliseconds(20));
      up = static_cast<std::size_t>(std::ranges::count_if(nodes_, &Node::connected));
    }
    start_ = steady_clock::now();
    cpu_ = cpu_seconds();
    const auto wall = SystemClock().now();
    const auto end = start_ + std::chrono::duration_cast<steady_clock::duration>(
                                  std::chrono::duration<double>(settings_.seconds));
    std::uint64_t offered = 0;
    while (!ending_ && steady_clock::now() < end &&
           (settings_.most == 0 || totals_.made < settings_.most)) {
      for (auto at = due(start_, offered, settings_.rate); at <= steady_clock::now();
           at = due(start_, ++offered, settings_.rate)) {
        const auto since = std::chrono::duration_cast<Milliseconds>(at - start_);
        nodes_[offered % nodes_.size()]->measure(at, to_ms(wall + since));
      }
      send();
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    offered_for_ = static_cast<double>(us_since(start_)) / 1e6;
    co_await drain();
    over_ = true;
    for (const auto& node : nodes_) node->stop();
    signals_.cancel();
  }

  void send() {
    constexpr std::size_t kOfOneNode = 100;  // so that no node waits for another's backlog
    for (const auto& node : nodes_) node->send(kOfOneNode);
  }

  Task<void> drain() {
    const auto end = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                               std::chrono::duration<double>(settings_.drain));
    while (totals_.acknowledged < totals_.made && steady_clock::now() < end) {
      send();
      co_await sleep_for(std::chrono::milliseconds(2));
    }
    took_ = static_cast<double>(us_since(start_)) / 1e6;
  }

  Task<void> wait_for_signal() {
    const auto [error, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) ending_ = true;
  }

  Task<void> report() {
    for (int ticks = 1; !over_; ++ticks) {
      co_await sleep_for(std::chrono::milliseconds(100));
      if (ticks % 10 == 0) print("progress");
    }
  }

  void print(const char* what) const {
    const auto made = std::max<double>(1, static_cast<double>(totals_.made));
    const double took = took_ > 0 ? took_ : static_cast<double>(us_since(start_)) / 1e6;
    std::printf(
        "%s {\"nodes\":%zu,\"made\":%llu,\"acknowledged\":%llu,\"repeated\":%llu,\"skipped\":%llu,"
        "\"connects\":%llu,\"seconds\":%.2f,\"offered_a_second\":%.0f,\"acknowledged_a_second\":"
        "%.0f,\"latency_ms\":%s,\"cpu_us\":%.2f}\n",
        what, nodes_.size(), static_cast<unsigned long long>(totals_.made),
        static_cast<unsigned long long>(totals_.acknowledged),
        static_cast<unsigned long long>(totals_.repeated),
        static_cast<unsigned long long>(totals_.skipped),
        static_cast<unsigned long long>(totals_.connects), took,
        offered_for_ > 0 ? made / offered_for_ : 0.0,
        took > 0 ? static_cast<double>(totals_.acknowledged) / took : 0.0,
        totals_.latency.json().c_str(), (cpu_seconds() - cpu_) / made * 1e6);
    std::fflush(stdout);
  }

  void write_ledger() const {
    if (settings_.ledger.empty()) return;
    std::ofstream out(settings_.ledger, std::ios::trunc);
    for (const auto& node : nodes_) out << node->line_of_ledger();
    if (!out.flush()) throw std::runtime_error("cannot write " + settings_.ledger);
  }

  const Settings& settings_;
  asio::io_context loop_{1};
  asio::signal_set signals_{loop_, SIGINT, SIGTERM};
  Totals totals_;
  std::vector<std::unique_ptr<Node>> nodes_;
  steady_clock::time_point start_ = steady_clock::now();
  double cpu_ = 0;
  double offered_for_ = 0;
  double took_ = 0;
  bool ending_ = false;
  bool over_ = false;
};

}  // namespace

int readings(const Settings& settings) { return std::make_unique<Nodes>(settings)->run(); }

}  // namespace croft::load
