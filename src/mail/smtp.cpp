// Speaks SMTP through libcurl, and puts what went wrong into words.
// SPDX-License-Identifier: Apache-2.0
#include "mail/smtp.hpp"

#define CURL_DISABLE_TYPECHECK  // its macros would call curl_easy_setopt by name
#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace croft::mail {
namespace {

using Kind = Outcome::Kind;

// libcurl and what it draws in cost 3 MB of memory, so it is opened by name and only when wanted.
class Curl {
 public:
  Curl() : library_(::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr)
      throw std::runtime_error(
          "smtp.url is set, but libcurl is not installed (libcurl.so.4); on Debian: apt install "
          "libcurl4");
    find(global_init, "curl_global_init");
    find(init, "curl_easy_init");
    find(set, "curl_easy_setopt");
    find(perform, "curl_easy_perform");
    find(cleanup, "curl_easy_cleanup");
    find(append, "curl_slist_append");
    find(free_list, "curl_slist_free_all");
    find(explain, "curl_easy_strerror");
    if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw std::runtime_error("libcurl does not start");
  }
  // Never closed: TLS libraries leave handlers behind that must stay where they are.

  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) init;
  decltype(&curl_easy_setopt) set;
  decltype(&curl_easy_perform) perform;
  decltype(&curl_easy_cleanup) cleanup;
  decltype(&curl_slist_append) append;
  decltype(&curl_slist_free_all) free_list;
  decltype(&curl_easy_strerror) explain;

 private:
  template <class F>
  void find(F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(library_, name));
    if (function == nullptr)
      throw std::runtime_error(std::string("the installed libcurl has no ") + name);
  }
  void* library_;
};

const Curl& curl() {
  static const Curl loaded;
  return loaded;
}

// Anything a server says, made fit for a log line and a mail list.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300))
    out += c >= ' ' && c < 0x7F ? c : (c == '\r' || c == '\n') ? ' ' : '?';
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// One conversation: what is left to send, and what the server said last.
struct Conversation {
  std::string_view rest;
  const std::atomic<bool>* stopped = nullptr;
  std::string last;       // its last line
  int code = 0;           // of that line
  bool knows_us = false;  // EHLO was answered: what it says from now on is about us
  bool data = false;      // it asked for the message (354)

  void hear(std::string_view line) {
    if (line.size() < 3 ||
        !std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; }))
      return;
    if (line.starts_with("221")) return;  // a farewell says nothing of what went before
    code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    last = printable(line);
    if (code == 250) knows_us = true;
    if (code == 354) data = true;
  }
};

std::size_t on_line(char* text, std::size_t size, std::size_t count, void* conversation) {
  static_cast<Conversation*>(conversation)->hear({text, size * count});
  return size * count;
}

std::size_t on_read(char* to, std::size_t size, std::size_t count, void* conversation) {
  auto& rest = static_cast<Conversation*>(conversation)->rest;
  const auto taken = std::min(rest.size(), size * count);
  std::memcpy(to, rest.data(), taken);
  rest.remove_prefix(taken);
  return taken;
}

int on_progress(void* conversation, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Conversation*>(conversation)->stopped->load() ? 1 : 0;
}

// Refusals that are about the set-up and not about this one message.
bool concerns_login(int code) {
  return code == 421 || code == 454 || code == 530 || code == 534 || code == 535 || code == 538;
}

class Smtp final : public Transport {
 public:
  explicit Smtp(SmtpConfig config) : config_(std::move(config)) { curl(); }

  Outcome send(const Envelope& envelope) override {
    if (stopped_) return {Kind::unreachable, "Croft is stopping"};
    Conversation talk{envelope.content, &stopped_, "", 0, false, false};
    CURL* handle = curl().init();
    if (handle == nullptr) return {Kind::unreachable, "there is no memory for sending mail"};
    auto* recipients = curl().append(nullptr, ("<" + envelope.to + ">").c_str());
    std::array<char, CURL_ERROR_SIZE> detail{};
    const auto set = [handle](CURLoption option, auto value) { curl().set(handle, option, value); };
    prepare(set, envelope);
    set(CURLOPT_MAIL_RCPT, recipients);
    set(CURLOPT_ERRORBUFFER, detail.data());
    set(CURLOPT_HEADERFUNCTION, &on_line);
    set(CURLOPT_HEADERDATA, &talk);
    set(CURLOPT_READFUNCTION, &on_read);
    set(CURLOPT_READDATA, &talk);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_XFERINFODATA, &talk);
    const auto result = curl().perform(handle);
    curl().cleanup(handle);
    curl().free_list(recipients);
    return judge(result, talk, detail.data());
  }

  void stop() override { stopped_ = true; }

 private:
  template <class Set>
  void prepare(const Set& set, const Envelope& envelope) const;
  Outcome judge(CURLcode, const Conversation&, const char* detail) const;
  std::string words_for(CURLcode, const char* detail) const;

  std::string place() const {
    return config_.server.host + ":" + std::to_string(config_.server.port);
  }

  SmtpConfig config_;
  std::atomic<bool> stopped_{false};
};

