// X.509 by OpenSSL: elliptic curve P-256 and SHA-256, which the smallest nodes can check.
// SPDX-License-Identifier: Apache-2.0
#include "tls/openssl/certificates.hpp"

#include <arpa/inet.h>

#include <array>
#include <chrono>

#include "tls/openssl/handles.hpp"

namespace croft::tls {
namespace {

constexpr int kSerialBits = 120;

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  must(key != nullptr, "cannot make a key");
  return key;
}

std::string as_pem(X509* certificate) {
  return tls::as_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string as_pem(EVP_PKEY* key) {
  return tls::as_pem([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
       "cannot write an extension");
}

std::string joined(const std::vector<std::string>& parts, const std::string& before) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : ",") + before + part;
  return all;
}

// A day earlier, for whoever's clock is behind. Days and not seconds, so that it holds beyond 2038
// where time_t has 32 bits.
void set_times(X509* certificate, Instant now, int days) {
  const auto seconds = std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count();
  const auto today = static_cast<time_t>(seconds);
  must(ASN1_TIME_adj(X509_getm_notBefore(certificate), today, -1, 0) != nullptr &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), today, days, 0) != nullptr,
       "cannot write the time");
}

X509Handle blank(const std::string& name, EVP_PKEY* key) {
  X509Handle made(X509_new());
  must(made && X509_set_version(made.get(), X509_VERSION_3) == 1, "cannot make a certificate");
  const std::unique_ptr<BIGNUM, Releaser<BN_free>> serial(BN_new());
  must(serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get())) != nullptr,
       "cannot number a certificate");
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text, -1,
                                  -1, 0) == 1 &&
           X509_set_pubkey(made.get(), key) == 1,
       "cannot name a certificate");
  return made;
}

void sign(X509* certificate, EVP_PKEY* key) {
  must(X509_sign(certificate, key, EVP_sha256()) > 0, "cannot sign");
}

std::string text_of(const X509_NAME* name) {
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), text.size());
  return text.data();
}

Instant instant_of(const ASN1_TIME* time) {
  tm parts{};
  must(ASN1_TIME_to_tm(time, &parts) == 1, "a certificate with a time that is none");
  const std::chrono::sys_days day =
      std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return std::chrono::time_point_cast<Milliseconds>(day) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + Seconds(parts.tm_sec);
}

std::string address_of(const ASN1_OCTET_STRING* address) {
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const GeneralNames all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto* const name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) {
      const auto* const text =
          reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      names.push_back("DNS:" + std::string(text, static_cast<std::size_t>(
                                                     ASN1_STRING_length(name->d.dNSName))));
    } else if (name->type == GEN_IPADD) {
      names.push_back("IP:" + address_of(name->d.iPAddress));
    }
  }
  return names;
}

std::string fingerprint_of(X509* certificate, const EVP_MD* hash) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  must(X509_digest(certificate, hash, digest.data(), &size) == 1, "cannot hash");
  std::string text;
  std::array<char, 4> part{};
  for (unsigned i = 0; i < size; ++i) {
    std::snprintf(part.data(), part.size(), i == 0 ? "%02X" : ":%02X", digest[i]);
    text += part.data();
  }
  return text;
}

// As whoever trusts the authority will.
void check(X509* certificate, X509* authority) {
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  must(store && context && X509_STORE_add_cert(store.get(), authority) == 1 &&
           X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) == 1,
       "cannot check a certificate");
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) == 1) return;
  const int error = X509_STORE_CTX_get_error(context.get());
  if (error == X509_V_ERR_PERMITTED_VIOLATION)
    throw std::runtime_error(
        "the authority was made for other names and cannot vouch for one of these; make a new one "
        "with: croft tls rotate --authority");
  throw std::runtime_error(std::string("the new certificate is not right: ") +
                           X509_verify_cert_error_string(error));
}

}  // namespace

Pair make_authority(const AuthorityOrder& order) {
  const auto key = make_key();
  const auto made = blank(order.name, key.get());
  auto* const one = made.get();
  set_times(one, order.now, order.days);
  must(X509_set_issuer_name(one, X509_get_subject_name(one)) == 1, "cannot name an issuer");
  // One more below it, for the change-over to the next authority.
  extend(one, one, NID_basic_constraints, "critical,CA:TRUE,pathlen:1");
  extend(one, one, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(one, one, NID_subject_key_identifier, "hash");
  // Not critical, because mbed TLS (the ESP32) refuses what it does not know; browsers and OpenSSL
  // hold it all the same.
  if (!order.permitted.empty())
    extend(one, one, NID_name_constraints, joined(order.permitted, "permitted;"));
  sign(one, key.get());
  return {as_pem(one), as_pem(key.get())};
}

Pair make_server(const ServerOrder& order, const Pair& authority) {
  const auto issuer = first_certificate(authority.certificate);
  const auto issuer_key = read_key(authority.key);
  const auto key = make_key();
  const auto made = blank(order.name, key.get());
  auto* const one = made.get();
  set_times(one, order.now, order.days);
  must(X509_set_issuer_name(one, X509_get_subject_name(issuer.get())) == 1,
       "cannot name an issuer");
  extend(one, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(one, issuer.get(), NID_key_usage, "critical,digitalSignature");
  extend(one, issuer.get(), NID_ext_key_usage, "serverAuth");
  extend(one, issuer.get(), NID_subject_key_identifier, "hash");
  extend(one, issuer.get(), NID_authority_key_identifier, "keyid:always");
  extend(one, issuer.get(), NID_subject_alt_name, joined(order.names, ""));
  sign(one, issuer_key.get());
  check(one, issuer.get());
  return {as_pem(one), as_pem(key.get())};
}

std::string cross_sign(const std::string& certificate, const Pair& older, Instant now) {
  const auto newer = first_certificate(certificate);
  const auto issuer = first_certificate(older.certificate);
  const auto issuer_key = read_key(older.key);
  const auto made =
      blank(text_of(X509_get_subject_name(newer.get())), X509_get0_pubkey(newer.get()));
  auto* const one = made.get();
  set_times(one, now, 0);
  must(X509_set1_notAfter(one, X509_get0_notAfter(issuer.get())) == 1 &&
           X509_set_issuer_name(one, X509_get_subject_name(issuer.get())) == 1,
       "cannot name an issuer");
  extend(one, issuer.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(one, issuer.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(one, issuer.get(), NID_subject_key_identifier, "hash");
  extend(one, issuer.get(), NID_authority_key_identifier, "keyid:always");
  sign(one, issuer_key.get());
  return as_pem(one);
}

std::vector<Certificate> read_certificates(const std::string& pem) {
  std::vector<Certificate> all;
  const auto bio = bio_of(pem);
  while (const auto one = read_certificate(bio.get())) {
    auto* const raw = one.get();
    all.push_back({text_of(X509_get_subject_name(raw)), text_of(X509_get_issuer_name(raw)),
                   names_of(raw), instant_of(X509_get0_notBefore(raw)),
                   instant_of(X509_get0_notAfter(raw)), fingerprint_of(raw, EVP_sha256()),
                   fingerprint_of(raw, EVP_sha1()), X509_check_ca(raw) > 0});
  }
  if (all.empty()) throw std::runtime_error("there is no certificate in it (PEM is expected)");
  return all;
}

bool belong(const Pair& pair) {
  const auto certificate = first_certificate(pair.certificate);
  const auto key = read_key(pair.key);
  const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits;
}

}  // namespace croft::tls
