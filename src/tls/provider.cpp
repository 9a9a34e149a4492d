// Finds and loads croft-tls.so.
// SPDX-License-Identifier: Apache-2.0
#include "tls/provider.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <stdexcept>

namespace croft::tls {
namespace {

constexpr const char* kName = "croft-tls.so";

std::filesystem::path find_library() {
  std::error_code ignored;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  const auto beside = folder / kName;
  if (std::filesystem::exists(beside, ignored)) return beside;
  const auto installed = folder.parent_path() / "lib" / "croft" / kName;
  if (std::filesystem::exists(installed, ignored)) return installed;
  throw std::runtime_error("Croft's TLS is missing: neither " + beside.string() + " nor " +
                           installed.string() + " exists; install Croft again");
}

const Provider& load() {
  const auto file = find_library();
  // Never closed: OpenSSL leaves handlers behind that must stay where they are.
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw std::runtime_error(std::string("cannot load TLS: ") + ::dlerror() +
                             "; on Debian: apt install libssl3");
  using Face = const Provider* (*)();
  const auto face = reinterpret_cast<Face>(::dlsym(library, "croft_tls_provider"));
  if (face == nullptr) throw std::runtime_error(file.string() + " is not of this Croft");
  return *face();
}

}  // namespace

const Provider& provider() {
  static const Provider& loaded = load();
  return loaded;
}

}  // namespace croft::tls
