// Looks at state directory, disk, clock, database, sessions, ports, broker and mail, one after the
// other.
// SPDX-License-Identifier: Apache-2.0
#include "app/doctor.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "app/state_dir.hpp"
#include "app/tls_files.hpp"
#include "app/version.hpp"
#include "app/wiring.hpp"
#include "base/ids.hpp"
#include "broker/child.hpp"
#include "broker/mosquitto_conf.hpp"
#include "db/sqlite_check.hpp"
#include "http/client.hpp"
#include "mail/message.hpp"

namespace croft::app {
namespace {

constexpr std::uintmax_t kMega = 1024 * 1024;

// What was found, printed as it is found.
class Findings {
 public:
  void good(const char* what, const std::string& words) { line("ok     ", what, words); }
  void note(const char* what, const std::string& words) { line("note   ", what, words); }
  void wrong(const char* what, const std::string& words) {
    line("WRONG  ", what, words);
    ++wrong_;
  }
  int wrong_count() const { return wrong_; }

 private:
  static void line(const char* mark, const char* what, const std::string& words) {
    std::printf("%s%-12s %s\n", mark, what, words.c_str());
    std::fflush(stdout);
  }
  int wrong_ = 0;
};

bool look_at_state_dir(const Config& config, Findings& findings) {
  const auto& dir = config.state_dir;
  std::error_code error;
  if (!std::filesystem::is_directory(dir, error)) {
    findings.note("state", dir.string() + " is not there yet; the first start makes it");
    return false;
  }
  if (::access(dir.c_str(), R_OK | W_OK | X_OK) != 0)
    findings.wrong("state",
                   dir.string() + " cannot be written by this user (" + std::strerror(errno) + ")");
  else
    findings.good("state", std::filesystem::absolute(dir).string());
  return true;
}

void look_at_disk(const Config& config, bool there, Findings& findings) {
  std::error_code error;
  const auto space = std::filesystem::space(there ? config.state_dir : ".", error);
  if (error) {
    findings.note("disk", "the free space is not known (" + error.message() + ")");
    return;
  }
  const auto words = std::to_string(space.available / kMega) + " MB free of " +
                     std::to_string(space.capacity / kMega) + " MB";
  if (space.available < 100 * kMega)
    findings.wrong("disk", words + "; readings cannot be stored much longer");
  else if (space.available < 1024 * kMega)
    findings.note("disk", words);
  else
    findings.good("disk", words);
}

void look_at_clock(Findings& findings) {
  const auto now = SystemClock().now();
  const auto words = "it is " + format_instant(now);
  struct timex state{};
  const int synchronised = ::adjtimex(&state);  // reads only
  if (now < *parse_instant("2025-01-01T00:00:00Z"))
    findings.wrong("clock", words + ", which cannot be; set it, best by NTP");
  else if (synchronised == TIME_ERROR)
    findings.note("clock", words + "; nothing keeps it right (no NTP), so schedules may drift");
  else
    findings.good("clock", words);
}

void look_at_database_file(const std::filesystem::path& file, Findings& findings) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) {
    findings.note("database", file.string() + " is not there yet; the first start makes it");
    return;
  }
  const auto wrong = db::check_sqlite(file);
  if (wrong.empty())
    findings.good("database", file.string() + ", " + std::to_string(size / kMega) + " MB, sound");
  else
    findings.wrong("database", file.string() + ": " + wrong + "; restore a backup");
}

void look_at_database(const Config& config, Findings& findings) {
  if (const auto file = database_file(config, config.state_dir))
    return look_at_database_file(*file, findings);
  try {
    const auto database = open_database(config, config.state_dir);
    const auto size = static_cast<std::uintmax_t>(database->size_bytes());
    findings.good("database", std::string(database->engine()) + ", " +
                                  std::to_string(size / kMega) + " MB, answers");
  } catch (const std::runtime_error& error) {
    findings.wrong("database", error.what());
  }
}

void look_at_sessions(const Config& config, Findings& findings) {
  asio::io_context loop;
  Metrics metrics;
  const auto client = open_redis(config, "doctor", loop.get_executor(), metrics);
  if (!client) {
    findings.good("sessions", "in the process; a restart asks everybody to log in again");
    return;
  }
  spawn(loop.get_executor(), "redis", client->run());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!client->connected() && std::chrono::steady_clock::now() < deadline)
    loop.run_one_for(std::chrono::milliseconds(50));
  const auto where = redis::mask_url(config.sessions.url);
  if (client->connected())
    findings.good("sessions", where + " answers");
  else
    findings.wrong("sessions", where + ": " + client->missing());
  client->stop();
  loop.run_for(std::chrono::milliseconds(100));
}

// Tries what Croft would do at its start: "" when the address is free.
std::string try_to_listen(const std::string& listen) {
  const auto address = broker::parse_listen(listen);
  if (address.port == 0) return "";
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(address.port);
  if (::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints,
                    &found) != 0)
    return "";  // a name: the start itself will tell
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  std::string wrong;
  if (::bind(socket, found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket, 1) != 0)
    wrong = errno == EADDRINUSE ? "is taken by another program" : std::strerror(errno);
  ::close(socket);
  ::freeaddrinfo(found);
  return wrong;
}

void look_at_port(const char* what, const std::string& listen, Findings& findings) {
  const auto wrong = try_to_listen(listen);
  if (wrong.empty())
    findings.good(what, listen + " is free");
  else
    findings.wrong(what, listen + " " + wrong + "; stop it or set another [" + what + "] listen");
}