template <class Set>
void Smtp::prepare(const Set& set, const Envelope& envelope) const {
  const auto& server = config_.server;
  const bool bracketed = server.host.find(':') != std::string::npos;
  const auto url = std::string(server.tls ? "smtps://" : "smtp://") +
                   (bracketed ? "[" + server.host + "]" : server.host) + ":" +
                   std::to_string(server.port);
  set(CURLOPT_URL, url.c_str());  // libcurl keeps copies of texts
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(config_.connect_limit.count()));
  set(CURLOPT_TIMEOUT, static_cast<long>(config_.whole_limit.count()));
  set(CURLOPT_MAIL_FROM, ("<" + envelope.from + ">").c_str());
  const bool credentials = !server.username.empty();
  if (credentials) {
    set(CURLOPT_USERNAME, server.username.c_str());
    set(CURLOPT_PASSWORD, server.password.c_str());
  }
  const bool here = server.is_loopback();
  const long tls = credentials && !here                 ? CURLUSESSL_ALL
                   : credentials || !here || server.tls ? CURLUSESSL_TRY
                                                        : CURLUSESSL_NONE;
  set(CURLOPT_USE_SSL, tls);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!config_.ca_file.empty()) {
    set(CURLOPT_CAINFO, config_.ca_file.c_str());
    set(CURLOPT_CAPATH, nullptr);
  }
}

Outcome Smtp::judge(CURLcode result, const Conversation& talk, const char* detail) const {
  if (result == CURLE_OK) return {Kind::accepted, ""};
  const std::string said = "the mail server " + place() + " said: " + talk.last;
  if (result == CURLE_LOGIN_DENIED)
    return {Kind::unreachable, "the mail server " + place() +
                                   " refused the user name or password of smtp.url: " + talk.last};
  if (talk.code >= 400 && talk.code < 600 && result != CURLE_PEER_FAILED_VERIFICATION) {
    if (concerns_login(talk.code) || !talk.knows_us) return {Kind::unreachable, said};
    return {talk.code < 500 ? Kind::later : Kind::refused, said};
  }
  // It has asked for the message and was given some of it, perhaps all.
  if (talk.data)
    return {Kind::unknown, "the connection to " + place() +
                               " ended before it said whether it took the mail (" +
                               printable(curl().explain(result)) + ")"};
  return {Kind::unreachable, words_for(result, detail)};
}

std::string Smtp::words_for(CURLcode result, const char* detail) const {
  const auto more = " (" + printable(*detail != 0 ? detail : curl().explain(result)) + ")";
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name " + config_.server.host +
             " of the mail server is not known (DNS); check smtp.url" + more;
    case CURLE_COULDNT_CONNECT:
      return "nothing answers at " + place() + "; check host and port in smtp.url" + more;
    case CURLE_OPERATION_TIMEDOUT:
      return "the mail server " + place() + " did not answer in time" + more;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return "the certificate of " + place() +
             " is not to be trusted; if it is your own, name its authority in smtp.ca_file" + more;
    case CURLE_SSL_CACERT_BADFILE:
      return "smtp.ca_file cannot be read as certificates" + more;
    case CURLE_USE_SSL_FAILED:
      return "the mail server " + place() +
             " offers no STARTTLS, and credentials are not sent in the clear" + more;
    case CURLE_SSL_CONNECT_ERROR:
      return "no TLS with " + place() + "; smtps:// is for port 465, smtp:// for 587 and 25" + more;
    case CURLE_ABORTED_BY_CALLBACK:
      return "Croft is stopping";
    default:
      return "talking to the mail server " + place() + " failed" + more;
  }
}

}  // namespace

std::unique_ptr<Transport> make_smtp(SmtpConfig config) {
  return std::make_unique<Smtp>(std::move(config));
}

}  // namespace croft::mail
