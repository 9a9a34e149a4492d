// Signs images on the owner's machine; the key never comes near the platform.
// SPDX-License-Identifier: Apache-2.0
#include "app/firmware_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "firmware/image.hpp"
#include "protocol/limits.hpp"
#include "security/digest.hpp"
#include "tls/provider.hpp"

namespace croft::app {
namespace {

constexpr std::size_t kMostFileBytes = protocol::kMaxImageBytes + 1024;

std::string read_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored))
    throw std::runtime_error(file.string() + " is not a file");
  if (std::filesystem::file_size(file) > kMostFileBytes)
    throw std::runtime_error(file.string() + " is larger than any image may be");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

// Never over what is there: a key that is lost signs no update any more.
void write_new(const std::filesystem::path& file, const std::string& text, mode_t mode) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (out < 0)
    throw std::runtime_error("cannot make " + file.string() + ": " + std::strerror(errno));
  const bool written =
      ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(out) == 0;
  ::close(out);
  if (!written) throw std::runtime_error("cannot write " + file.string());
}

template <class T>
T value_of(Result<T> result) {
  if (result) return std::move(*result);
  std::string all = result.error().message;
  for (const auto& [field, message] : result.error().fields) all += "; " + field + " " + message;
  throw std::runtime_error(all);
}

void print(const firmware::Image& image) {
  std::cout << "firmware " << image.version << " for " << image.board << ", " << image.bytes.size()
            << " bytes, SHA-256 " << image.sha256 << '\n';
}

}  // namespace

void firmware_key(const std::filesystem::path& file) {
  const auto signer = tls::provider().make_signer();
  const auto open_file = std::filesystem::path(file.string() + ".pub");
  if (std::filesystem::exists(open_file))
    throw std::runtime_error(open_file.string() + " is there already; a key is never written over");
  write_new(file, signer.key, 0600);
  write_new(open_file, signer.certificate, 0644);
  std::cout
      << "key         " << file.string()
      << "  (keep it secret and keep a copy: without it no node takes an update)\npublic key  "
      << open_file.string() << "  (nodes are built with it)\n";
}

void firmware_sign(const SignOrder& order) {
  security::prepare_crypto();
  const auto bytes = read_file(order.image);
  const auto file =
      value_of(firmware::sign(bytes, order.board, order.version, read_file(order.key)));
  write_new(order.out, file, 0644);
  print({order.board, order.version, security::sha256_hex(bytes), {}, bytes});
}

void firmware_check(const std::filesystem::path& file, const std::filesystem::path& public_key) {
  security::prepare_crypto();
  const auto text = read_file(file);
  print(value_of(firmware::open(text, {read_file(public_key)})));
}

}  // namespace croft::app
