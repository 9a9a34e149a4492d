// The guard as a Mosquitto plugin: only Croft's devices and Croft itself come in, each to its own.
// SPDX-License-Identifier: Apache-2.0
//
// Options: state_file, and any number of `account <name> <SHA-256 of its secret, in hexadecimal>
// <roles>`, `grant <device> <topic filter>` and `watch <file>`, whose change makes the broker read
// its certificates again. Everything runs on the broker's one thread.
//
// What Mosquitto 2.0.11 answers (seen, guard_test.cpp):
//   login refused, bad client id           5: CONNACK 0x87       3.1.1: CONNACK 5 (not authorized)
//   PUBLISH refused, QoS 1 (topic, size)   5: PUBACK 0x87        3.1.1: PUBACK, as if it were taken
//   PUBLISH refused, QoS 0                 nothing, dropped
//   SUBSCRIBE refused                      5: SUBACK 0x87        3.1.1: SUBACK 0x80
//   last will on a foreign topic           CONNACK 0; the will is dropped when it would be sent
//   removed while connected                5: DISCONNECT 0x98    3.1.1: the connection is closed
// A node of 3.1.1 cannot know that a message was refused; hence the reports to its owner.
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <signal.h>
#include <sodium.h>

#include <exception>
#include <memory>
#include <string>

#include "broker/guard/control.hpp"
#include "broker/guard/report.hpp"
#include "broker/guard/rules.hpp"
#include "broker/guard/state_file.hpp"
#include "broker/guard/watched_files.hpp"

namespace croft::broker::guard {
namespace {

// Of mosquitto.h, which Debian packs with the client library that we do not use.
enum { kSuccess = 0, kInvalid = 3, kAuth = 11, kAclDenied = 12, kUnknown = 13 };
enum { kLogNotice = 2, kLogWarning = 4, kLogError = 8 };

// Changes are written once none came for this long, or this long after the first.
constexpr std::chrono::seconds kQuiet{1};
constexpr std::chrono::seconds kLongest{10};

using std::chrono::steady_clock;

std::string_view text(const char* maybe) {
  return maybe == nullptr ? std::string_view() : std::string_view(maybe);
}

void say(int level, std::string_view what) {
  const std::string line = "croft guard: " + std::string(what);
  mosquitto_log_printf(level, "%s", line.c_str());
}

class Guard {
 public:
  Guard(mosquitto_plugin_id_t* id, mosquitto_opt* options, int count);

  int log_in(mosquitto_evt_basic_auth& event);
  int check(mosquitto_evt_acl_check& event);
  int control(mosquitto_evt_control& event);
  int tick();
  void save();

 private:
  void take_option(std::string_view key, std::string_view value);
  void take_account(std::string_view value);
  void load();
  void report(std::string_view device, const Refused& refused);
  void publish_report(std::string_view device, std::string payload);

