// Everything that OpenSSL does for Croft, behind one face, loaded when it is first wanted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tls/certificate.hpp"
#include "tls/engine.hpp"

namespace croft::tls {

// Safe from any thread. Everything throws std::runtime_error with one clear line.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual Pair make_authority(const AuthorityOrder&) const = 0;
  // Signed by `authority`, and checked against it: an authority that may not vouch for a name is a
  // mistake that is told here.
  virtual Pair make_server(const ServerOrder&, const Pair& authority) const = 0;
  // The authority `certificate` once more, signed by an older one, so that whoever trusts only the
  // older one believes what the newer has signed.
  virtual std::string cross_sign(const std::string& certificate, const Pair& older,
                                 Instant now) const = 0;
  // Every certificate in a text of PEM, in their order.
  virtual std::vector<Certificate> read(const std::string& pem) const = 0;
  // Whether the key belongs to the first certificate.
  virtual bool belong(const Pair&) const = 0;

  // A key pair to sign with, on the curve P-256: `certificate` is the public key.
  virtual Pair make_signer() const = 0;
  // ECDSA over the SHA-256 of `text`, in DER.
  virtual std::string sign(const std::string& key, const std::string& text) const = 0;
  // Whether the owner of the public key, in PEM, signed just that. Throws for what is no P-256 key.
  virtual bool signed_by(const std::string& public_key, const std::string& text,
                         const std::string& signature) const = 0;

  // Trusts the authorities in `ca_file`, or those of the system when it is empty. TLS 1.2 or newer.
  virtual std::shared_ptr<Context> client(const std::string& ca_file) const = 0;
  virtual std::shared_ptr<Context> server(const Pair&) const = 0;
};

// croft-tls.so beside this program, else in ../lib/croft. A Croft that uses no TLS never loads it,
// which keeps 2 MB of OpenSSL out of its memory.
const Provider& provider();

}  // namespace croft::tls
