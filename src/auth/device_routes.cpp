// HTTP routes of devices.
// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "auth/parts.hpp"
#include "http/problem.hpp"
#include "security/guard.hpp"

namespace croft::auth {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr int kDefaultLimit = 100;
constexpr int kMostLimit = 1000;

// Names are for people: any text of 1 to 100 bytes without control characters.
std::string device_name(JsonFields& in) {
  auto name = in.text("name", {.least = 1, .most = 100});
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      in.wrong("name", "must not contain control characters");
      break;
    }
  return name;
}

Result<int> limit_of(const Request& request) {
  const auto text = request.query.get("limit");
  if (!text) return kDefaultLimit;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > kMostLimit)
    return invalid_field("limit", "must be a number from 1 to 1000");
  return limit;
}

class DeviceRoutes {
 public:
  explicit DeviceRoutes(Parts& parts) : parts_(parts) {}

  Task<Response> add(Request& request) {
    JsonFields in(request.body);
    auto name = device_name(in);
    if (const auto error = in.error()) co_return http::problem(*error);
    auto key = security::idempotency_key(request);
    if (!key) co_return http::problem(key.error());
    const auto made =
        co_await parts_.registry.add(owner(request), std::move(name), std::move(*key));
    if (!made) co_return http::problem(made.error());
    auto response = Response::json(with_secret(*made, request), 201);
    response.headers.set("Location", "/api/v1/devices/" + made->device.id.str());
    co_return response;
  }

  Task<Response> list(Request& request) {
    const auto limit = limit_of(request);
    if (!limit) co_return http::problem(limit.error());
    std::string after(request.query.get("cursor").value_or(""));
    const auto found = co_await parts_.registry.list(owner(request), std::move(after), *limit + 1);
    JsonWriter json;
    json.begin_object().key("devices").begin_array();
    const auto shown = std::min(found.size(), static_cast<std::size_t>(*limit));
    for (std::size_t i = 0; i < shown; ++i)
      write_json(json, found[i], parts_.needs.devices.now(found[i].id));
    json.end_array().key("next");
    if (found.size() > shown)
      json.value(found[shown - 1].id.str());
    else
      json.null();
    json.end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> show(Request& request) {
    const auto device = co_await parts_.registry.find(id(request), owner(request));
    co_return answer(device);
  }

  Task<Response> rename(Request& request) {
    JsonFields in(request.body);
    auto name = device_name(in);
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto device =
        co_await parts_.registry.rename(id(request), owner(request), std::move(name));
    co_return answer(device);
  }

  Task<Response> rotate(Request& request) {
    const auto rotated = co_await parts_.registry.rotate(id(request), owner(request));
    if (!rotated) co_return http::problem(rotated.error());
    co_return Response::json(with_secret(*rotated, request));
  }

  Task<Response> remove(Request& request) {
    const auto removed = co_await parts_.registry.remove(id(request), owner(request));
    if (!removed) co_return http::problem(removed.error());
    co_return Response::no_content();
  }

 private:
  static UserId owner(const Request& request) { return security::caller(request).user; }
  static DeviceId id(const Request& request) { return DeviceId(request.param("id")); }

  std::string with_secret(const WithSecret& device, const Request& request) const {
    return credentials_json(device, parts_.needs.devices.now(device.device.id), parts_.config,
                            request);
  }
  Response answer(const Result<Device>& device) const {
    if (!device) return http::problem(device.error());
    JsonWriter json;
    write_json(json, *device, parts_.needs.devices.now(device->id));
    return Response::json(std::move(json).str());
  }

  Parts& parts_;
};

// The host by which the client reached us, without its port.
std::string host_of(const Request& request) {
  auto host = request.headers.get("host");
  if (host.starts_with('[')) return std::string(host.substr(0, host.find(']') + 1));
  host = host.substr(0, host.find(':'));
  return host.empty() ? "localhost" : std::string(host);
}

}  // namespace

std::string credentials_json(const WithSecret& made, const DeviceNow& now, const Config& config,
                             const http::Request& request) {
  JsonWriter device;
  write_json(device, made.device, now);
  auto text = std::move(device).str();
  text.pop_back();  // reopen the object
  const auto& id = made.device.id.str();
  const auto host = config.mqtt_host.empty() ? host_of(request) : config.mqtt_host;
  JsonWriter mqtt;
  mqtt.begin_object();
  mqtt.member("host", host);
  mqtt.member("port", config.mqtt_port);
  mqtt.member("url", (config.mqtt_tls ? "mqtts://" : "mqtt://") + host + ":" +
                         std::to_string(config.mqtt_port));
  mqtt.member("username", id);
  mqtt.member("telemetryTopic", "croft/v1/" + id + "/telemetry");
  mqtt.member("commandTopic", "croft/v1/" + id + "/command");
  mqtt.end_object();
  text += ",\"secret\":";
  append_json_string(text, made.secret);
  text += ",\"mqtt\":";
  text += mqtt.view();
  text += '}';
  return text;
}

void Parts::mount_devices(http::Router& router) {
  const auto routes = std::make_shared<DeviceRoutes>(*this);
  const auto to = [routes](Task<Response> (DeviceRoutes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  router.add(Method::post, "/api/v1/devices", idempotency.once(to(&DeviceRoutes::add)));
  router.add(Method::get, "/api/v1/devices", to(&DeviceRoutes::list));
  router.add(Method::get, "/api/v1/devices/{id}", to(&DeviceRoutes::show));
  router.add(Method::patch, "/api/v1/devices/{id}", to(&DeviceRoutes::rename));
  router.add(Method::del, "/api/v1/devices/{id}", to(&DeviceRoutes::remove));
  router.add(Method::post, "/api/v1/devices/{id}/secret",
             idempotency.once(to(&DeviceRoutes::rotate)));
}

}  // namespace croft::auth
