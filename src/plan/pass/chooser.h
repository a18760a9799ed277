// The node for a pod.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "plan/pass/world.h"
#include "plan/place/policy.h"

namespace tangram::plan {

// Whole GPUs go where the placement policy `tangram` wants them, priced by what the pods of the
// cluster ask for; everything else goes where least of it is left, and of such nodes to the one
// with the fewest free cards. Ties go to the first name.
class Chooser {
 public:
  explicit Chooser(const World& world);

  // Of `world`'s nodes that the pod fits; nullptr: none.
  NodeRoom* Best(World& world, const cluster::Pod& pod) const;

 private:
  struct Score {
    std::int64_t first = 0;
    std::int64_t second = 0;
    friend auto operator<=>(const Score&, const Score&) = default;
  };
  Score Of(const NodeRoom& node, const cluster::Pod& pod) const;
  NodeState StateOf(const NodeRoom& node) const;
  std::uint8_t ModelOf(const NodeRoom& node) const;

  std::vector<std::string_view> models_;  // sorted
  std::unique_ptr<Policy> policy_;
};

}  // namespace tangram::plan
