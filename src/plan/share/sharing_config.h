// How the device plugin shares the devices of a node: the part `sharing` of its configuration.
//
// Source: NVIDIA's device plugin v0.20 (api/config/v1). One strategy a node; resources by name,
// each with 2 replicas or more; MPS shares whole cards only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/node.h"

namespace tangram::plan {

struct SharingConfig {
  cluster::Sharing strategy = cluster::Sharing::kNone;
  // Shares are offered as nvidia.com/gpu.shared, so that nobody gets one who asked for a card.
  bool rename_by_default = true;
  // A pod that asks for two shares is refused: they would be no more than one.
  bool fail_requests_greater_than_one = true;
  std::map<std::string, int> replicas{};  // 2 or more, by resource: "nvidia.com/mig-1g.10gb"
  bool operator==(const SharingConfig&) const = default;
};

// Every device of one resource.
struct ShareChange {
  std::string resource{};  // its name where nothing is renamed
  int before = 1;          // replicas of each; 1: not shared
  int after = 1;
  bool operator==(const ShareChange&) const = default;
};

// Of the device plugin: nvidia.com/mig-1g.10gb.me for 1g.10gb+me, nvidia.com/gpu for whole cards
// and, under the strategy `single`, for instances.
std::string ResourceOf(std::string_view profile, cluster::MigStrategy strategy);

// The configuration with those resources shared so, and everything else as it is. kInvalid: what
// else it shares is shared in another way, or MPS is to share instances.
base::Result<SharingConfig> WithShares(SharingConfig config, cluster::Sharing strategy,
                                       const std::vector<ShareChange>& changes);

}  // namespace tangram::plan
