// `croft tls`: a local authority and its certificates, made, renewed, shown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace croft::app {

// What is done is printed, and how to go on. All throw std::runtime_error with one clear line.
void tls_init(const std::filesystem::path& state_dir, const std::vector<std::string>& names);

enum class Rotation { servers, authority, finish };
void tls_rotate(const std::filesystem::path& state_dir, const std::vector<std::string>& names,
                Rotation);

// What there is, until when, and how browsers, programs and nodes come to trust it.
void tls_show(const std::filesystem::path& state_dir);

}  // namespace croft::app
