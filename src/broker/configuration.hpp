// The mosquitto.conf that Croft writes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "broker/mosquitto.hpp"

namespace croft::broker {

inline constexpr const char* kGuardFile = "croft-broker-guard.so";

// Its text, each line with its reason.
std::string configuration(const Config&, const std::string& host, std::uint16_t port,
                          const std::filesystem::path& folder);
// Writes folder/mosquitto.conf (mode 0600). Throws std::runtime_error.
void write_configuration(const Config&, const std::string& host, std::uint16_t port,
                         const std::filesystem::path& folder);

}  // namespace croft::broker
