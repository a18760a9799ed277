#include "plan/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::plan {
namespace {

auto FirstOf(const PlanPolicy& policy, std::vector<Pool>::const_iterator from,
             const cluster::Node& node) {
  return std::find_if(from, policy.pools.end(),
                      [&](const Pool& pool) { return Selects(pool, node); });
}

}  // namespace

bool Selects(const Pool& pool, const cluster::Node& node) {
  return std::all_of(pool.selector.begin(), pool.selector.end(), [&](const auto& wanted) {
    return std::binary_search(node.labels.begin(), node.labels.end(), wanted);
  });
}

const Pool* PoolOf(const PlanPolicy& policy, const cluster::Node& node) {
  const auto pool = FirstOf(policy, policy.pools.begin(), node);
  return pool == policy.pools.end() ? nullptr : &*pool;
}

base::Result<void> CheckPools(const PlanPolicy& policy, const cluster::Snapshot& snapshot) {
  for (const cluster::Node& node : snapshot.nodes) {
    const auto first = FirstOf(policy, policy.pools.begin(), node);
    if (first == policy.pools.end()) continue;
    const auto second = FirstOf(policy, first + 1, node);
    if (second == policy.pools.end()) continue;
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("GpuPool {} and GpuPool {} both select node {}; a node has one "
                                  "policy: narrow the spec.nodeSelector of one of them",
                                  first->name, second->name, node.name));
  }
  return {};
}

}  // namespace tangram::plan
