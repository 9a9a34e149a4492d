// The client's face: coroutines that wait for their reply.
// SPDX-License-Identifier: Apache-2.0
#include "redis/client.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "redis/line.hpp"

namespace croft::redis {
namespace {

// Resumes a coroutine in a turn of its own, so that it cannot disturb whoever hands out replies.
template <class Handler>
class Resumes final : public Waiter {
 public:
  Resumes(Executor executor, Handler handler)
      : executor_(std::move(executor)), handler_(std::move(handler)) {}
  void answer(Result<Reply> reply) override {
    asio::post(executor_, [handler = std::move(handler_), reply = std::move(reply)]() mutable {
      std::move(handler)(std::move(reply));
    });
  }

 private:
  Executor executor_;
  Handler handler_;
};

}  // namespace

Client::Client(const Executor& executor, Options options, Metrics& metrics)
    : line_(std::make_shared<Line>(executor, std::move(options), metrics)) {}

Client::~Client() { line_->stop(); }

Task<Result<Reply>> Client::ask(Command command) {
  const auto line = line_;
  auto start = [&line, &command](auto handler) {
    using Waits = Resumes<decltype(handler)>;
    line->ask(command, std::make_unique<Waits>(line->executor(), std::move(handler)));
  };
  auto reply = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Reply>)>(
      start, asio::use_awaitable);
  co_return line->judge(std::move(reply), command.front());
}

Task<Result<Reply>> Client::run_script(std::string_view script, std::vector<std::string> keys,
                                       std::vector<std::string> arguments) {
  Command command{"EVAL", std::string(script), std::to_string(keys.size())};
  for (auto& key : keys) command.push_back(std::move(key));
  for (auto& argument : arguments) command.push_back(std::move(argument));
  auto reply = co_await ask(std::move(command));
  co_return reply;
}

void Client::on_connected(std::function<void()> listener) {
  line_->on_connected(std::move(listener));
}

const Executor& Client::executor() const { return line_->executor(); }
bool Client::connected() const { return line_->connected(); }
std::string Client::missing() const { return line_->missing(); }
Task<void> Client::run() { return Line::run(line_); }
void Client::stop() { line_->stop(); }

}  // namespace croft::redis
