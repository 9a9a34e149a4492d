// Signatures by OpenSSL: ECDSA on P-256 over SHA-256, which the smallest nodes can check.
// SPDX-License-Identifier: Apache-2.0
#include "tls/openssl/signatures.hpp"

#include <array>

#include "tls/openssl/handles.hpp"

namespace croft::tls {
namespace {

using Digest = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A key of another kind would sign, and no node could check it.
void must_be_p256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  const bool named = EVP_PKEY_is_a(key, "EC") == 1 &&
                     EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1;
  ERR_clear_error();
  if (!named || std::string(group.data()) != "prime256v1")
    throw std::runtime_error("the key is none of the curve P-256; croft firmware key makes one");
}

}  // namespace

Pair make_signer() {
  const Key key(EVP_EC_gen("P-256"));
  must(key != nullptr, "cannot make a key");
  return {
      as_pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, key.get()); }), as_pem([&](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      })};
}

std::string sign_text(const std::string& key, const std::string& text) {
  const auto signer = read_key(key);
  must_be_p256(signer.get());
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  must(digest &&
           EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, signer.get()) == 1 &&
           EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(text), text.size()) == 1,
       "cannot sign");
  std::string signature(size, '\0');
  must(EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes_of(text), text.size()) == 1,
       "cannot sign");
  signature.resize(size);
  return signature;
}

bool signed_by(const std::string& public_key, const std::string& text,
               const std::string& signature) {
  const Key key(PEM_read_bio_PUBKEY(bio_of(public_key).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!key) throw std::runtime_error("there is no public key in it (PEM is expected)");
  must_be_p256(key.get());
  const Digest digest(EVP_MD_CTX_new());
  must(digest && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1,
       "cannot check a signature");
  const bool good = EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(),
                                     bytes_of(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace croft::tls
