// OpenSSL's objects with owners, and its errors in words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace croft::tls {

template <auto release>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using Bio = std::unique_ptr<BIO, Releaser<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, Releaser<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION_free>>;
using Store = std::unique_ptr<X509_STORE, Releaser<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Releaser<X509_STORE_CTX_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Releaser<GENERAL_NAMES_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Releaser<SSL_free>>;

// The reason of the last error, and forgets them all.
inline std::string last_error() {
  const auto code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "no reason given" : reason;
}

inline void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + last_error());
}

inline Bio bio_of(const std::string& text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  must(bio != nullptr, "out of memory");
  return bio;
}

inline X509Handle read_certificate(BIO* bio) {
  X509Handle one(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  if (!one) ERR_clear_error();
  return one;
}

inline X509Handle first_certificate(const std::string& pem) {
  auto one = read_certificate(bio_of(pem).get());
  if (!one) throw std::runtime_error("there is no certificate in it (PEM is expected)");
  return one;
}

// A key with a passphrase is not asked for one.
inline Key read_key(const std::string& pem) {
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio_of(pem).get(), nullptr, no_passphrase, nullptr));
  if (!key)
    throw std::runtime_error("there is no key in it that can be read (PEM without a passphrase)");
  return key;
}

// What `write`, a PEM_write_bio_... of some kind, writes into the BIO it is given.
template <class Write>
std::string as_pem(Write write) {
  const Bio out(BIO_new(BIO_s_mem()));
  must(out && write(out.get()) == 1, "cannot write PEM");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace croft::tls
