// Beast's push parser writing straight into a Request, with the stricter rules of a public server.
// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace croft::http {
namespace {

namespace beast = boost::beast;
using beast::http::error;
using BeastText = beast::string_view;
using ErrorCode = beast::error_code;

constexpr std::size_t kReserveAtMost = 64 * 1024;  // a promised length costs the sender nothing
constexpr std::size_t kShortestChunkedBody = std::string_view("0\r\n\r\n").size();
constexpr std::size_t kRequestLineExtra = 32;  // method and version beside the target

std::string_view view(BeastText text) { return {text.data(), text.size()}; }

bool starts_a_method(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty())
    if (equal_ignoring_case(take_element(list), token)) return true;
  return false;
}

// Bare CR or LF, a NUL, and a line that continues the one before (obs-fold) are read differently by
// different servers, which is how requests are smuggled.
bool has_doubtful_lines(std::string_view header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char next = i + 1 < header.size() ? header[i + 1] : '\0';
    if (header[i] == '\0') return true;
    if (header[i] == '\r' && next != '\n') return true;
    if (header[i] == '\n' && (i == 0 || header[i - 1] != '\r' || next == ' ' || next == '\t'))
      return true;
  }
  return false;
}

Refusal explain(const ErrorCode& failure) {
  if (failure == error::bad_version)
    return {505, "Croft speaks HTTP/1.1 and HTTP/1.0; the request line names another version."};
  if (failure == error::body_limit) return {413, "The request body is too large."};
  if (failure == error::header_limit) return {431, "The request header is too large."};
  return {400, "The request is not HTTP: " + failure.message() + "."};
}

}  // namespace

struct RequestParser::State final : beast::http::basic_parser<true> {
  explicit State(const Sizes& with) : sizes(with) {
    header_limit(static_cast<std::uint32_t>(with.header_bytes + 4));
    body_limit(with.body_bytes);
  }

  void refuse(int status, std::string detail) {
    if (!refusal) refusal = Refusal{status, std::move(detail)};
  }
  void refuse(int status, std::string detail, ErrorCode& failure) {
    refuse(status, std::move(detail));
    failure = error::bad_value;
  }

  // Whether the header may be given to Beast: it is whole and holds no doubtful lines.
  bool header_ready(std::string_view bytes);
  void check_target(ErrorCode&);
  void check_framing(ErrorCode&);