  Rules rules_;
  std::string state_file_;
  Reporter reporter_;
  WatchedFiles watched_;
  std::unique_ptr<Control> control_;
  unsigned complaints_ = 0;  // of one control message
  bool unsaved_ = false;
  steady_clock::time_point first_change_;
  steady_clock::time_point last_change_;
};

void Guard::take_option(std::string_view key, std::string_view value) {
  if (key == "account") {
    take_account(value);
  } else if (key == "state_file") {
    state_file_ = std::string(value);
  } else if (key == "watch") {
    watched_.add(std::string(value));
  } else if (key == "grant") {
    const std::size_t space = value.find(' ');
    const bool whole = space != std::string_view::npos && is_grant(value.substr(space + 1));
    if (!whole) throw std::invalid_argument("a grant is not <device> <topic filter>");
    rules_.grants.emplace_back(value.substr(0, space), value.substr(space + 1));
  } else {
    throw std::invalid_argument("unknown option " + std::string(key));
  }
}

void Guard::take_account(std::string_view value) {
  const std::size_t first = value.find(' ');
  const std::size_t last = value.rfind(' ');
  const bool whole = first != std::string_view::npos && first != last;
  const auto hash = parse_hash(whole ? value.substr(first + 1, last - first - 1) : "");
  const auto roles = parse_roles(whole ? value.substr(last + 1) : "");
  if (!hash || !roles || !is_reserved(value.substr(0, first)))
    throw std::invalid_argument("an account is not <name> <SHA-256 in hexadecimal> <roles>");
  rules_.accounts[std::string(value.substr(0, first))] = {*hash, *roles};
}

Guard::Guard(mosquitto_plugin_id_t*, mosquitto_opt* options, int count) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  for (int i = 0; i < count; ++i) take_option(text(options[i].key), text(options[i].value));
  if (rules_.accounts.empty()) throw std::invalid_argument("at least one account is needed");
  control_ = std::make_unique<Control>(
      rules_.table,
      [](const std::string& device) { mosquitto_kick_client_by_username(device.c_str(), true); },
      [this](std::string_view what) {
        if (complaints_++ == 0) say(kLogWarning, "skipped a line of control: " + std::string(what));
      });
  if (!state_file_.empty()) load();
}

void Guard::load() {
  std::string why;
  const auto saved = load_state(state_file_, why);
  if (!saved) {
    say(kLogError, why + "; no device can log in until the platform is back");
    return;
  }
  control_->apply(*saved);
  say(kLogNotice, std::to_string(rules_.table.size()) + " devices known from before");
}

int Guard::log_in(mosquitto_evt_basic_auth& event) {
  const std::string_view user = text(event.username);
  const Refusal refusal =
      rules_.log_in(user, text(event.password), text(mosquitto_client_id(event.client)));
  if (refusal == Refusal::none) return kSuccess;
  report(user, {refusal, "connect", {}, 0});
  return kAuth;
}

int Guard::check(mosquitto_evt_acl_check& event) {
  const std::string_view user = text(mosquitto_client_username(event.client));
  const std::string_view topic = text(event.topic);
  if (user.empty()) return kAclDenied;
  switch (event.access) {
    case MOSQ_ACL_WRITE: {
      const Refusal refusal = rules_.may_write(user, topic, event.payloadlen);
      if (refusal == Refusal::none) return kSuccess;
      report(user, {refusal, "publish", topic, event.payloadlen});
      return kAclDenied;
    }
    case MOSQ_ACL_SUBSCRIBE: {
      const Refusal refusal = rules_.may_hear(user, topic);
      if (refusal == Refusal::none) return kSuccess;
      report(user, {refusal, "subscribe", topic, 0});
      return kAclDenied;
    }
    case MOSQ_ACL_READ:
      return rules_.may_hear(user, topic) == Refusal::none ? kSuccess : kAclDenied;
    case MOSQ_ACL_UNSUBSCRIBE:
      return kSuccess;
    default:
      return kAclDenied;
  }
}

// Any client can name the topic, but may_write() let only auth come this far; asked
// again all the same, since everything hangs on it.
int Guard::control(mosquitto_evt_control& event) {
  if (!may_control(rules_.roles_of(text(mosquitto_client_username(event.client)))))
    return kAclDenied;
  complaints_ = 0;
  const bool changed =
      control_->apply(std::string_view(static_cast<const char*>(event.payload), event.payloadlen));
  if (complaints_ > 1)
    say(kLogWarning, std::to_string(complaints_ - 1) + " more lines of control were skipped");
  if (changed) {
    last_change_ = steady_clock::now();
    if (!unsaved_) first_change_ = last_change_;
    unsaved_ = true;
  }
  return kSuccess;
}

int Guard::tick() {
  const auto now = steady_clock::now();
  for (Reporter::Report& owed : reporter_.owed(rules_.table, now))
    publish_report(owed.device, std::move(owed.payload));
  if (watched_.changed(now)) {
    say(kLogNotice, "the certificate has changed; reading it again");
    ::raise(SIGHUP);  // the broker has no other way to be asked; connections stay
  }
  if (unsaved_ && (now - last_change_ > kQuiet || now - first_change_ > kLongest)) save();
  return kSuccess;
}

void Guard::save() {
  if (!unsaved_ || state_file_.empty()) return;
  std::string why;
  if (!save_state(state_file_, to_text(rules_.table), why)) {
    say(kLogError, why + "; devices made since cannot log in after a restart until Croft is back");
    first_change_ = last_change_ = steady_clock::now();  // try again later
    return;
  }
  unsaved_ = false;
}

void Guard::report(std::string_view device, const Refused& refused) {
  auto payload = reporter_.report(rules_.table, device, refused, steady_clock::now());
  if (payload) publish_report(device, std::move(*payload));
}

void Guard::publish_report(std::string_view device, std::string payload) {
  const std::string topic = "croft/v1/" + std::string(device) + "/refused";
  mosquitto_broker_publish_copy(nullptr, topic.c_str(), static_cast<int>(payload.size()),
                                payload.data(), 1, false, nullptr);
}

// Runs one of the guard's members for the broker, which must see no exception.
template <class Event, int (Guard::*member)(Event&)>
int call(int, void* event, void* guard) {
  try {
    return (static_cast<Guard*>(guard)->*member)(*static_cast<Event*>(event));
  } catch (const std::exception& error) {
    say(kLogError, error.what());
    return kUnknown;
  }
}

int call_tick(int, void*, void* guard) {
  try {
    return static_cast<Guard*>(guard)->tick();
  } catch (const std::exception& error) {
    say(kLogError, error.what());
    return kUnknown;
  }
}

}  // namespace
}  // namespace croft::broker::guard

using namespace croft::broker::guard;  // NOLINT: what follows is the plugin's C face

extern "C" __attribute__((visibility("default"))) int mosquitto_plugin_version(
    int count, const int* versions) {
  for (int i = 0; i < count; ++i) {
    if (versions[i] == 5) return 5;
  }
  return -1;
}

extern "C" __attribute__((visibility("default"))) int mosquitto_plugin_init(
    mosquitto_plugin_id_t* id, void** user_data, mosquitto_opt* options, int count) {
  try {
    auto guard = std::make_unique<Guard>(id, options, count);
    const int failed =
        mosquitto_callback_register(id, MOSQ_EVT_BASIC_AUTH,
                                    call<mosquitto_evt_basic_auth, &Guard::log_in>, nullptr,
                                    guard.get()) |
        mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK,
                                    call<mosquitto_evt_acl_check, &Guard::check>, nullptr,
                                    guard.get()) |
        mosquitto_callback_register(id, MOSQ_EVT_CONTROL,
                                    call<mosquitto_evt_control, &Guard::control>,
                                    kControlTopic.data(), guard.get()) |
        mosquitto_callback_register(id, MOSQ_EVT_TICK, call_tick, nullptr, guard.get());
    if (failed != 0) return kUnknown;
    *user_data = guard.release();
    return kSuccess;
  } catch (const std::exception& error) {
    say(kLogError, error.what());
    return kInvalid;
  }
}

extern "C" __attribute__((visibility("default"))) int mosquitto_plugin_cleanup(void* user_data,
                                                                               mosquitto_opt*,
                                                                               int) {
  const std::unique_ptr<Guard> guard(static_cast<Guard*>(user_data));
  if (guard) guard->save();
  return kSuccess;
}
