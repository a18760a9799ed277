#include "net/testing/test_tls.h"

#include <chrono>

#include "base/clock.h"

namespace tangram::net::testing {
namespace {

CertificateSpec ForAWeek(const std::string& common_name) {
  const base::Time now = base::SystemClock().Now();
  return {.common_name = common_name,
          .not_before = now - std::chrono::days(1),
          .not_after = now + std::chrono::days(7)};
}

}  // namespace

CertAndKey MakeAuthority(const std::string& name) {
  return net::MakeAuthority(ForAWeek(name)).value_or(CertAndKey{});
}

CertAndKey IssueCertificate(const CertAndKey& authority, const std::string& dns_name) {
  CertificateSpec spec = ForAWeek(dns_name);
  spec.names = {dns_name, "127.0.0.1"};
  return net::IssueCertificate(authority, spec).value_or(CertAndKey{});
}

}  // namespace tangram::net::testing
