// What DRA publishes: devices in ResourceSlices, and DeviceClasses (resource.k8s.io/v1).
//
// As the drivers wrote it. What a claim may get of it on which node is worked out in claims/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cluster/affinity.h"
#include "cluster/node.h"

namespace tangram::cluster {

inline constexpr std::string_view kNvidiaDriver = "gpu.nvidia.com";  // NVIDIA's DRA driver

enum class AttributeType {
  kString,
  kInt,
  kBool,
  kVersion,
  kList,  // alpha in Kubernetes 1.36: known to be there, and no more
};

struct DeviceAttribute {
  std::string name;  // "resource.kubernetes.io/pcieRoot"; one without a domain is the driver's
  AttributeType type = AttributeType::kString;
  std::string value;  // of kInt its digits, of kBool "true" or "false", of kList nothing
  bool operator==(const DeviceAttribute&) const = default;
};

// What may be taken of a capacity of a device that several hold (requestPolicy). Quantities; empty:
// none.
struct CapacityPolicy {
  std::string fallback{};             // by those who do not say (default)
  std::vector<std::string> values{};  // one of these, in ascending order (validValues); or
  std::string min{};                  // from here (validRange)
  std::string max{};                  // to there
  std::string step{};                 // in multiples of this above min
  bool operator==(const CapacityPolicy&) const = default;
};

struct DeviceCapacity {
  std::string name;   // as of an attribute
  std::string value;  // a quantity: "80Gi"
  std::optional<CapacityPolicy> policy{};
  bool has_policy = false;  // one that is not known: in files of version 5 and before
  bool operator==(const DeviceCapacity&) const = default;
};

// Counters that devices of one pool share, or what one device takes of them.
struct CounterSet {
  std::string name;
  std::vector<ResourceCount> counters;  // in thousandths of their unit
  bool operator==(const CounterSet&) const = default;
};

// Which nodes can use a device. One of the three; none of them: no node that we know of.
struct NodeReach {
  std::string node{};             // the one of that name
  bool all_nodes = false;         // every node
  std::vector<NodeTerm> nodes{};  // those for which one term holds
  bool operator==(const NodeReach&) const = default;
};

struct Device {
  std::string name;                         // unique in its pool: "gpu-0-mig-1g10gb-19-0"
  std::vector<DeviceAttribute> attributes;  // by name
  std::vector<DeviceCapacity> capacity;     // by name
  std::vector<CounterSet> consumes;         // by counter set
  std::vector<Taint> taints;                // effects None, NoSchedule, NoExecute
  bool shared_by_capacity = false;          // several may hold it (allowMultipleAllocations)
  bool has_binding_conditions = false;      // tried last
  NodeReach reach;                          // only where its slice says so
  bool operator==(const Device&) const = default;
};

// The attribute of that full name ("gpu.nvidia.com/uuid"); nullptr: the device has none. `driver`
// is the domain of attributes that are written without one.
const DeviceAttribute* FindAttribute(const Device& device, std::string_view driver,
                                     std::string_view name);

// A part of a pool. The slices of a pool have one generation; those of a lower one are out of date.
struct ResourceSlice {
  std::string name;
  std::string driver;  // "gpu.nvidia.com"
  std::string pool;    // the node's name, for NVIDIA's driver
  std::int64_t generation = 0;
  std::int64_t pool_slices = 0;  // resourceSliceCount: of the whole pool
  NodeReach reach;
  bool reach_by_device = false;  // perDeviceNodeSelection: each device says who can use it
  std::vector<Device> devices;   // in the driver's order, in which they are tried
  std::vector<CounterSet> counters;
  bool operator==(const ResourceSlice&) const = default;
};

struct DeviceClass {
  std::string name;
  std::vector<std::string> selectors;      // CEL
  std::string extended_resource;           // pods may ask for its devices by this name; empty: none
  std::optional<base::Time> created_at{};  // of several behind one name the newest counts
  bool operator==(const DeviceClass&) const = default;
};

}  // namespace tangram::cluster
