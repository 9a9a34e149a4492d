// What each command says to people.
// SPDX-License-Identifier: Apache-2.0
#include "app/admin_commands.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

namespace croft::app {
namespace {

// The first line of standard input, for passwords that must not appear among the processes.
std::string read_password() {
  if (::isatty(0) != 0) std::fprintf(stderr, "Password: ");
  std::string line;
  std::getline(std::cin, line);
  return line;
}

std::optional<std::string> chosen_password(bool from_stdin) {
  if (!from_stdin) return std::nullopt;
  return read_password();
}

CLI::App* admin_command(CLI::App& parent, AdminFlags& flags, const char* name, const char* help) {
  auto* command = parent.add_subcommand(name, help);
  command->add_option("--state-dir", flags.state_dir, "of the running Croft")
      ->envname("CROFT_STATE_DIR")
      ->capture_default_str();
  return command;
}

void say_password(const std::optional<std::string>& made, const std::string& name) {
  if (made) std::cout << "password of " << name << " (shown this once): " << *made << '\n';
}

void add_user_commands(CLI::App& app, AdminFlags& flags) {
  auto* user = app.add_subcommand("user", "accounts of a running Croft");
  user->require_subcommand(1);
  auto* add = admin_command(*user, flags, "add", "make an account");
  add->add_option("name", flags.name, "username")->required();
  add->add_option("--email", flags.email, "default: NAME@localhost");
  add->add_flag("--password-stdin", flags.password_stdin, "read the password; else one is made");
  add->callback([&flags] {
    const auto email = flags.email.empty() ? flags.name + "@localhost" : flags.email;
    const auto made =
        flags.administration().add_user(flags.name, email, chosen_password(flags.password_stdin));
    std::cout << "account " << flags.name << " made\n";
    say_password(made, flags.name);
  });
  admin_command(*user, flags, "list", "show all accounts")->callback([&flags] {
    for (const auto& one : flags.administration().users())
      std::printf("%-24s %-8s %s\n", one.username.c_str(), one.role.c_str(), one.email.c_str());
  });
  auto* reset = admin_command(*user, flags, "reset-password",
                              "set a new password and end the account's sessions");
  reset->add_option("name", flags.name, "username")->required();
  reset->add_flag("--password-stdin", flags.password_stdin, "read the password; else one is made");
  reset->callback([&flags] {
    const auto made =
        flags.administration().reset_password(flags.name, chosen_password(flags.password_stdin));
    std::cout << "password of " << flags.name << " changed; its sessions have ended\n";
    say_password(made, flags.name);
  });
  auto* remove = admin_command(*user, flags, "remove", "remove an account without devices");
  remove->add_option("name", flags.name, "username")->required();
  remove->callback([&flags] {
    flags.administration().remove_user(flags.name);
    std::cout << "account " << flags.name << " removed\n";
  });
}

void show_secret(const Administration::Device& device) {
  std::cout << "device " << device.id << '\n'
            << "secret (shown this once): " << device.secret << '\n'
            << "try: mosquitto_pub -u " << device.id << " -P " << device.secret
            << " -q 1 -t croft/v1/" << device.id << "/telemetry -m '{\"temperature\":21.5}'\n";
}

void add_device_commands(CLI::App& app, AdminFlags& flags) {
  auto* device = app.add_subcommand("device", "devices of a running Croft");
  device->require_subcommand(1);
  auto* add = admin_command(*device, flags, "add", "register a device and show its credentials");
  add->add_option("name", flags.name, "what people call it")->required();
  add->add_option("--user", flags.user, "its owner; needed when there are several accounts");
  add->callback([&flags] {
    const auto administration = flags.administration();
    show_secret(administration.add_device(administration.pick_user(flags.user), flags.name));
  });
  auto* list = admin_command(*device, flags, "list", "show an account's devices");
  list->add_option("--user", flags.user, "needed when there are several accounts");
  list->callback([&flags] {
    const auto administration = flags.administration();
    for (const auto& one : administration.devices(administration.pick_user(flags.user)))
      std::printf("%-18s %-8s %s\n", one.id.c_str(), one.online ? "online" : "offline",
                  one.name.c_str());
  });
  auto* rotate = admin_command(*device, flags, "rotate", "give a device a new secret");
  rotate->add_option("id", flags.id, "the device")->required();
  rotate->callback([&flags] { show_secret(flags.administration().rotate_device(flags.id)); });
  auto* remove = admin_command(*device, flags, "remove", "remove a device with all its readings");
  remove->add_option("id", flags.id, "the device")->required();
  remove->callback([&flags] {
    flags.administration().remove_device(flags.id);
    std::cout << "device " << flags.id << " removed\n";
  });
}

}  // namespace

void add_admin_commands(CLI::App& app, AdminFlags& flags) {
  add_user_commands(app, flags);
  add_device_commands(app, flags);
}

}  // namespace croft::app
