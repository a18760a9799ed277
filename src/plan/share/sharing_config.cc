#include "plan/share/sharing_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "gpu/gpu.h"

namespace tangram::plan {

std::string ResourceOf(std::string_view profile, cluster::MigStrategy strategy) {
  if (profile.empty() || strategy == cluster::MigStrategy::kSingle) return "nvidia.com/gpu";
  std::string name = fmt::format("nvidia.com/mig-{}", profile);
  std::replace(name.begin(), name.end(), '+', '.');
  return name;
}

base::Result<SharingConfig> WithShares(SharingConfig config, cluster::Sharing strategy,
                                       const std::vector<ShareChange>& changes) {
  const auto refuse = [](std::string why) {
    return base::Fail(base::ErrorCode::kInvalid, std::move(why));
  };
  for (const ShareChange& change : changes) {
    if (change.after < 1 || change.after > gpu::kMaxTimeSlicingReplicas) {
      return refuse(fmt::format("{} cannot have {} shares; from 1 to {} are possible",
                                change.resource, change.after, gpu::kMaxTimeSlicingReplicas));
    }
    config.replicas.erase(change.resource);
  }
  if (!config.replicas.empty() && config.strategy != strategy) {
    return refuse(fmt::format(
        "it shares {} in another way, and one configuration shares in one way only; take that "
        "resource out of its sharing, or share in the same way",
        config.replicas.begin()->first));
  }
  for (const ShareChange& change : changes) {
    if (change.after == 1) continue;
    if (strategy == cluster::Sharing::kMps && change.resource != ResourceOf("", {})) {
      return refuse("MPS shares whole cards, and no MIG instances; share them by time-slicing");
    }
    config.replicas[change.resource] = change.after;
  }
  config.strategy = config.replicas.empty() ? cluster::Sharing::kNone : strategy;
  return config;
}

}  // namespace tangram::plan
