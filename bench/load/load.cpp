// The open-loop load generator: offers Croft readings, requests or viewers at a rate.
// SPDX-License-Identifier: Apache-2.0
#include "load/load.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace croft::load {

namespace {

[[noreturn]] void usage() {
  std::fprintf(
      stderr,
      R"(bench_load readings --port=MQTT --nodes=FILE [--rate=N] [--seconds=S] [--most=N] [--boot=N]
                    [--unnumbered] [--window=N] [--keep=N] [--drain=S] [--ledger=FILE]
bench_load requests --port=HTTP --target=/path?query [--token=T] [--rate=N] [--seconds=S] [--connections=N]
bench_load viewers  --port=HTTP --token=T [--connections=N] [--nodes=FILE --one-device] [--seconds=S]
Common: --host=ADDRESS. FILE of nodes: a line "device secret" each.
)");
  std::exit(2);
}

Settings parse(int count, char** words) {
  Settings settings;
  for (int i = 2; i < count; ++i) {
    const std::string_view word = words[i];
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const std::string value(equals == std::string_view::npos ? "" : word.substr(equals + 1));
    const auto number = std::strtod(value.c_str(), nullptr);
    if (name == "--host")
      settings.host = value;
    else if (name == "--port")
      settings.port = static_cast<std::uint16_t>(number);
    else if (name == "--nodes")
      settings.nodes = value;
    else if (name == "--ledger")
      settings.ledger = value;
    else if (name == "--target")
      settings.target = value;
    else if (name == "--token")
      settings.token = value;
    else if (name == "--rate")
      settings.rate = number;
    else if (name == "--seconds")
      settings.seconds = number;
    else if (name == "--drain")
      settings.drain = number;
    else if (name == "--window")
      settings.window = static_cast<std::size_t>(number);
    else if (name == "--most")
      settings.most = static_cast<std::uint64_t>(number);
    else if (name == "--boot")
      settings.boot = static_cast<std::uint32_t>(number);
    else if (name == "--keep")
      settings.keep = static_cast<std::size_t>(number);
    else if (name == "--connections")
      settings.connections = static_cast<std::size_t>(number);
    else if (name == "--unnumbered")
      settings.numbered = false;
    else if (name == "--one-device")
      settings.one_device = true;
    else
      usage();
  }
  if (settings.port == 0 || settings.rate <= 0) usage();
  return settings;
}

}  // namespace
}  // namespace croft::load

int main(int count, char** words) {
  using namespace croft;
  log::configure(log::Level::error, log::Format::text);
  const std::string_view what = count > 1 ? words[1] : "";
  const auto settings = load::parse(count, words);
  try {
    if (what == "readings") return load::readings(settings);
    if (what == "requests") return load::requests(settings);
    if (what == "viewers") return load::viewers(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 1;
  }
  load::usage();
}
