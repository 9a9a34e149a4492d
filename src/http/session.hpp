// One connection: reads requests, has them answered, writes the answers in order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/deadlines.hpp"
#include "http/listen.hpp"
#include "http/request_parser.hpp"
#include "http/response_writer.hpp"
#include "http/server_context.hpp"
#include "http/websocket_connection.hpp"

namespace croft::http {

class Session final : public Deadline, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<ServerContext>, Socket, bool local);
  ~Session() override;

  // Runs a session until its connection ends.
  static void start(std::shared_ptr<ServerContext>, Socket, bool local);

  bool local() const { return local_; }
  bool idle() const { return phase_ == Phase::idle; }
  Clock::time_point idle_since() const { return idle_since_; }
  void drain();  // closes when idle, says goodbye to a WebSocket; a request is still answered
  void cut();    // closes at once and cancels the handler

 private:
  enum class Phase { idle, reading, handling, writing, leaving, websocket };
  enum class Stage { waiting, header, body };  // of the request under way

  Task<void> run();
  Task<bool> read_request();
  Task<bool> read_more();
  Task<bool> serve();
  Task<bool> send(Response&, const Request&);
  Task<bool> send_stream(Response&, const HeadOptions&);
  Task<bool> send_chunk(std::string& chunk, bool framed);
  Task<void> refuse(Refusal);
  Task<void> talk(Request&, WebSocketHandler);
  // Writes both pieces. `first` may be the shared head; `second` must outlive the call.
  Task<bool> write(std::string_view first, std::string_view second);
  Task<void> leave();

  void expired() override;
  void begin_request();
  void end_request();
  void feed();
  bool crowded() const;
  bool make_room();
  void enter(Phase, std::chrono::milliseconds limit);
  void report_broken_stream(const std::exception_ptr&);
  void report_broken_talk(const std::exception_ptr&);

  std::shared_ptr<ServerContext> context_;
  Socket socket_;
  bool local_;
  Phase phase_ = Phase::idle;
  Stage stage_ = Stage::waiting;
  bool continued_ = false;  // 100 Continue was sent
  bool timed_out_ = false;
  bool linger_ = false;
  bool cut_ = false;
  Clock::time_point idle_since_;
  std::optional<RequestParser> parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::size_t accounted_ = 0;     // of the body under way, in context_->bodies_bytes
  std::size_t sent_in_turn_ = 0;  // of a long answer, since others had their turn
  std::string remote_;
  std::shared_ptr<WebSocketConnection> websocket_;
  asio::cancellation_signal cancel_;
};

}  // namespace croft::http
