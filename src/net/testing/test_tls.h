// Certificates made on the spot. For tests alone.
#pragma once

#include <string>

#include "net/certificate.h"

namespace tangram::net::testing {

using CertAndKey = CertificateAndKey;

// A certificate authority that lives for one test.
CertAndKey MakeAuthority(const std::string& name);
// A certificate for `dns_name` and 127.0.0.1 from that authority, valid from yesterday for a week.
CertAndKey IssueCertificate(const CertAndKey& authority, const std::string& dns_name);

}  // namespace tangram::net::testing
