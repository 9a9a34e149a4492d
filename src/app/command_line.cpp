// The sub-commands of croft, their flags and their help.
// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

#include "app/admin_commands.hpp"
#include "app/ask_health.hpp"
#include "app/backup.hpp"
#include "app/config.hpp"
#include "app/doctor.hpp"
#include "app/firmware_command.hpp"
#include "app/interrupted.hpp"
#include "app/move.hpp"
#include "app/notify_socket.hpp"
#include "app/platform.hpp"
#include "app/simulate.hpp"
#include "app/targets.hpp"
#include "app/tls_command.hpp"
#include "app/version.hpp"
#include "app/wiring.hpp"
#include "base/log.hpp"

namespace croft::app {
namespace {

// What the flags of serve and config say.
struct ConfigFlags {
  std::string file;
  std::map<std::string, std::string> values;  // key -> text
  std::vector<std::string> targets;
};

void add_config_flags(CLI::App& command, ConfigFlags& flags) {
  command.add_option("--config", flags.file, "TOML file; config/croft.toml explains every key")
      ->type_name("FILE")
      ->envname("CROFT_CONFIG");
  for (const auto& setting : settings()) {
    const auto key = setting.key;
    command
        .add_option_function<std::string>(
            setting.flag(), [&flags, key](const std::string& text) { flags.values[key] = text; },
            setting.help)
        ->type_name(setting.takes)
        ->group("Settings (also as environment variables, such as CROFT_HTTP_LISTEN)");
  }
}

Loaded load(const ConfigFlags& flags, Config defaults = {}) {
  std::optional<std::filesystem::path> file;
  if (!flags.file.empty()) file = flags.file;
  return load_config(
      file, [](const char* name) { return std::getenv(name); }, flags.values, std::move(defaults));
}

// Prints each mistake on a line of its own; true when there was none.
bool report(const Mistakes& mistakes) {
  for (const auto& mistake : mistakes) std::fprintf(stderr, "croft: %s\n", mistake.c_str());
  return mistakes.empty();
}

log::Level level_of(const std::string& word) {
  if (word == "debug") return log::Level::debug;
  if (word == "warning") return log::Level::warning;
  return word == "error" ? log::Level::error : log::Level::info;
}

log::Format format_of(const std::string& word) {
  if (word == "text") return log::Format::text;
  return word == "json" ? log::Format::json : log::Format::automatic;
}

int serve(const ConfigFlags& flags) {
  take_notify_socket();
  const auto targets = parse_targets(flags.targets);
  auto loaded = load(flags, defaults_for(targets));
  if (loaded.mistakes.empty()) loaded.mistakes = missing_for(targets, loaded.config);
  if (!report(loaded.mistakes)) return 1;
  log::configure(level_of(loaded.config.log.level), format_of(loaded.config.log.format));
  try {
    Platform platform(std::move(loaded.config), targets);
    return platform.run();
  } catch (const Stopped&) {  // before it could begin
    log::info("app", "stopped");
    return 0;
  }
}

int run_broker(const ConfigFlags& flags) {
  Config defaults;
  defaults.state_dir /= "broker";
  const auto loaded = load(flags, std::move(defaults));
  if (!report(loaded.mistakes)) return 1;
  become_broker(loaded.config);
}

int print(const ConfigFlags& flags) {
  const auto loaded = load(flags);
  if (!report(loaded.mistakes)) return 1;
  std::cout << print_config(loaded.config);
  return 0;
}

int check(const ConfigFlags& flags) {
  if (!report(load(flags).mistakes)) return 1;
  std::cout << "the configuration is right\n";
  return 0;
}

int examine(const ConfigFlags& flags, const std::string& mail_to) {
  auto loaded = load(flags);
  if (!report(loaded.mistakes)) return 1;
  log::configure(log::Level::warning, log::Format::text);
  return doctor(loaded.config, mail_to);
}

struct TlsFlags {
  std::string state_dir = "./croft-data";
  std::vector<std::string> names;
  bool authority = false;
  bool finish = false;
};

void add_tls_commands(CLI::App& app, TlsFlags& flags) {
  auto* tls = app.add_subcommand(
      "tls", "a local certificate authority, and certificates for the gateway and the broker");
  tls->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, bool names) {
    auto* command = tls->add_subcommand(name, help);
    command->add_option("--state-dir", flags.state_dir, "the certificates lie in its folder tls")
        ->envname("CROFT_STATE_DIR")
        ->capture_default_str();
    if (names)
      command->add_option("--name", flags.names,
                          "a further host name or address that clients use; repeatable");
    return command;
  };
  add("init", "make them, for this machine's names and addresses", true)->callback([&flags] {
    tls_init(flags.state_dir, flags.names);
  });
  auto* rotate = add("rotate",
                     "renew the servers' certificates; who trusts the authority sees no "
                     "difference",
                     true);
  auto* authority =
      rotate->add_flag("--authority", flags.authority,
                       "also make a new authority; the old one stays trusted beside it");
  rotate->add_flag("--finish", flags.finish, "end that: trust the new authority alone")
      ->excludes(authority);
  rotate->callback([&flags] {
    tls_rotate(flags.state_dir, flags.names,
               flags.authority ? Rotation::authority
               : flags.finish  ? Rotation::finish
                               : Rotation::servers);
  });
  add("show", "names, fingerprints, days left, and how to trust it", false)->callback([&flags] {
    tls_show(flags.state_dir);
  });
}

struct FirmwareFlags {
  std::string image;
  std::string key;
  std::string board = "nodemcuv2";
  std::string version;
  std::string out;
};

void add_firmware_commands(CLI::App& app, FirmwareFlags& flags) {
  auto* firmware =
      app.add_subcommand("firmware", "sign images for nodes, on the machine that keeps the key");
  firmware->require_subcommand(1);
  const auto out = [&](CLI::App* command, const char* help) {
    command->add_option("-o,--out", flags.out, help)->type_name("FILE")->required();
  };
  auto* key = firmware->add_subcommand(
      "key", "make a key to sign with, and FILE.pub, which nodes are built with");
  out(key, "a new file for the key; keep it secret, and keep a copy");
  key->callback([&flags] { firmware_key(flags.out); });
  auto* sign = firmware->add_subcommand("sign", "make one signed file of an image");
  sign->add_option("image", flags.image, "as the compiler made it")->type_name("IMAGE")->required();
  sign->add_option("--key", flags.key, "as croft firmware key made it")->required();
  sign->add_option("--board", flags.board, "that it is for")->capture_default_str();
  sign->add_option("--version", flags.version, "such as 1.5.0")->required();
  out(sign, "the signed file");
  sign->callback(
      [&flags] { firmware_sign({flags.image, flags.key, flags.board, flags.version, flags.out}); });
  auto* check =
      firmware->add_subcommand("check", "say what a signed file is, and whether it holds");
  check->add_option("image", flags.image, "the signed file")->type_name("FILE")->required();
  check->add_option("--key", flags.key, "the public key")->type_name("FILE.pub")->required();
  check->callback([&flags] { firmware_check(flags.image, flags.key); });
}

struct SimulateFlags {
  Simulation simulation;
  std::string state_dir = "./croft-data";
  std::string interval = "1s";
  std::string duration = "0s";
};

// "500ms", "1s", "2m": intervals are finer than the configuration's durations.
std::chrono::milliseconds parse_interval(const std::string& text) {
  if (text.ends_with("ms")) {
    const auto whole = parse_duration(text.substr(0, text.size() - 2));
    if (whole && whole->count() > 0) return std::chrono::milliseconds(whole->count());
  } else if (const auto whole = parse_duration(text); whole && whole->count() > 0) {
    return *whole;
  }
  throw std::runtime_error("--interval must be a time such as 500ms, 1s or 1m");
}

void add_simulate_command(CLI::App& app, SimulateFlags& flags, int& exit_code) {
  auto* simulate = app.add_subcommand(
      "simulate", "virtual nodes that run the firmware's own core against a running Croft");
  auto& s = flags.simulation;
  simulate->add_option("--devices", s.devices, "how many")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  simulate->add_option("--interval", flags.interval, "between two readings of a node")
      ->capture_default_str();
  simulate->add_option("--duration", flags.duration, "stop after that; 0s: at Ctrl-C")
      ->capture_default_str();
  simulate->add_option("--user", s.user, "owner; needed when there are several accounts");
  simulate->add_option("--mqtt-url", s.mqtt_url,
                       "the broker, such as mqtts://localhost:8883; default: as that Croft says");
  simulate->add_option("--ca-file", s.ca_file,
                       "certificates (PEM) that a broker at mqtts:// is checked with");
  simulate->add_option("--name", s.name, "of the devices, a number is added")
      ->capture_default_str();
  simulate->add_flag("--greenhouse", s.greenhouse, "name the devices after a small greenhouse");
  simulate->add_option("--seed", s.seed, "of the weather")->capture_default_str();
  simulate->add_option("--ack-log", s.ack_log,
                       "write every acknowledged reading to FILE: device boot seq");
  simulate->add_flag("--quiet", s.quiet, "no line of progress");
  simulate->add_option("--state-dir", flags.state_dir, "of the running Croft")
      ->envname("CROFT_STATE_DIR")
      ->capture_default_str();
  simulate->callback([&flags, &exit_code] {
    auto& simulation = flags.simulation;
    simulation.state_dir = flags.state_dir;
    simulation.interval = parse_interval(flags.interval);
    const auto duration = parse_duration(flags.duration);
    if (!duration) throw std::runtime_error("--duration must be a time such as 30s or 10m");
    simulation.duration = *duration;
    exit_code = app::simulate(simulation);
  });
}

// Loads the configuration for work that is not serving; nothing when it has mistakes.
std::optional<Config> load_for_work(const ConfigFlags& flags) {
  auto loaded = load(flags);
  if (!report(loaded.mistakes)) return std::nullopt;
  log::configure(log::Level::warning, log::Format::text);
  return std::move(loaded.config);
}

struct BackupFlags {
  std::string file;
  std::string to;
  bool replace = false;
};

void add_backup_commands(CLI::App& app, ConfigFlags& config, BackupFlags& flags, int& exit_code) {
  auto* backup = app.add_subcommand(
      "backup",
      "write this installation into one file, also while Croft runs: accounts, devices, readings, "
      "commands, keys and the certificates of `croft tls`; for its owner alone");
  backup->add_option("file", flags.file, "a new file")->type_name("FILE")->required();
  add_config_flags(*backup, config);
  backup->callback([&] {
    const auto loaded = load_for_work(config);
    if (loaded) back_up(*loaded, flags.file);
    exit_code = loaded ? 0 : 1;
  });
  auto* restore = app.add_subcommand(
      "restore", "check a backup and put it into the state directory of a Croft that is stopped");
  restore->add_option("file", flags.file, "what croft backup wrote")->type_name("FILE")->required();
  restore->add_flag("--replace", flags.replace,
                    "put the installation that is there aside, into a folder beside the new one");
  add_config_flags(*restore, config);
  restore->callback([&] {
    const auto loaded = load_for_work(config);
    if (loaded) app::restore(*loaded, flags.file, flags.replace);
    exit_code = loaded ? 0 : 1;
  });
}

void add_move_command(CLI::App& app, ConfigFlags& config, BackupFlags& flags, int& exit_code) {
  auto* move = app.add_subcommand("move",
                                  "copy this installation, stopped, into an empty PostgreSQL and "
                                  "compare both; cut off, it goes "
                                  "on when it is called again");
  move->add_option("--to", flags.to, "postgresql://user:password@host:5432/name")
      ->type_name("URL")
      ->envname("CROFT_MOVE_TO")
      ->required();
  add_config_flags(*move, config);
  move->callback([&] {
    const auto loaded = load_for_work(config);
    if (loaded) move_to(*loaded, flags.to);
    exit_code = loaded ? 0 : 1;
  });
}

void add_health_command(CLI::App& app, std::string& url, std::string& state_dir, int& exit_code) {
  auto* health = app.add_subcommand("health", "ask whether a running Croft or broker is ready");
  health->add_option("url", url, "http://host:port or mqtt://host:port; else by --state-dir");
  health->add_option("--state-dir", state_dir, "of the running Croft")
      ->envname("CROFT_STATE_DIR")
      ->capture_default_str();
  health->callback([&] { exit_code = ask_health(url, state_dir); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "Croft: an IoT platform in one small process.\n"
      "Start it with `croft serve`, then open http://localhost:8080.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("croft ") + kVersion);
  ConfigFlags config;
  AdminFlags admin;
  SimulateFlags simulation;
  TlsFlags tls;
  FirmwareFlags firmware;
  int exit_code = 0;

  auto* serve_command = app.add_subcommand("serve", "run the platform");
  add_config_flags(*serve_command, config);
  serve_command->add_option("--target", config.targets,
                            "all (default), auth, data, command or visualisation; repeatable");
  serve_command->callback([&] { exit_code = serve(config); });

  auto* broker_command = app.add_subcommand(
      "broker",
      "become a Mosquitto for services that run apart: with Croft's guard, an account for each "
      "service (broker.*_password) and every device's own credential");
  add_config_flags(*broker_command, config);
  broker_command->callback([&] { exit_code = run_broker(config); });

  auto* config_command = app.add_subcommand("config", "look at the configuration");
  config_command->require_subcommand(1);
  auto* print_command =
      config_command->add_subcommand("print", "the effective configuration, secrets masked");
  add_config_flags(*print_command, config);
  print_command->callback([&] { exit_code = print(config); });
  auto* check_command = config_command->add_subcommand("check", "one line per mistake");
  add_config_flags(*check_command, config);
  check_command->callback([&] { exit_code = check(config); });

  std::string mail_to;
  auto* doctor_command =
      app.add_subcommand("doctor", "look for what is wrong, and say it in words");
  doctor_command->add_option("--mail-to", mail_to, "also send a test mail there")
      ->type_name("ADDRESS");
  add_config_flags(*doctor_command, config);
  doctor_command->callback([&] { exit_code = examine(config, mail_to); });

  BackupFlags backup;
  add_backup_commands(app, config, backup, exit_code);
  add_move_command(app, config, backup, exit_code);

  std::string health_url;
  std::string health_state_dir = "./croft-data";
  add_health_command(app, health_url, health_state_dir, exit_code);
  add_admin_commands(app, admin);
  add_tls_commands(app, tls);
  add_firmware_commands(app, firmware);
  add_simulate_command(app, simulation, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return exit_code;
}

}  // namespace croft::app
