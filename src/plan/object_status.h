// What the status of our objects says: of pools and of classes.
#pragma once

#include <cstdint>
#include <vector>

#include "cluster/condition.h"
#include "plan/policy.h"

namespace tangram::plan {

struct PoolStatus {
  std::int64_t generation = 0;                   // of the spec that it speaks of
  std::int64_t nodes = 0;                        // that it selects
  std::int64_t gpus = 0;                         // their cards
  Mode mode = Mode::kObserve;                    // in force
  std::vector<cluster::Condition> conditions{};  // by type
  bool operator==(const PoolStatus&) const = default;
};

struct ClassStatus {
  std::int64_t generation = 0;
  std::int64_t free = 0;   // devices that a pod could get now
  std::int64_t total = 0;  // devices that serve the class
  std::vector<cluster::Condition> conditions{};
  bool operator==(const ClassStatus&) const = default;
};

}  // namespace tangram::plan
