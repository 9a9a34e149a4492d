// Signs and verifies access tokens with Ed25519.
// SPDX-License-Identifier: Apache-2.0
#include "security/tokens.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/json.hpp"
#include "security/digest.hpp"

namespace croft::security {
namespace {

constexpr std::string_view kHeader = R"({"alg":"EdDSA","typ":"at+jwt"})";
constexpr std::string_view kIssuer = "croft";

const std::string& encoded_header() {
  static const std::string header = base64url(kHeader);
  return header;
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<Principal> read_claims(std::string_view payload) {
  const auto bytes = from_base64url(payload);
  if (!bytes) return std::nullopt;
  JsonFields in({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  Principal principal;
  const auto issuer = in.text("iss", {});
  principal.user = UserId(in.text("sub", {.least = 1}));
  principal.username = in.text("name", {.least = 1});
  principal.session = SessionId(in.text("sid", {.least = 1}));
  const auto role = in.text("role", {});
  const auto expires = static_cast<std::int64_t>(in.number("exp"));
  if (in.error() || issuer != kIssuer) return std::nullopt;
  principal.role = role == "admin" ? Role::admin : Role::user;
  principal.expires = Instant{Seconds{expires}};
  return principal;
}

void write_private(const std::filesystem::path& path, std::string_view text) {
  const auto fresh = path.string() + ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!written) throw std::runtime_error("cannot write " + fresh + "; check space and permissions");
  std::filesystem::rename(fresh, path);
}

}  // namespace

SigningKey SigningKey::generate() {
  SigningKey key;
  crypto_sign_keypair(key.public_key.data(), key.secret_key.data());
  return key;
}

SigningKey SigningKey::load_or_make(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    const auto key = generate();
    write_private(path, base64url(std::span<const unsigned char>(key.secret_key)) + "\n");
    return key;
  }
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0 && (about.st_mode & 077) != 0)
    throw std::runtime_error("the signing key " + path.string() +
                             " can be read by others; run: chmod 600 " + path.string());
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto bytes = from_base64url(text);
  SigningKey key;
  if (!bytes || bytes->size() != key.secret_key.size())
    throw std::runtime_error("the signing key " + path.string() +
                             " is damaged; restore it, or remove it (everybody must log in again)");
  std::copy(bytes->begin(), bytes->end(), key.secret_key.begin());
  crypto_sign_ed25519_sk_to_pk(key.public_key.data(), key.secret_key.data());
  return key;
}

std::string sign_token(const SigningKey& key, const Principal& principal, Instant issued) {
  JsonWriter claims;
  claims.begin_object();
  claims.member("iss", kIssuer);
  claims.member("sub", principal.user.str());
  claims.member("name", principal.username);
  claims.member("sid", principal.session.str());
  claims.member("role", to_string(principal.role));
  claims.member("iat", to_ms(issued) / 1000);
  claims.member("exp", to_ms(principal.expires) / 1000);
  claims.end_object();
  std::string token = encoded_header() + '.' + base64url(claims.view());
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr, raw(token), token.size(), key.secret_key.data());
  token += '.';
  token += base64url(std::span<const unsigned char>(signature));
  return token;
}

std::string SigningKey::public_hex() const {
  std::string hex(2 * public_key.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), public_key.data(), public_key.size());
  hex.pop_back();
  return hex;
}

bool Verifier::trust(std::string_view hex) {
  std::array<unsigned char, 32> key{};
  std::size_t bytes = 0;
  const bool whole = hex.size() == 2 * key.size() &&
                     sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &bytes,
                                    nullptr) == 0 &&
                     bytes == key.size();
  if (!whole) return false;
  if (public_key_ != key) remembered_.clear();
  public_key_ = key;
  return true;
}

std::optional<Principal> Verifier::verify(std::string_view token, Instant now) const {
  if (!public_key_ || token.size() > 2048) return std::nullopt;
  std::string key(token);
  if (const auto known = remembered_.find(key); known != remembered_.end()) {
    if (known->second.expires > now) return known->second;
    remembered_.erase(known);
    return std::nullopt;
  }
  const auto dot = token.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto signed_part = token.substr(0, dot);
  const auto& header = encoded_header();
  if (!signed_part.starts_with(header) || signed_part.size() <= header.size() + 1 ||
      signed_part[header.size()] != '.')
    return std::nullopt;
  const auto signature = from_base64url(token.substr(dot + 1));
  if (!signature || signature->size() != crypto_sign_BYTES ||
      crypto_sign_verify_detached(signature->data(), raw(signed_part), signed_part.size(),
                                  public_key_->data()) != 0)
    return std::nullopt;
  const auto principal = read_claims(signed_part.substr(header.size() + 1));
  if (!principal || principal->expires <= now) return std::nullopt;
  if (remembered_.size() >= kRemembered) remembered_.clear();
  remembered_.emplace(std::move(key), *principal);
  return principal;
}

}  // namespace croft::security
