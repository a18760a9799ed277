#include "plan/pool_status.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tangram::plan {
namespace {

struct Seen {
  std::int64_t nodes = 0;
  std::int64_t gpus = 0;
  std::string shared_node{};  // the first that another pool selects too, and that pool
  std::string shared_with{};
};

cluster::Condition Ready(const Pool& pool, const Seen& seen, const Measured& measured) {
  cluster::Condition ready{.type = "Ready"};
  if (!seen.shared_node.empty()) {
    ready.reason = "NodesOverlap";
    ready.message = fmt::format(
        "GpuPool {} selects node {} too; a node has one policy: narrow the "
        "spec.nodeSelector of one of them",
        seen.shared_with, seen.shared_node);
  } else if (seen.nodes == 0) {
    ready.reason = "NoNodes";
    ready.message = "no node has all labels of spec.nodeSelector; label some, or correct it";
  } else if ((pool.policy.stop_idle || pool.policy.resize) && !measured.usage) {
    ready.holds = true;
    ready.reason = "UsageUnknown";
    ready.message = "nothing is stopped or resized: the use of its GPUs is not measured";
  } else if (pool.forecast && !measured.demand) {
    ready.holds = true;
    ready.reason = "DemandUnknown";
    ready.message =
        "nothing is made ready for what is expected: no Prometheus has what was wanted in the "
        "hours before; let one scrape the controller";
  } else {
    ready.holds = true;
    ready.reason = "InForce";
    ready.message = fmt::format("{} {}", seen.nodes, seen.nodes == 1 ? "node" : "nodes");
  }
  return ready;
}

std::vector<Seen> Look(const PlanPolicy& policy, const cluster::Snapshot& snapshot) {
  std::vector<Seen> seen(policy.pools.size());
  for (const cluster::Node& node : snapshot.nodes) {
    std::vector<std::size_t> of;
    for (std::size_t i = 0; i < policy.pools.size(); ++i) {
      if (Selects(policy.pools[i], node)) of.push_back(i);
    }
    for (const std::size_t i : of) {
      ++seen[i].nodes;
      seen[i].gpus += static_cast<std::int64_t>(node.gpus.size());
      if (of.size() < 2 || !seen[i].shared_node.empty()) continue;
      seen[i].shared_node = node.name;
      seen[i].shared_with = policy.pools[of[0] == i ? of[1] : of[0]].name;
    }
  }
  return seen;
}

}  // namespace

PoolsInForce JudgePools(const PlanPolicy& policy, const cluster::Snapshot& snapshot,
                        const Measured& measured) {
  PoolsInForce in_force{.policy = policy, .statuses = {}};
  const std::vector<Seen> seen = Look(policy, snapshot);
  for (std::size_t i = 0; i < policy.pools.size(); ++i) {
    Pool& pool = in_force.policy.pools[i];
    cluster::Condition ready = Ready(pool, seen[i], measured);
    if (!ready.holds) pool.policy.mode = Mode::kObserve;
    in_force.statuses[pool.name] = {.generation = pool.generation,
                                    .nodes = seen[i].nodes,
                                    .gpus = seen[i].gpus,
                                    .mode = pool.policy.mode,
                                    .conditions = {std::move(ready)}};
  }
  return in_force;
}

}  // namespace tangram::plan
