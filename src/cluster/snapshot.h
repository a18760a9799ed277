// The model: everything a decision may look at, at one moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cluster/demand.h"
#include "cluster/device.h"
#include "cluster/list.h"
#include "cluster/node.h"
#include "cluster/pod.h"
#include "cluster/policy_objects.h"
#include "cluster/usage.h"

namespace tangram::cluster {

// Something that could not be read, so that a report can say what it does not know.
struct Gap {
  std::string what;    // "poddisruptionbudgets.policy"
  std::string why;     // "forbidden for User \"viewer\""
  std::string remedy;  // the rule that would allow it, or what to install
  bool operator==(const Gap&) const = default;
};

// A value, and cheap to copy (list.h). Lists are sorted by (namespace,) name, so that equal
// clusters give equal snapshots; Normalize() restores that.
struct Snapshot {
  base::Time taken_at;
  std::string cluster;  // the kubeconfig's cluster name, or the trace's
  List<Node> nodes;
  List<Pod> pods;
  List<Claim> claims;
  List<ResourceSlice> slices;
  List<DeviceClass> device_classes;
  List<Namespace> namespaces;
  List<DisruptionBudget> budgets;
  List<Quota> quotas;
  List<Queue> queues;
  List<LocalQueue> local_queues;
  List<PriorityClass> priority_classes;
  List<GangOwner> gang_owners;
  // The kinds of which all gang_owners are there: "jobs.batch".
  std::vector<std::string> gang_kinds;
  std::optional<Usage> usage;  // absent: nothing was measured, and nothing may be called idle
  List<Demand> demand;  // by pool, profile, time; nothing: what was wanted before is not known
  std::vector<Gap> gaps;
  bool operator==(const Snapshot&) const = default;
};

// The first gap about `what`; nullptr: none.
const Gap* GapIn(const Snapshot& snapshot, std::string_view what);

// Sorts every list by its key. Stable and idempotent.
void Normalize(Snapshot& snapshot);

}  // namespace tangram::cluster