  void on_request_impl(beast::http::verb, BeastText method, BeastText target, int version,
                       ErrorCode& failure) override {
    minor = version - 10;
    const auto known = http::parse_method(view(method));
    if (!known) return refuse(501, "Croft does not know this method.", failure);
    request.method = *known;
    request.target = view(target);
  }
  void on_response_impl(int, BeastText, int, ErrorCode&) override {}
  void on_field_impl(beast::http::field, BeastText name, BeastText value,
                     ErrorCode& failure) override {
    if (header_done) return;  // a trailer: nothing in Croft asks for one
    if (++fields > sizes.fields) return refuse(431, "The request has too many headers.", failure);
    request.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(ErrorCode& failure) override {
    header_done = true;
    eager(true);
    check_framing(failure);
    if (!failure) check_target(failure);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (length) request.body.reserve(std::min<std::size_t>(*length, kReserveAtMost));
  }
  std::size_t on_body_impl(BeastText piece, ErrorCode&) override {
    request.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastText, ErrorCode&) override { chunk_seen = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText piece, ErrorCode&) override {
    request.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Sizes sizes;
  Request request;
  std::optional<Refusal> refusal;
  std::size_t scanned = 0;
  std::size_t fields = 0;
  int minor = 1;
  bool header_seen = false;  // whole in the buffer
  bool header_done = false;  // parsed and accepted
  bool chunk_seen = false;
  bool expects_continue = false;
  bool websocket = false;
};

bool RequestParser::State::header_ready(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (!starts_a_method(bytes.front())) {
    refuse(400, bytes.front() == '\x16'
                    ? "This port speaks plain HTTP; the request came under TLS (use http://)."
                    : "The request is not HTTP.");
    return false;
  }
  const auto end = bytes.find("\r\n\r\n", scanned);
  const bool whole = end != std::string_view::npos;
  const auto size = whole ? end + 4 : bytes.size();
  if (bytes.substr(0, sizes.target_bytes + kRequestLineExtra).find('\n') ==
          std::string_view::npos &&
      bytes.size() >= sizes.target_bytes + kRequestLineExtra) {
    refuse(414,
           "The request target is longer than " + std::to_string(sizes.target_bytes) + " bytes.");
  } else if (size > sizes.header_bytes || (!whole && size == sizes.header_bytes)) {
    refuse(431,
           "The request header is larger than " + std::to_string(sizes.header_bytes) + " bytes.");
  } else if (whole && has_doubtful_lines(bytes.substr(0, size))) {
    refuse(400, "The header holds a folded line, a bare line ending or a NUL.");
  }
  scanned = bytes.size() < 3 ? 0 : bytes.size() - 3;
  return whole && !refusal;
}

void RequestParser::State::check_framing(ErrorCode& failure) {
  const auto& headers = request.headers;
  const auto lengths = headers.count("Content-Length");
  const auto encodings = headers.count("Transfer-Encoding");
  const auto length = headers.get("Content-Length");
  if (lengths > 1 || length.find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(400, "Content-Length must be given once, as one number.", failure);
  if (encodings > 0 && (lengths > 0 || encodings > 1 || minor == 0))
    return refuse(400, "Transfer-Encoding must be the one thing that tells the length.", failure);
  if (encodings > 0 && !equal_ignoring_case(headers.get("Transfer-Encoding"), "chunked"))
    return refuse(501, "Croft knows no transfer encoding but chunked.", failure);

  const auto hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && minor == 1))
    return refuse(400, "An HTTP/1.1 request carries exactly one Host header.", failure);

  if (const auto expect = headers.get("Expect"); !expect.empty()) {
    if (!equal_ignoring_case(expect, "100-continue"))
      return refuse(417, "Croft knows no expectation but 100-continue.", failure);
    expects_continue = minor == 1 && !is_done();
  }
  websocket = upgrade() && minor == 1 && request.method == Method::get &&
              has_token(headers.get("Upgrade"), "websocket");
  if (websocket && (encodings > 0 || (lengths > 0 && length != "0")))
    refuse(400, "A WebSocket handshake carries no body.", failure);
}

void RequestParser::State::check_target(ErrorCode& failure) {
  std::string_view target = request.target;
  if (target.size() > sizes.target_bytes)
    return refuse(414, "The request target is too long.", failure);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto authority_end = std::min(target.find_first_of("/?"), target.size());
    request.headers.set("Host", std::string(target.substr(0, authority_end)));
    target.remove_prefix(authority_end);
    if (target.empty() || target.front() == '?') request.path = "/";
    break;
  }
  const auto question = std::min(target.find('?'), target.size());
  if (request.path.empty() || question > 0) {
    auto path = decode_path(target.substr(0, question));
    if (!path || target.find('#') != std::string_view::npos)
      return refuse(400, "The request target is not a plain, percent-encoded path.", failure);
    request.path = std::move(*path);
  }
  if (question == target.size()) return;
  auto query = parse_query(target.substr(question + 1));
  if (!query) return refuse(400, query.error().message, failure);
  request.query = std::move(*query);
}

RequestParser::RequestParser(const Sizes& sizes) : state_(std::make_unique<State>(sizes)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  auto& state = *state_;
  if (state.refusal || complete()) return 0;
  std::size_t taken = 0;
  if (!state.header_seen) {
    // Some clients end a body with one line ending too many; RFC 9112 asks to overlook it.
    while (state.scanned == 0 && bytes.substr(taken, 2) == "\r\n") taken += 2;
    const auto rest = bytes.substr(taken);
    if (rest == "\r" || !state.header_ready(rest)) return taken;
    state.header_seen = true;
  }
  while (taken < bytes.size() && !state.is_done()) {
    // Beast asserts that it sees a body of no chunks whole.
    const bool first_chunk = state.header_done && state.chunked() && !state.chunk_seen;
    if (first_chunk && bytes.size() - taken < kShortestChunkedBody) break;
    ErrorCode failure;
    const auto used =
        state.put(boost::asio::const_buffer(bytes.data() + taken, bytes.size() - taken), failure);
    taken += used;
    if (failure == error::need_more) break;
    if (failure) {
      const auto why = explain(failure);
      state.refuse(why.status, why.detail);
      break;
    }
  }
  return taken;
}

bool RequestParser::header_complete() const { return state_->header_done && !state_->refusal; }
bool RequestParser::complete() const { return header_complete() && state_->is_done(); }
const std::optional<Refusal>& RequestParser::refusal() const { return state_->refusal; }
bool RequestParser::http_1_0() const { return state_->minor == 0; }
bool RequestParser::keep_alive() const { return state_->keep_alive(); }
bool RequestParser::expects_continue() const { return state_->expects_continue; }
bool RequestParser::wants_websocket() const { return state_->websocket; }
Request& RequestParser::request() { return state_->request; }

}  // namespace croft::http
