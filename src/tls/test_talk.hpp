// For tests: a folder that goes with its owner, and two ends of TLS without a wire between them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "tls/engine.hpp"

namespace croft::tls {

struct TestFolder {
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "croft-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

// Hands over what one end has to say; whether it was anything.
inline bool pass(Engine& from, Engine& to) {
  std::string wire;
  from.give(wire);
  if (!wire.empty()) to.take(wire);
  return !wire.empty();
}

struct Talk {
  Talk(const Context& client_side, const Context& server_side, const std::string& host)
      : client(client_side.connection(host)), server(server_side.connection("")) {}

  // Throws Failed with the client's words.
  void shake() {
    for (bool mine = false, theirs = false; !mine || !theirs;) {
      mine = client->shake_hands();
      pass(*client, *server);
      theirs = server->shake_hands();
      pass(*server, *client);
    }
  }
  std::unique_ptr<Engine> client;
  std::unique_ptr<Engine> server;
};

// "" when they come to terms, else what the client says is wrong.
inline std::string shake(const Context& client, const Context& server, const std::string& host) {
  Talk talk(client, server, host);
  try {
    talk.shake();
    return "";
  } catch (const Failed& failure) {
    return failure.what();
  }
}

}  // namespace croft::tls
