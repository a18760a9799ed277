// Which pools are in force, and why others are not.
#pragma once

#include <map>
#include <string>

#include "cluster/snapshot.h"
#include "plan/object_status.h"
#include "plan/policy.h"

namespace tangram::plan {

// What plans will know, beside the snapshot.
struct Measured {
  bool usage = false;   // how busy GPUs are
  bool demand = false;  // what was wanted in the hours before
};

struct PoolsInForce {
  PlanPolicy policy;  // the same, with pools that are not in force in mode Observe
  std::map<std::string, PoolStatus>
      statuses;  // by name of the pool; conditions without their times
};

// A pool whose nodes another selects too is not in force, nor is the other: a node has one policy.
// O(nodes x pools).
PoolsInForce JudgePools(const PlanPolicy& policy, const cluster::Snapshot& snapshot,
                        const Measured& measured);

}  // namespace tangram::plan
