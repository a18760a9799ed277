// Certificates that we make ourselves: an authority and what it issues.
//
// ECDSA on P-256 with SHA-256, which every TLS client of today takes. Keys are secrets: PEM text
// that is never logged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tangram::net {

struct CertificateAndKey {
  std::string cert_pem{};
  std::string key_pem{};  // secret

  bool operator==(const CertificateAndKey&) const = default;
};

struct CertificateSpec {
  std::string common_name{};
  // What clients may call the server: DNS names ("*.x" too) or IP addresses.
  std::vector<std::string> names{};
  base::Time not_before{};
  base::Time not_after{};
};

// Self-signed; signs certificates and nothing else. kInvalid: a spec that makes no certificate.
base::Result<CertificateAndKey> MakeAuthority(const CertificateSpec& spec);
// For a server, and for the client side of it. kInvalid also for an authority that cannot be read.
base::Result<CertificateAndKey> IssueCertificate(const CertificateAndKey& authority,
                                                 const CertificateSpec& spec);

struct CertificateInfo {
  std::string common_name{};
  std::vector<std::string> names{};  // as in CertificateSpec, sorted
  base::Time not_before{};
  base::Time not_after{};
  bool is_authority = false;
};
// The first certificate of `pem`. kInvalid: there is none.
base::Result<CertificateInfo> ReadCertificate(std::string_view pem);

// Sorted, each once, IP addresses in their shortest form: as ReadCertificate says them.
std::vector<std::string> CanonicalNames(std::vector<std::string> names);
// Each certificate of a bundle as PEM text of its own; stops at what is none.
std::vector<std::string> SplitCertificates(std::string_view pem);
// Whether the key is the certificate's.
bool BelongTogether(const CertificateAndKey& pair);
bool IsSignedBy(std::string_view cert_pem, std::string_view authority_pem);

}  // namespace tangram::net
