// Pods, their requests and their DRA claims.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "cluster/affinity.h"
#include "cluster/node.h"

namespace tangram::cluster {

enum class PodPhase { kPending, kRunning, kSucceeded, kFailed, kUnknown };

// Who a person would say the pod belongs to: a ReplicaSet is shown as its Deployment.
struct Owner {
  std::string kind;  // "Deployment", "StatefulSet", "Job", ...; empty: a bare pod
  std::string name;
  friend auto operator<=>(const Owner&, const Owner&) = default;
};

struct Toleration {
  std::string key;  // empty with operator Exists: every key
  std::string op;   // "Exists" or "Equal"
  std::string value;
  std::string effect;  // empty: every effect
  bool operator==(const Toleration&) const = default;
};

struct Pod {
  std::string ns;
  std::string name;
  std::string uid;
  Owner owner;
  Labels labels;       // without the hashes that controllers add
  Labels annotations;  // only keys that steer disruption or are ours; never free text of users
  std::string node;    // empty: not bound
  PodPhase phase = PodPhase::kPending;
  bool ready = false;
  bool terminating = false;  // deletionTimestamp is set: it holds what it has until it is gone
  base::Time created_at;
  std::optional<base::Time> started_at;
  int priority = 0;
  std::string priority_class;
  bool can_preempt = true;  // preemptionPolicy is not Never
  std::string pod_group;    // of Kubernetes' own API: spec.schedulingGroup.podGroupName

  // Requests, summed over containers as the scheduler counts them.
  base::MilliCpu cpu;
  base::MiB memory;
  std::vector<ResourceCount> devices;  // extended resources: nvidia.com/gpu, mig-*, *.shared
  // ResourceClaims in its namespace. One that is yet to be made of its template: by how its name
  // begins, "train-gpus-"; no claim's whole name ends like that.
  std::vector<std::string> claims;

  std::vector<std::string> gates;  // scheduling gates still there
  Labels node_selector;
  std::vector<Toleration> tolerations;
  Affinity affinity;
  std::string pending_reason;   // of PodScheduled=False: "Unschedulable", "SchedulingGated"
  std::string pending_message;  // the scheduler's sentence
  bool operator==(const Pod&) const = default;
};

// Bound, and neither ended nor failed: holds its devices.
inline bool HoldsDevices(const Pod& pod) {
  return !pod.node.empty() && pod.phase != PodPhase::kSucceeded && pod.phase != PodPhase::kFailed;
}

struct DeviceRequest {
  std::string name;  // "<request>" or "<request>/<subrequest>" of firstAvailable
  std::string device_class;
  std::vector<std::string> selectors;  // CEL
  std::int64_t count = 1;
  bool all = false;                       // allocationMode All
  bool admin_access = false;              // looks at devices that others use, and takes none
  std::vector<Toleration> tolerations{};  // of taints of devices
  Labels capacity{};                      // quantities asked for by capacity: {"memory", "10Gi"}
  bool operator==(const DeviceRequest&) const = default;
};

// Devices of these requests ("r", or "r/a" of an alternative; none named: of all) have the same
// value of the attribute, or each another one.
struct DeviceConstraint {
  std::vector<std::string> requests;
  std::string match_attribute;     // with its domain
  std::string distinct_attribute;  // one of the two; neither: another kind, which is not known
  bool operator==(const DeviceConstraint&) const = default;
};

struct AllocatedDevice {
  std::string request;
  std::string driver;         // "gpu.nvidia.com"
  std::string pool;           // the node's name, for NVIDIA's driver
  std::string device;         // "gpu-0" or "gpu-0-mig-1g10gb-19-0"
  bool admin_access = false;  // sees the device without holding it
  bool shared = false;        // others may hold parts of it, too (shareID)
  Labels consumed{};          // quantities by capacity, where it is shared: {"memory", "10Gi"}
  bool operator==(const AllocatedDevice&) const = default;
};

struct Claim {
  std::string ns;
  std::string name;
  std::string uid;
  std::vector<DeviceRequest> requests;
  std::vector<DeviceConstraint> constraints;
  std::vector<AllocatedDevice> devices;   // empty: not allocated
  std::vector<NodeTerm> nodes;            // that can use them: one term holds; empty: every node
  std::vector<std::string> reserved_for;  // uids of pods
  bool operator==(const Claim&) const = default;
};

}  // namespace tangram::cluster
