// Makes signed images and opens them.
// SPDX-License-Identifier: Apache-2.0
#include "firmware/image.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "protocol/update_codec.hpp"
#include "security/digest.hpp"
#include "tls/provider.hpp"

namespace croft::firmware {
namespace {

// Nodes and OpenSSL's tools know the base64 of RFC 4648, section 4, with its padding.
std::string base64(const std::string& bytes) {
  auto text = security::base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> from_base64(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  const auto bytes = security::from_base64url(text);
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), bytes->end());
}

std::string manifest_of(const Image& image) {
  std::array<char, protocol::kMaxManifestBytes> line{};
  return std::string(protocol::manifest(image.board, image.version,
                                        static_cast<std::uint32_t>(image.bytes.size()),
                                        image.sha256, line.data(), line.size()));
}

// The text up to the next line feed, which goes too; nothing when there is none near.
std::optional<std::string> cut_line(std::string_view& file) {
  const auto end = file.substr(0, 128).find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string line(file.substr(0, end));
  file.remove_prefix(end + 1);
  return line;
}

Error not_an_image() {
  return fail(Code::malformed, "this is not a signed image; croft firmware sign makes one");
}

bool signed_by_any(const Image& image, const std::vector<std::string>& public_keys) {
  const auto signature = from_base64(image.signature);
  const auto text = manifest_of(image);
  return signature && !text.empty() && std::ranges::any_of(public_keys, [&](const auto& key) {
           return tls::provider().signed_by(key, text, *signature);
         });
}

}  // namespace

Result<std::string> sign(std::string_view bytes, const std::string& board,
                         const std::string& version, const std::string& private_key) {
  if (bytes.empty()) return fail(Code::invalid, "the image is empty");
  if (bytes.size() > protocol::kMaxImageBytes)
    return fail(Code::invalid, "the image is larger than 1023 KiB; no node has room for it");
  for (const auto& [name, word] : {std::pair{"board", board}, std::pair{"version", version}})
    if (!protocol::is_firmware_word(word))
      return invalid_field(name, "must be 1 to 32 letters, digits, . _ + -");
  Image image{board, version, security::sha256_hex(bytes), {}, bytes};
  auto file = manifest_of(image);
  const auto signature = base64(tls::provider().sign(private_key, file));
  file += signature + '\n';
  file += bytes;
  return file;
}

Result<Image> open(std::string_view file, const std::vector<std::string>& public_keys) {
  const auto format = cut_line(file);
  if (!format || *format != "croft-firmware-1") return not_an_image();
  std::array<std::string, 5> lines;  // board, version, size, sha256, signature
  for (auto& line : lines) {
    auto next = cut_line(file);
    if (!next) return not_an_image();
    line = std::move(*next);
  }
  std::uint32_t size = 0;
  const auto* const end = lines[2].data() + lines[2].size();
  const auto [stop, error] = std::from_chars(lines[2].data(), end, size);
  if (error != std::errc() || stop != end || size == 0) return not_an_image();
  if (size > protocol::kMaxImageBytes) return fail(Code::too_large, "the image is too large");
  if (file.size() != size)
    return fail(Code::malformed, "the file holds " + std::to_string(file.size()) +
                                     " bytes of image, and says " + std::to_string(size) +
                                     "; was it cut off on its way?");
  Image image{lines[0], lines[1], lines[3], lines[4], file};
  if (security::sha256_hex(file) != image.sha256)
    return fail(Code::malformed, "the image is not the one that was signed");
  if (!signed_by_any(image, public_keys))
    return fail(Code::forbidden, "none of the known keys has signed this image");
  return image;
}

}  // namespace croft::firmware
