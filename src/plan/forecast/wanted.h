// How many MIG instances are wanted at a moment: what histories of demand are made of.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "cluster/snapshot.h"
#include "plan/forecast/forecast.h"
#include "plan/policy.h"

namespace tangram::plan {

// The instances of a profile in a pool.
struct PoolProfile {
  std::string pool;
  std::string profile;  // in NVIDIA's spelling
  friend auto operator<=>(const PoolProfile&, const PoolProfile&) = default;
};

// What pods hold and wait for, of the resources that the device plugin has for instances (mixed
// strategy, not shared ones), in each of the policy's pools. A pod that waits counts in the first
// pool that has a node it may run on, and a card that has such instances. Every plain profile of a
// pool's cards has an entry, also where it is 0: nobody wants it, which is something else than
// that nobody knows.
std::map<PoolProfile, std::int64_t> WantedInstances(const cluster::Snapshot& snapshot,
                                                    const PlanPolicy& policy);

// What the snapshot knows of the hours before.
std::map<PoolProfile, DemandHistory> HistoriesOf(const cluster::Snapshot& snapshot);

}  // namespace tangram::plan
