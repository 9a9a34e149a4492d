// The face of croft-tls.so.
// SPDX-License-Identifier: Apache-2.0
#include "tls/openssl/certificates.hpp"
#include "tls/openssl/engine.hpp"
#include "tls/openssl/signatures.hpp"
#include "tls/provider.hpp"

namespace croft::tls {
namespace {

class OpenSsl final : public Provider {
 public:
  Pair make_authority(const AuthorityOrder& order) const override {
    return tls::make_authority(order);
  }
  Pair make_server(const ServerOrder& order, const Pair& authority) const override {
    return tls::make_server(order, authority);
  }
  std::string cross_sign(const std::string& certificate, const Pair& older,
                         Instant now) const override {
    return tls::cross_sign(certificate, older, now);
  }
  std::vector<Certificate> read(const std::string& pem) const override {
    return read_certificates(pem);
  }
  bool belong(const Pair& pair) const override { return tls::belong(pair); }
  Pair make_signer() const override { return tls::make_signer(); }
  std::string sign(const std::string& key, const std::string& text) const override {
    return sign_text(key, text);
  }
  bool signed_by(const std::string& public_key, const std::string& text,
                 const std::string& signature) const override {
    return tls::signed_by(public_key, text, signature);
  }
  std::shared_ptr<Context> client(const std::string& ca_file) const override {
    return client_context(ca_file);
  }
  std::shared_ptr<Context> server(const Pair& pair) const override { return server_context(pair); }
};

}  // namespace
}  // namespace croft::tls

extern "C" __attribute__((visibility("default"))) const croft::tls::Provider* croft_tls_provider() {
  static const croft::tls::OpenSsl provider;
  return &provider;
}