// Whether a Croft runs there; it is asked how it is.
bool look_at_server(const Config& config, Findings& findings) {
  const auto answer =
      http::Client::local(socket_in(config.state_dir)).request(http::Method::get, "/readyz");
  if (!answer) {
    findings.note("server", "no Croft runs on " + config.state_dir.string());
    return false;
  }
  if (answer->status == 200)
    findings.good("server", "runs and is ready: " + answer->body);
  else
    findings.wrong("server", "runs and is not ready: " + answer->body);
  return true;
}

std::string try_to_connect(const HostPort& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(to.port);
  if (const int code = ::getaddrinfo(to.host.c_str(), port.c_str(), &hints, &found); code != 0)
    return std::string("its name is not known (") + ::gai_strerror(code) + ")";
  std::string wrong = "no address";
  for (const auto* at = found; at != nullptr && !wrong.empty(); at = at->ai_next) {
    const int socket = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{5, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    wrong = ::connect(socket, at->ai_addr, at->ai_addrlen) == 0 ? "" : std::strerror(errno);
    ::close(socket);
  }
  ::freeaddrinfo(found);
  return wrong;
}

void look_at_certificate(const char* server, const TlsFiles& files, Findings& findings) {
  const auto what = std::string(server) + ": " + files.certificate.string();
  try {
    const auto one = tls::check_files(files.certificate, files.key);
    const auto worry = worry_about(one, SystemClock().now());
    if (worry.empty())
      findings.good("tls", what + " until " + format_instant(one.ends).substr(0, 10));
    else
      findings.wrong("tls", what + ": " + worry);
  } catch (const std::runtime_error& error) {
    findings.wrong("tls", error.what());
  }
}

void look_at_certificates(const Config& config, Findings& findings) {
  try {
    const auto broker = tls_files(config, "broker");
    if (!broker && !config.mqtt.tls_listen.empty())
      findings.wrong("tls",
                     "mqtt.tls_listen is set without a certificate; croft tls init makes one");
    if (!broker) return;
    look_at_certificate("broker", *broker, findings);
    if (config.tls.certificate.empty())
      look_at_certificate("gateway", *tls_files(config, "gateway"), findings);
  } catch (const std::runtime_error& error) {
    findings.wrong("tls", error.what());
  }
}

void look_at_broker(const Config& config, Findings& findings) {
  if (!config.mqtt.url.empty()) {
    const auto to = parse_mqtt_url(config.mqtt.url);
    const auto wrong = try_to_connect(to);
    if (wrong.empty())
      findings.good("broker", config.mqtt.url + " answers");
    else
      findings.wrong("broker", config.mqtt.url + " cannot be reached: " + wrong);
    return;
  }
  const auto program = broker::find_program(config.mqtt.program);
  if (program.empty())
    findings.wrong("broker", "there is no program \"" + config.mqtt.program +
                                 "\"; on Debian: apt install mosquitto");
  else
    findings.good("broker", program);
  try {
    findings.good("guard", broker::find_plugin().string());
  } catch (const std::runtime_error& error) {
    findings.wrong("guard", error.what());
  }
}

void send_test_mail(const Config& config, mail::Transport& server, const std::string& to,
                    Findings& findings) {
  if (!mail::is_address(to)) {
    findings.wrong("mail", "--mail-to must be an address such as you@example.org");
    return;
  }
  const auto from = mail_from(config);
  mail::Message message{from,
                        to,
                        "Croft can send you mail",
                        "This is the test mail that was asked for with croft doctor.\n",
                        "<" + new_id() + from.address.substr(from.address.find('@')) + ">",
                        SystemClock().now(),
                        "UTC"};
  const auto outcome = server.send({from.address, to, mail::write_message(message)});
  if (outcome.kind == mail::Outcome::Kind::accepted)
    findings.good("mail",
                  "the mail server took a test mail for " + to + "; see whether it arrives");
  else
    findings.wrong("mail", "no mail went to " + to + ": " + outcome.words);
}

void look_at_mail(const Config& config, const std::string& to, Findings& findings) {
  if (config.smtp.url.empty()) {
    if (to.empty())
      findings.note("mail", "no mail server is configured (smtp.url), so alerts send no mail");
    else
      findings.wrong("mail", "no mail server is configured; set smtp.url and smtp.from");
    return;
  }
  try {
    const auto server = open_mail(config);
    const auto where = mail::parse_server(config.smtp.url).value();
    findings.good("mail", "from " + mail_from(config).address + " through " + where.host + ":" +
                              std::to_string(where.port) +
                              (where.username.empty() ? ", without a log-in" : ", with a log-in"));
    if (!to.empty()) send_test_mail(config, *server, to, findings);
  } catch (const std::runtime_error& error) {
    findings.wrong("mail", error.what());
  }
}

}  // namespace

int doctor(const Config& config, const std::string& mail_to) {
  Findings findings;
  findings.good("program", std::string("croft ") + kVersion + ", the configuration is right");
  const bool there = look_at_state_dir(config, findings);
  look_at_disk(config, there, findings);
  look_at_clock(findings);
  look_at_database(config, findings);
  look_at_sessions(config, findings);
  if (!look_at_server(config, findings)) {
    look_at_port("http", config.http.listen, findings);
    if (config.mqtt.url.empty()) look_at_port("mqtt", config.mqtt.listen, findings);
  }
  look_at_broker(config, findings);
  look_at_certificates(config, findings);
  look_at_mail(config, mail_to, findings);
  if (findings.wrong_count() == 0) return 0;
  std::printf("\n%d thing%s to mend\n", findings.wrong_count(),
              findings.wrong_count() == 1 ? "" : "s");
  return 1;
}

}  // namespace croft::app
