// One TLS connection over two buffers in memory, and its failures in words.
// SPDX-License-Identifier: Apache-2.0
#include "tls/openssl/engine.hpp"

#include <arpa/inet.h>

#include <array>

#include "tls/openssl/certificates.hpp"
#include "tls/openssl/handles.hpp"

namespace croft::tls {
namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string join(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name.substr(name.find(':') + 1);
  return all;
}

// What is wrong with the other side's certificate.
std::string complaint(const Certificate& shown, long error, const std::string& host) {
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is not for " + host + " but for " + join(shown.names) +
             "; reach it by one of these names, or have it certified for this one";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "a certificate of it has expired (its own ends " + format_instant(shown.ends) +
             "); renew it there, if this machine's clock is right";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid before " + format_instant(shown.begins) +
             "; is this machine's clock right?";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate is by an authority that is not trusted here («" + shown.issuer +
             "»); set ca_file to the certificate of that authority";
    default:
      return std::string("its certificate is refused: ") + X509_verify_cert_error_string(error);
  }
}

Certificate about(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  must(out && PEM_write_bio_X509(out.get(), certificate) == 1, "cannot read a certificate");
  const auto size = BIO_get_mem_data(out.get(), &data);
  return read_certificates({data, static_cast<std::size_t>(size)}).front();
}

class OpenSslEngine final : public Engine {
 public:
  OpenSslEngine(SSL_CTX* context, bool client, const std::string& host)
      : ssl_(SSL_new(context)), host_(host) {
    must(ssl_ != nullptr, "no TLS connection");
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    must(in_ != nullptr && out_ != nullptr, "out of memory");
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);  // they are the connection's now
    if (!client) {
      SSL_set_accept_state(ssl_.get());
      return;
    }
    SSL_set_connect_state(ssl_.get());
    SSL_set_app_data(ssl_.get(), this);
    auto* const demands = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(demands, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address(host)) {
      must(X509_VERIFY_PARAM_set1_ip_asc(demands, host.c_str()) == 1, "not an address");
    } else {
      must(SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
               SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1,
           "not a host name");
    }
  }

  void take(std::string_view wire) override {
    const int taken = BIO_write(in_, wire.data(), static_cast<int>(wire.size()));
    if (taken != static_cast<int>(wire.size())) throw Failed("TLS: out of memory");
  }

  void give(std::string& wire) override {
    const auto size = BIO_ctrl_pending(out_);
    if (size == 0) return;
    const auto had = wire.size();
    wire.resize(had + size);
    const int given = BIO_read(out_, wire.data() + had, static_cast<int>(size));
    wire.resize(had + static_cast<std::size_t>(given > 0 ? given : 0));
  }

  bool shake_hands() override {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome == 1) return true;
    if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) return false;
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK) {
      ERR_clear_error();
      throw Failed(complaint(refused_, verdict, host_));
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER) {
      ERR_clear_error();
      throw Failed("no TLS is spoken on that port");
    }
    throw Failed("TLS handshake: " + last_error());
  }

  std::size_t read(char* into, std::size_t room) override {
    std::size_t total = 0;
    while (total < room && !ended_) {
      ERR_clear_error();
      std::size_t got = 0;
      const int outcome = SSL_read_ex(ssl_.get(), into + total, room - total, &got);
      total += got;
      if (outcome == 1) continue;
      const int error = SSL_get_error(ssl_.get(), outcome);
      if (error == SSL_ERROR_WANT_READ) break;
      ended_ = true;
      if (error != SSL_ERROR_ZERO_RETURN) throw Failed("TLS: " + last_error());
    }
    return total;
  }

  void write(std::string_view plain) override {
    if (plain.empty()) return;
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1 ||
        written != plain.size())
      throw Failed("TLS: " + last_error());
  }

  bool ended() const override { return ended_; }

  // Remembers what was refused, because the connection does not.
  static int look(int good, X509_STORE_CTX* context) {
    auto* const ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const self = static_cast<OpenSslEngine*>(SSL_get_app_data(ssl));
    try {
      if (good != 1) self->refused_ = about(X509_STORE_CTX_get0_cert(context));
    } catch (const std::exception&) {  // then it is told without names
    }
    return good;
  }

  void close() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

 private:
  Ssl ssl_;
  std::string host_;
  Certificate refused_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  bool ended_ = false;
};

class OpenSslContext final : public Context {
 public:
  explicit OpenSslContext(bool client)
      : context_(SSL_CTX_new(client ? TLS_client_method() : TLS_server_method())), client_(client) {
    must(context_ && SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) == 1,
         "TLS does not start");
    SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION);
  }

  std::unique_ptr<Engine> connection(const std::string& host) const override {
    return std::make_unique<OpenSslEngine>(context_.get(), client_, host);
  }

  void trust(const std::string& ca_file) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, OpenSslEngine::look);
    if (ca_file.empty()) {
      must(SSL_CTX_set_default_verify_paths(context_.get()) == 1,
           "the system's authorities cannot be read");
    } else if (SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) != 1) {
      throw std::runtime_error("cannot read the authorities in " + ca_file + ": " + last_error());
    }
  }

  void use(const Pair& pair) {
    const auto bio = bio_of(pair.certificate);
    const auto own = read_certificate(bio.get());
    must(own && SSL_CTX_use_certificate(context_.get(), own.get()) == 1,
         "the certificate cannot be used");
    while (auto next = read_certificate(bio.get()))
      must(SSL_CTX_add0_chain_cert(context_.get(), next.release()) == 1, "the chain is not right");
    const auto key = read_key(pair.key);
    if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1)
      throw std::runtime_error("the key does not belong to the certificate: " + last_error());
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
  }

 private:
  SslContext context_;
  bool client_;
};

}  // namespace

std::shared_ptr<Context> client_context(const std::string& ca_file) {
  auto context = std::make_shared<OpenSslContext>(true);
  context->trust(ca_file);
  return context;
}

std::shared_ptr<Context> server_context(const Pair& pair) {
  auto context = std::make_shared<OpenSslContext>(false);
  context->use(pair);
  return context;
}

}  // namespace croft::tls
