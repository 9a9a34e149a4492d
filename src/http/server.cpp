// Accepts connections, keeps their number bounded, and ends them in good order.
// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/log.hpp"
#include "http/listen.hpp"
#include "http/server_context.hpp"
#include "http/session.hpp"

namespace croft::http {
namespace {

using Failure = boost::system::error_code;
using std::chrono::milliseconds;
constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);

constexpr milliseconds kPause{20};             // before another look when there is no room
constexpr std::size_t kLocalConnections = 32;  // beside the limit, so that an operator gets in
constexpr milliseconds kAfterCut{2000};        // for handlers to notice
constexpr milliseconds kToEnd{50};             // for idle sessions to notice

milliseconds tick_for(const Limits& limits) {
  const auto shortest = std::min(
      {limits.header_timeout, limits.body_timeout, limits.write_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
}

bool is_shortage(const Failure& failure) {
  namespace errc = boost::system::errc;
  return failure == errc::too_many_files_open || failure == errc::too_many_files_open_in_system ||
         failure == errc::no_buffer_space || failure == errc::not_enough_memory;
}

bool close_oldest_idle(ServerContext& context) {
  Session* oldest = nullptr;
  for (auto* session : context.sessions) {
    const bool candidate = session->idle() && !session->local();
    if (candidate && (!oldest || session->idle_since() < oldest->idle_since())) oldest = session;
  }
  if (oldest) oldest->drain();
  return oldest != nullptr;
}

std::size_t connections(const ServerContext& context, bool local) {
  return static_cast<std::size_t>(
      std::count_if(context.sessions.begin(), context.sessions.end(),
                    [&](const auto* session) { return session->local() == local; }));
}

}  // namespace

ServerContext::ServerContext(const Executor& on, Router& with, Metrics& counts,
                             const Limits& within)
    : executor(on),
      router(with),
      metrics(counts),
      limits(within),
      deadlines(std::make_shared<Deadlines>(on, tick_for(within))),
      session_ended(on),
      connections(counts.gauge("http_connections", "HTTP and WebSocket connections now open.")) {}

void ServerContext::count_refusal(int status) {
  auto found = refusals.find(status);
  if (found == refusals.end()) {
    const auto counter =
        metrics.counter("http_refused_total",
                        "Requests refused before any route: malformed, too large or too slow.",
                        {{"status", std::to_string(status)}});
    found = refusals.emplace(status, counter).first;
  }
  found->second.add();
}

struct Server::State : std::enable_shared_from_this<Server::State> {
  struct Door {
    explicit Door(Acceptor a, bool is_local) : acceptor(std::move(a)), local(is_local) {}
    Acceptor acceptor;
    bool local;
    std::filesystem::path path;
  };

  explicit State(std::shared_ptr<ServerContext> shared) : context(std::move(shared)) {}

  void open(std::shared_ptr<Door>);
  void close_doors();
  void cut_all();
  Task<void> accept(std::shared_ptr<Door>);
  Task<bool> make_room(Door&);
  Task<void> overcome(const Failure&);

  std::shared_ptr<ServerContext> context;
  std::vector<std::shared_ptr<Door>> doors;
  log::Throttle shortage{10};
};

void Server::State::open(std::shared_ptr<Door> door) {
  doors.push_back(door);
  auto self = shared_from_this();
  auto story = [](std::shared_ptr<State> state, std::shared_ptr<Door> at) -> Task<void> {
    co_await state->accept(std::move(at));
  };
  spawn(context->executor, "http", story(std::move(self), std::move(door)));
}

Task<void> Server::State::accept(std::shared_ptr<Door> door) {
  while (door->acceptor.is_open()) {
    const bool room = co_await make_room(*door);
    if (!room) continue;
    auto [failure, socket] = co_await door->acceptor.async_accept(kOutcome);
    if (failure) {
      co_await overcome(failure);
      continue;
    }
    if (context->draining) break;
    Failure ignored;
    socket.non_blocking(true, ignored);
    if (!door->local) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    Session::start(context, std::move(socket), door->local);
  }
}

// Waits while the house is full. When somebody stands at the door, the oldest idle guest leaves.
Task<bool> Server::State::make_room(Door& door) {
  const auto limit = door.local ? kLocalConnections : context->limits.connections;
  if (context->sessions.size() < std::min(limit, context->limits.connections)) co_return true;
  if (connections(*context, door.local) < limit) co_return true;
  const auto [failure] = co_await door.acceptor.async_wait(Acceptor::wait_read, kOutcome);
  if (failure) co_return false;
  if (!door.local && close_oldest_idle(*context)) co_return true;
  shortage.write(
      log::Level::warning, "http",
      "every connection is busy; new clients wait (raise [http] connections if this lasts)",
      {{"connections", limit}});
  co_await sleep_for(kPause);
  co_return false;
}

Task<void> Server::State::overcome(const Failure& failure) {
  if (failure == asio::error::operation_aborted || failure == asio::error::connection_aborted)
    co_return;
  const bool short_of = is_shortage(failure);
  shortage.write(log::Level::error, "http",
                 short_of
                     ? "cannot accept a connection: the process has too many open files; raise "
                       "its limit (LimitNOFILE=)"
                     : "cannot accept a connection; trying again",
                 {{"error", failure.message()}});
  if (short_of) close_oldest_idle(*context);
  co_await sleep_for(kPause * 5);
}

void Server::State::close_doors() {
  for (const auto& door : doors) {
    Failure ignored;
    door->acceptor.close(ignored);
    if (!door->path.empty()) ::unlink(door->path.c_str());
  }
  doors.clear();
}

void Server::State::cut_all() {
  std::vector<std::shared_ptr<Session>> alive;  // a cut may end others
  for (auto* session : context->sessions)
    if (auto held = session->weak_from_this().lock()) alive.push_back(std::move(held));
  for (const auto& session : alive) session->cut();
}

Server::Server(const Executor& executor, Router& router, Metrics& metrics, Limits limits)
    : state_(std::make_shared<State>(
          std::make_shared<ServerContext>(executor, router, metrics, limits))) {
  state_->context->deadlines->start();
}

Server::~Server() {
  state_->context->draining = true;
  state_->close_doors();
  state_->cut_all();
  state_->context->deadlines->stop();
}

std::uint16_t Server::listen(const std::string& address) {
  std::uint16_t port = 0;
  auto acceptor = open_tcp(state_->context->executor, address, port);
  state_->open(std::make_shared<State::Door>(std::move(acceptor), false));
  return port;
}

void Server::listen_local(const std::filesystem::path& path) {
  auto door = std::make_shared<State::Door>(open_local(state_->context->executor, path), true);
  door->path = path;
  state_->open(std::move(door));
}

void Server::trust_proxies(std::vector<std::string> addresses) {
  state_->context->proxies = TrustedProxies(addresses);
}

Task<void> Server::drain(std::chrono::milliseconds grace) {
  const auto state = state_;
  auto& context = *state->context;
  context.draining = true;
  state->close_doors();
  for (auto* session : context.sessions) session->drain();

  auto until = std::chrono::steady_clock::now() + std::max(grace, kToEnd);
  for (const bool cut : {false, true}) {
    if (cut) {
      if (context.sessions.empty()) break;
      log::warning("http", "some requests did not finish in time and were cut off",
                   {{"connections", context.sessions.size()}});
      state->cut_all();
      until = std::chrono::steady_clock::now() + kAfterCut;
    }
    while (!context.sessions.empty()) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) break;
      co_await context.session_ended.wait_for(left);
    }
  }
  context.deadlines->stop();
}

}  // namespace croft::http
