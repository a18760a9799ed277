// One node that is shared, or shared further, for pods that wait.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/pass/shared_devices.h"

namespace tangram::plan {

struct ShareOffer {
  std::string resource{};  // "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb.shared"
  SharingChoice choice{};
  std::vector<const cluster::Pod*> pods{};  // that get a share, in the order in which they came
};

// Whether the shares of that resource on the node may be changed, isolation and room aside: the
// plan knows what its cards are, and nobody holds a device of the kind whole. Cards are shared on
// nodes of which none is cut.
bool MayShare(const NodeRoom& node, const std::string& resource);

// Which of `pods`, in their order, the node can serve once `devices` of it are shared for them:
// those it has, and those it is to get. The pods ask for a share of `resource`. Nothing: none.
std::optional<ShareOffer> OfferShares(const NodeRoom& node, const std::string& resource,
                                      const SharedDevices& devices,
                                      std::span<const cluster::Pod* const> pods);

// Shares the node's devices so, and says why.
void ChangeShares(World& world, NodeRoom& node, const ShareOffer& offer, std::string reason,
                  Pass pass);

// Shares the node's devices so, places the pods, and says both.
void TakeOffer(World& world, NodeRoom& node, const ShareOffer& offer, Pass pass);

// The resources of shares that pods of the demand ask for, outside of gangs; each with its pods,
// most urgent first.
struct ShareDemand {
  std::string resource{};
  std::vector<const cluster::Pod*> pods{};
};
std::vector<ShareDemand> ShareDemands(const std::vector<const cluster::Pod*>& demand);

}  // namespace tangram::plan
