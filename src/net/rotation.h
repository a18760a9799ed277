// When certificates of our own are made anew.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/certificate.h"

namespace tangram::net {

// What a serving process keeps (in a Secret) between its rotations. A new authority is trusted a
// while before it signs, so that clients have it when they meet it.
struct ServingCertificates {
  CertificateAndKey authority{};
  std::optional<CertificateAndKey> next_authority{};
  CertificateAndKey serving{};
  std::string trusted_pem{};  // for the clients: caBundle

  bool operator==(const ServingCertificates&) const = default;
};

struct RotationPolicy {
  std::string common_name = "tangram";
  std::vector<std::string> names{};  // a change of these issues a new serving certificate
  std::chrono::hours authority_life{24 * 365 * 5};
  std::chrono::hours serving_life{24 * 90};
  // A certificate is renewed when less than this part of its life is left, in percent.
  int renew_at_percent_left = 33;
  // How long a new authority is trusted before it signs.
  std::chrono::hours overlap{24};
};

// What should be in use at `now`, given what is: `stored` itself where nothing is due. New keys are
// random; all else depends on the arguments alone. What cannot be read, does not fit together or
// has expired is made anew. kInvalid: a policy without names or with a life that is not positive.
base::Result<ServingCertificates> Rotate(const ServingCertificates& stored,
                                         const RotationPolicy& policy, base::Time now);

}  // namespace tangram::net
