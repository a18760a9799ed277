// TLS for the test server, and certificates made on the spot.
#pragma once

#include <string>

namespace tangram::net::testing {

struct CertAndKey {
  std::string cert_pem;
  std::string key_pem;
};

// A certificate authority that lives for one test.
CertAndKey MakeAuthority(const std::string& name);
// A certificate for `dns_name` and 127.0.0.1 from that authority, valid from yesterday for a week.
CertAndKey IssueCertificate(const CertAndKey& authority, const std::string& dns_name);

}  // namespace tangram::net::testing
