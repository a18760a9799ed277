#include "net/rotation.h"

#include <algorithm>
#include <utility>

namespace tangram::net {
namespace {

// Clocks of clients may be behind ours.
constexpr std::chrono::hours kBackdate{1};

base::Result<void> Check(const RotationPolicy& policy) {
  const bool good = !policy.names.empty() && policy.authority_life.count() > 0 &&
                    policy.serving_life.count() > 0 && policy.renew_at_percent_left > 0 &&
                    policy.renew_at_percent_left < 100 && policy.overlap.count() >= 0;
  if (good) return {};
  return base::Fail(base::ErrorCode::kInvalid,
                    "certificates: the policy needs a name, lives that are positive, and a renewal "
                    "at 1 to 99 percent");
}

// Nothing: it cannot be used at `now`.
std::optional<CertificateInfo> UsableAt(const CertificateAndKey& pair, base::Time now) {
  if (pair.cert_pem.empty() || !BelongTogether(pair)) return std::nullopt;
  auto info = ReadCertificate(pair.cert_pem);
  if (!info || now < info->not_before || now >= info->not_after) return std::nullopt;
  return std::move(*info);
}

std::optional<CertificateInfo> AuthorityAt(const CertificateAndKey& pair, base::Time now) {
  auto info = UsableAt(pair, now);
  if (info && !info->is_authority) return std::nullopt;
  return info;
}

bool IsDue(const CertificateInfo& info, const RotationPolicy& policy, base::Time now) {
  const auto life = info.not_after - info.not_before;
  return info.not_after - now < life * policy.renew_at_percent_left / 100;
}

base::Result<CertificateAndKey> NewAuthority(const RotationPolicy& policy, base::Time now) {
  return MakeAuthority({.common_name = policy.common_name + " authority",
                        .not_before = now - kBackdate,
                        .not_after = now + policy.authority_life});
}

// Brings the authority and its successor up to date.
base::Result<void> RotateAuthority(ServingCertificates& kept, const RotationPolicy& policy,
                                   base::Time now) {
  auto next = kept.next_authority ? AuthorityAt(*kept.next_authority, now) : std::nullopt;
  if (!next) kept.next_authority.reset();
  const auto info = AuthorityAt(kept.authority, now);
  if (info && !IsDue(*info, policy, now)) return {};
  if (!next) {
    auto made = NewAuthority(policy, now);
    if (!made) return tl::unexpected<base::Error>(made.error());
    kept.next_authority = std::move(*made);
  }
  const bool trusted_long = next && now >= next->not_before + kBackdate + policy.overlap;
  if (info && !trusted_long) return {};  // it signs on until its successor is known
  kept.authority = std::move(*kept.next_authority);
  kept.next_authority.reset();
  return {};
}

bool Serves(const ServingCertificates& kept, const RotationPolicy& policy, base::Time now) {
  const auto info = UsableAt(kept.serving, now);
  return info && !IsDue(*info, policy, now) && info->names == CanonicalNames(policy.names) &&
         info->common_name == policy.common_name &&
         IsSignedBy(kept.serving.cert_pem, kept.authority.cert_pem);
}

// Our authorities, and those of before that others may still present certificates of.
std::string TrustedAt(const ServingCertificates& kept, base::Time now) {
  std::vector<std::string> all = SplitCertificates(kept.authority.cert_pem);
  const auto add = [&](const std::string& pem) {
    const auto info = ReadCertificate(pem);
    if (!info || now >= info->not_after) return;
    if (std::find(all.begin(), all.end(), pem) == all.end()) all.push_back(pem);
  };
  if (kept.next_authority) add(SplitCertificates(kept.next_authority->cert_pem).front());
  for (const std::string& pem : SplitCertificates(kept.trusted_pem)) add(pem);
  std::string text;
  for (const std::string& pem : all) text += pem;
  return text;
}

}  // namespace

base::Result<ServingCertificates> Rotate(const ServingCertificates& stored,
                                         const RotationPolicy& policy, base::Time now) {
  if (auto checked = Check(policy); !checked) return tl::unexpected<base::Error>(checked.error());
  ServingCertificates kept = stored;
  if (auto rotated = RotateAuthority(kept, policy, now); !rotated) {
    return tl::unexpected<base::Error>(rotated.error());
  }
  if (!Serves(kept, policy, now)) {
    const auto authority = ReadCertificate(kept.authority.cert_pem);
    if (!authority) return tl::unexpected<base::Error>(authority.error());
    auto issued = IssueCertificate(
        kept.authority, {.common_name = policy.common_name,
                         .names = policy.names,
                         .not_before = now - kBackdate,
                         .not_after = std::min(now + policy.serving_life, authority->not_after)});
    if (!issued) return tl::unexpected<base::Error>(issued.error());
    kept.serving = std::move(*issued);
  }
  kept.trusted_pem = TrustedAt(kept, now);
  return kept;
}

}  // namespace tangram::net
