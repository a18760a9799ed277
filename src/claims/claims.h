// Do the claims of a pod fit on a node? The answer of kube-scheduler 1.36's allocator.
//
// Source: k8s.io/dynamic-resource-allocation/structured. What it does that one would not expect is
// kept: counters that a device took before a taint or a constraint refused it stay taken until the
// attempt ends, so an attempt may fail where another order would succeed.
//
// Pure. Equal arguments give equal answers; testbed/dra_differential compares with the real one.
#pragma once

#include <span>
#include <unordered_set>
#include <variant>
#include <vector>

#include "claims/capacity.h"
#include "claims/pools.h"
#include "claims/selection.h"
#include "cluster/pod.h"

namespace tangram::claims {

// A device that a claim gets.
struct Given {
  const cluster::Claim* claim = nullptr;
  const cluster::Device* device = nullptr;
  cluster::AllocatedDevice result{};  // as the claim's status would hold it
  Amounts takes{};                    // of a device that others may hold, too
};

struct Fits {
  std::vector<Given> devices;  // in the order of claims and requests
};
struct DoesNotFit {};
using Answer = std::variant<Fits, DoesNotFit, Fails, Unknown>;

using DeviceSet = std::unordered_set<const cluster::Device*>;

struct Question {
  std::span<const Pool> pools;  // of the node (pools.h)
  const DeviceSet& allocated;   // by claims that hold them alone, without admin access
  const Capacities& taken;      // of devices that several hold, likewise
  std::span<const cluster::Claim* const> claims;  // none of them allocated
};

// At most some 100,000 steps: a search that needs more is Unknown. `selection` remembers what
// selectors said of devices; it is not changed otherwise.
Answer Allocate(const Question& question, Selection& selection);

}  // namespace tangram::claims
