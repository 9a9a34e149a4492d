// The connection to Redis: reached, greeted, pipelined over, watched, dropped, reached again.
// SPDX-License-Identifier: Apache-2.0
#include "redis/line.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace croft::redis {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kGone = "Redis does not answer now; try again in a moment";

Error unavailable(std::string_view what = kGone) {
  Error error = fail(Code::unavailable, std::string(what));
  error.retry_after_seconds = 2;
  return error;
}

// What we ask ourselves; called within the turn in which the reply comes.
template <class F>
class Own final : public Waiter {
 public:
  explicit Own(F then) : then_(std::move(then)) {}
  void answer(Result<Reply> reply) override { then_(std::move(reply)); }

 private:
  F then_;
};

template <class F>
std::unique_ptr<Waiter> own(F then) {
  return std::make_unique<Own<F>>(std::move(then));
}

void encode(std::string& out, const Command& command) {
  out += '*' + std::to_string(command.size()) + "\r\n";
  for (const auto& word : command) {
    out += '$' + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
}

std::size_t bytes_of(const Command& command) {
  std::size_t bytes = 16;
  for (const auto& word : command) bytes += word.size() + 16;
  return bytes;
}

// Anything Redis says, made fit for a log line.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c >= ' ' && c < 0x7F ? c : '?';
  return out;
}

bool is_error(const Result<Reply>& reply) { return reply && reply->kind == Reply::Kind::error; }

// Redis is there, and yet this connection to it is of no use (or another one would be of more).
bool useless(const Reply& reply) {
  const std::string_view error = reply.text;
  return reply.kind == Reply::Kind::error &&
         (error.starts_with("READONLY") || error.starts_with("NOAUTH") ||
          error.starts_with("LOADING") || error.starts_with("MASTERDOWN"));
}

}  // namespace

Client::Line::Line(const Executor& executor, Options options, Metrics& metrics)
    : executor_(executor),
      options_(std::move(options)),
      socket_(executor),
      timer_(executor),
      stopped_(executor),
      backoff_(options_.backoff_least, options_.backoff_most),
      commands_(metrics.counter("redis_commands_total", "Commands asked of Redis.")),
      failures_(metrics.counter("redis_failed_commands_total",
                                "Commands that Redis did not answer in time, or refused.")),
      up_(metrics.gauge("redis_connected", "1 while Redis is connected.")) {}

std::string Client::Line::missing() const {
  return connected() ? "" : "Redis is not connected: " + reason_;
}

Task<void> Client::Line::run(std::shared_ptr<Line> self) {
  while (!self->stopping_) {
    co_await self->connect();
    co_await self->receive();
    self->tell_loss();
    co_await self->pause();
  }
}

Task<void> Client::Line::connect() {
  phase_ = Phase::connecting;
  refused_ = false;
  ++epoch_;
  reader_ = std::make_unique<Reader>();
  watch(Clock::now() + options_.limit);
  const auto endpoints = co_await resolve();
  for (const auto& endpoint : endpoints) {
    if (phase_ != Phase::connecting) co_return;
    co_await attach(endpoint);
    if (phase_ == Phase::greeting) co_return greet();
  }
  if (phase_ == Phase::connecting) drop(reason_);
}

