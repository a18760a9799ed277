// Nodes and the GPUs on them, as the cluster reports them.
//
// Plain values: copy, compare, write. What was not reported is empty or absent, never guessed;
// what was worked out and not read is marked so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "gpu/gpu.h"

namespace tangram::cluster {

// Sorted by key, keys unique. Small: a vector is faster than a map and compares as well.
using Labels = std::vector<std::pair<std::string, std::string>>;
// The value of `key`; empty if there is none.
std::string_view Find(const Labels& labels, std::string_view key);

// A count of an extended resource: {"nvidia.com/mig-1g.5gb", 7}. Sorted by name where in a list.
struct ResourceCount {
  std::string name;
  std::int64_t count = 0;
  friend auto operator<=>(const ResourceCount&, const ResourceCount&) = default;
};
std::int64_t CountOf(const std::vector<ResourceCount>& resources, std::string_view name);

enum class CapacityType { kUnknown, kOnDemand, kSpot, kReserved };
enum class MigStrategy { kNone, kSingle, kMixed };
enum class Sharing { kNone, kTimeSlicing, kMps };

// How a card's set of instances became known.
enum class LayoutSource {
  kNone,      // MIG is off
  kObserved,  // each instance was seen on this card (DCGM, DRA slices)
  kInferred,  // only the node's counts are known; spread over its cards in a way that fits
};

// A pod that holds a device, as the kubelet told our agent on the node.
struct DeviceHolder {
  std::string ns;
  std::string pod;
  friend auto operator<=>(const DeviceHolder&, const DeviceHolder&) = default;
};

// A MIG GPU instance.
struct Instance {
  std::string profile;       // NVIDIA's spelling: "1g.10gb+me"
  std::optional<int> start;  // memory slice; absent where not reported
  std::string id;            // GPU instance id as DCGM reports it, or the DRA device; may be empty
  std::vector<DeviceHolder> holders{};  // sorted; empty: nobody, or nobody tells
  bool operator==(const Instance&) const = default;
};

// One physical card.
struct Gpu {
  int index = 0;        // 0-based on its node; unique there
  std::string uuid;     // "GPU-..."; empty if not reported
  std::string product;  // as reported, suffixes taken off: "NVIDIA-A100-SXM4-40GB"
  base::MiB memory;     // of the whole card, as reported; 0 if not reported
  LayoutSource layout = LayoutSource::kNone;
  std::vector<Instance> instances;  // by start, then id
  Sharing sharing = Sharing::kNone;
  int replicas = 1;        // shares of the card, or of each instance; 1: not shared
  std::string dra_device;  // the DRA device name; empty where DRA does not publish this card
  std::vector<DeviceHolder> holders{};  // of the whole card; as of an instance
  bool operator==(const Gpu&) const = default;
};
// By its product, and its memory where that was reported; nullptr: unknown.
const gpu::Model* ModelOf(const Gpu& gpu);

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  // NoSchedule, PreferNoSchedule, NoExecute
  bool operator==(const Taint&) const = default;
};

// What a node costs and where that figure is from.
struct NodePrice {
  base::MicroUsdPerHour rate;  // the whole node, at its capacity type
  std::optional<base::MicroUsdPerHour>
      spot_rate;       // what the same node would cost as spot, if known
  std::string source;  // the table row's source
  std::string as_of;   // "2026-07-20"
  std::string note;    // how the match is weaker than exact; empty: exact
  bool operator==(const NodePrice&) const = default;
};

struct Node {
  std::string name;
  Labels labels;
  std::vector<Taint> taints;
  bool ready = true;
  bool schedulable = true;  // false: cordoned
  base::Time created_at;
  base::MilliCpu cpu;                  // allocatable
  base::MiB memory;                    // allocatable
  std::vector<ResourceCount> devices;  // allocatable extended resources, zero counts included

  std::string cloud;          // "aws", "gcp", "azure"; empty unknown
  std::string region;         // topology.kubernetes.io/region
  std::string zone;           // topology.kubernetes.io/zone
  std::string instance_type;  // node.kubernetes.io/instance-type
  CapacityType capacity_type = CapacityType::kUnknown;
  std::string pool;  // node pool or group, by whichever label names it; empty if none

  MigStrategy mig_strategy = MigStrategy::kNone;
  std::vector<Gpu> gpus;  // by index
  std::optional<NodePrice> price;
  bool operator==(const Node&) const = default;
};

}  // namespace tangram::cluster
