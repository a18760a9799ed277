// How good a node is for a request: the policies that placement can follow.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "plan/place/fragmentation.h"
#include "plan/place/node_state.h"

namespace tangram::plan {

// A node's worth for a request, and the GPUs of it that the request would hold.
struct Choice {
  std::int64_t score = 0;  // higher is better; of equal ones the node of the lowest rank is taken
  GpuSet gpus = 0;
};

// Stateless: the same node and shape give the same choice. The score does not depend on the order
// of the node's GPUs; of equal GPUs the first is chosen.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string_view name() const = 0;
  // `node` fits `shape`.
  virtual Choice Choose(const NodeState& node, const Shape& shape) const = 0;
};

// Fragmentation gradient descent: the node whose fragmentation falls most, in a hundred steps
// (fragmentation.h). The steps are part of the policy: within 40 thousandths of a GPU the node of
// the lowest rank goes on being filled.
std::unique_ptr<Policy> MakeFgd(std::vector<TypicalShape> typical);

// Ours, the default: the node whose loss costs least at the shadow prices of `requests`
// (pricing.h), which stand for what will be asked of `nodes`. To that come FGD's measure, the CPU
// that free GPUs will need, the nodes that large requests need, and the models that others cannot
// do without. Takes the time of PriceRequests. The nodes are as they are when empty; it chooses on
// nodes of their models only.
std::unique_ptr<Policy> MakeTangram(std::span<const NodeState> nodes,
                                    std::span<const Shape> requests);

// The baselines of the FGD paper, as its published simulator has them. A share goes to the GPU with
// the least left that holds it; whole GPUs to the first idle ones.
std::unique_ptr<Policy> MakeBestFit();        // least CPU and GPU left
std::unique_ptr<Policy> MakeDotProduct();     // least product of what is free and asked
std::unique_ptr<Policy> MakeGpuPacking();     // GPUs in use first, then nodes in use
std::unique_ptr<Policy> MakeGpuClustering();  // nodes with requests of its kind first

}  // namespace tangram::plan