Task<std::vector<tcp::endpoint>> Client::Line::resolve() {
  std::vector<tcp::endpoint> endpoints;
  error_code not_literal;
  const auto address = asio::ip::make_address(options_.host, not_literal);
  if (!not_literal) {
    endpoints.emplace_back(address, options_.port);
    co_return endpoints;
  }
  tcp::resolver resolver(executor_);
  auto [error, found] =
      co_await resolver.async_resolve(options_.host, std::to_string(options_.port), kAsTuple);
  if (error && phase_ == Phase::connecting) reason_ = error.message();
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<void> Client::Line::attach(tcp::endpoint endpoint) {
  socket_ = tcp::socket(executor_);
  auto [error] = co_await socket_.async_connect(endpoint, kAsTuple);
  if (phase_ != Phase::connecting) co_return;
  if (error) {
    reason_ = error.message();
    co_return;
  }
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  phase_ = Phase::greeting;
}

// All at once; the last answer decides.
void Client::Line::greet() {
  last_heard_ = Clock::now();
  const auto must = [this](const char* what) {
    return own([this, what](Result<Reply> reply) {
      if (is_error(reply) && !useless(*reply))
        refuse(std::string(what) + ": " + printable(reply->text));
    });
  };
  if (!options_.password.empty()) {
    Command command{"AUTH", options_.password};
    if (!options_.username.empty()) command.insert(command.begin() + 1, options_.username);
    send(command, must("it refuses the user name or password"));
  }
  send({"CLIENT", "SETNAME", options_.name}, own([](Result<Reply>) {}));
  if (options_.database != 0)
    send({"SELECT", std::to_string(options_.database)}, must("it has no such database"));
  send({"PING"}, own([this](Result<Reply> reply) {
         if (phase_ != Phase::greeting || !reply) return;
         if (is_error(reply) && reply->text.starts_with("NOAUTH"))
           return refuse("it wants a password, and none is configured");
         if (is_error(reply)) return drop(printable(reply->text));
         if (reply->text != "PONG") return drop("what answers there is not Redis");
         greeted();
       }));
}

void Client::Line::greeted() {
  phase_ = Phase::connected;
  reason_.clear();
  backoff_.reset();
  up_.set(1);
  if (std::exchange(been_lost_, false))
    log::info("redis", "connected", {{"host", options_.host}, {"port", options_.port}});
  for (std::size_t i = 0; i < connected_.size() && connected(); ++i) connected_[i]();
}

void Client::Line::refuse(std::string reason) {
  refused_ = true;
  drop(std::move(reason));
}

Task<void> Client::Line::receive() {
  while (phase_ != Phase::idle) {
    const auto epoch = epoch_;
    auto [error, count] = co_await socket_.async_read_some(asio::buffer(bytes_), kAsTuple);
    if (phase_ == Phase::idle || epoch != epoch_) co_return;
    if (error) {
      drop(error == asio::error::eof ? "it closed the connection" : error.message());
    } else {
      last_heard_ = Clock::now();
      graces_ = 0;
      reader_->feed({bytes_.data(), count});
      take_replies();
    }
  }
}

void Client::Line::take_replies() {
  while (phase_ != Phase::idle) {
    auto reply = reader_->next();
    if (!reply) break;
    if (pending_.empty()) return drop("it said something that nobody asked for");
    auto pending = std::move(pending_.front());
    pending_.pop_front();
    const auto why_leave = connected() && useless(*reply) ? printable(reply->text) : std::string();
    if (pending.waiter) pending.waiter->answer(std::move(*reply));
    if (!why_leave.empty()) drop(why_leave);
  }
  if (phase_ != Phase::idle && reader_->broken()) drop("what it sends is not Redis' protocol");
}

// Ends the connection; whoever waits is told at once.
void Client::Line::drop(std::string reason) {
  if (phase_ == Phase::idle) return;
  phase_ = Phase::idle;
  reason_ = std::move(reason);
  up_.set(0);
  ++watch_round_;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  out_.clear();
  sending_bytes_ = 0;
  write_scheduled_ = false;
  auto lost = std::exchange(pending_, {});
  for (auto& pending : lost)
    if (pending.waiter) pending.waiter->answer(unavailable());
}

void Client::Line::tell_loss() {
  if (stopping_) return;
  const auto said = been_lost_ ? "waiting for Redis; nobody can log in or be let in meanwhile"
                               : "lost Redis; nobody can log in or be let in until it is back";
  been_lost_ = true;
  losses_.write(log::Level::warning, "redis", said,
                {{"host", options_.host}, {"port", options_.port}, {"error", reason_}});
}

Task<void> Client::Line::pause() {
  if (stopping_) co_return;
  const auto wait = refused_ ? options_.backoff_most : backoff_.next();
  co_await stopped_.wait_for(wait);
}

void Client::Line::stop() {
  stopping_ = true;
  drop("Croft is stopping");
  stopped_.raise();
}

void Client::Line::ask(const Command& command, std::unique_ptr<Waiter> waiter) {
  commands_.add();
  if (!connected()) return waiter->answer(unavailable());
  if (pending_.size() >= options_.most_commands ||
      out_.size() + sending_bytes_ + bytes_of(command) > options_.most_bytes)
    return waiter->answer(unavailable("too much is asked of Redis at once; try again in a moment"));
  send(command, std::move(waiter));
}

Result<Reply> Client::Line::judge(Result<Reply> reply, std::string_view command) {
  if (reply && !is_error(reply)) return reply;
  failures_.add();
  if (!reply) return reply;
  refusals_.write(log::Level::error, "redis", "Redis refuses a command",
                  {{"command", command}, {"error", printable(reply->text)}});
  return unavailable();
}

void Client::Line::send(const Command& command, std::unique_ptr<Waiter> waiter) {
  const auto deadline = Clock::now() + options_.limit;
  encode(out_, command);
  pending_.push_back({std::move(waiter), deadline});
  if (timer_.expiry() > deadline) watch(deadline);
  schedule_write();
}

// Once for all that is asked in this turn of the loop, and again when that has gone.
void Client::Line::schedule_write() {
  if (std::exchange(write_scheduled_, true)) return;
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self) self->write();
  });
}

void Client::Line::write() {
  if (phase_ == Phase::idle || phase_ == Phase::connecting || out_.empty() || sending_bytes_ > 0) {
    write_scheduled_ = false;
    return;
  }
  const auto bytes = std::make_shared<std::string>(std::exchange(out_, {}));
  sending_bytes_ = bytes->size();
  auto then = [weak = weak_from_this(), bytes, epoch = epoch_](error_code error, std::size_t) {
    const auto self = weak.lock();
    if (!self || self->epoch_ != epoch) return;
    self->sending_bytes_ = 0;
    if (error) return self->drop(error.message());
    self->write();
  };
  asio::async_write(socket_, asio::buffer(*bytes), std::move(then));
}

void Client::Line::watch(Clock::time_point until) {
  const auto round = ++watch_round_;
  timer_.expires_at(until);
  timer_.async_wait([weak = weak_from_this(), round](error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->watch_round_ == round) self->look_at_the_time();
  });
}

// The oldest command tells for all: they are answered in order.
void Client::Line::look_at_the_time() {
  const auto now = Clock::now();
  const auto limit = std::to_string(options_.limit.count()) + " ms";
  if (phase_ == Phase::connecting) return drop("no connection within " + limit);
  if (pending_.empty() && now - last_heard_ >= options_.ping_every) send({"PING"}, nullptr);
  const auto due = pending_.empty() ? last_heard_ + options_.ping_every : pending_.front().deadline;
  if (now < due) return watch(due);
  // When this process itself was late, the answer is there already, only not read yet.
  error_code ignored;
  if (socket_.available(ignored) > 0 && ++graces_ < 10) return watch(now + milliseconds(10));
  drop("no answer within " + limit);
}

}  // namespace croft::redis
