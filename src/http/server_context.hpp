// What all sessions of one server share; private to the server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/metrics.hpp"
#include "http/deadlines.hpp"
#include "http/proxies.hpp"
#include "http/response_writer.hpp"
#include "http/server.hpp"

namespace croft::http {

class Session;

struct ServerContext {
  ServerContext(const Executor&, Router&, Metrics&, const Limits&);

  void count_refusal(int status);

  Executor executor;
  Router& router;
  Metrics& metrics;
  Limits limits;
  std::shared_ptr<Deadlines> deadlines;
  TrustedProxies proxies;
  ResponseWriter writer;
  std::string head;  // the head being written; only between two suspensions
  std::unordered_set<Session*> sessions;
  std::size_t bodies_bytes = 0;  // held by request bodies under way
  bool draining = false;
  Event session_ended;
  Gauge connections;
  std::map<int, Counter> refusals;
};

}  // namespace croft::http
