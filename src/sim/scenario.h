// What a simulation of time runs on: a fleet of nodes, and jobs that come to it.
//
// A plain value. Times count from the start of the run, in virtual milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "cluster/node.h"
#include "gpu/gpu.h"
#include "plan/place/placer.h"

namespace tangram::sim {

using base::Milliseconds;

// Equal nodes, which come and go alike.
struct NodeGroup {
  std::string name{};
  plan::NodeState empty{};            // its model number tells GPU model and capacity type apart
  const gpu::Model* model = nullptr;  // nullptr: unknown, and its cards are never cut
  cluster::CapacityType capacity = cluster::CapacityType::kOnDemand;
  std::optional<base::MicroUsdPerHour> rate{};  // of one node, booting included; absent: unknown
  Milliseconds boot{};                          // from asking for a node until pods can run on it
  std::int64_t least = 0;                       // nodes that are never given back
  // An empty node is given back after this, at least a second; absent: never.
  std::optional<Milliseconds> idle_after{};
  // Of one node; absent: it is not interrupted. Times between interruptions are exponential.
  std::optional<Milliseconds> mean_between_interruptions{};
};

enum class AtStart { kOn, kOff };

// A node that is there, or that may be asked for. Its place in the list is its rank.
struct FleetNode {
  std::uint32_t group = 0;
  AtStart at_start = AtStart::kOn;
};

// What one pod asks for: a shape, or a MIG instance with CPU and memory beside it.
struct Ask {
  plan::Shape shape{};    // of an instance: without GPUs
  std::string profile{};  // NVIDIA's spelling; empty: no instance
  int members = 1;        // pods that start together or not at all, and end together
  bool operator==(const Ask&) const = default;
};

struct Job {
  std::uint32_t workload = 0;
  std::uint32_t ask = 0;
  Milliseconds arrival{};
  std::optional<Milliseconds> duration{};  // of work, once it runs; absent: it never ends
  int priority = 0;                        // higher first
  // Work is kept in steps of this when a node is taken away; zero: none is.
  Milliseconds checkpoint{};
  // Where its members run when the run begins, at 0; of an instance the node counts alone.
  std::vector<plan::Placement> present{};
};

// A card that is cut when the run begins. What stands there is legal (gpu::Fits).
struct CutAtStart {
  plan::Placement at{};  // one GPU
  std::vector<gpu::Occupied> instances{};
};

struct Scenario {
  std::vector<NodeGroup> groups{};
  std::vector<FleetNode> nodes{};
  std::vector<std::string> workloads{};  // names
  std::vector<Ask> asks{};
  std::vector<Job> jobs{};              // by arrival
  std::vector<CutAtStart> cut_cards{};  // of nodes that are on
  Milliseconds length{};                // of the run; above 0
  Milliseconds cut{};                   // how long a card or an instance is being made
};

// What an instance needs of the placer's nodes: its part of a card, by memory slices, rounded up;
// of several models that have it the last counts. Other asks as they are.
plan::Shape AsShape(const Scenario& scenario, const Ask& ask);

// Whether the whole fleet, with every node on and empty, would hold it.
bool CanRun(const Scenario& scenario, std::uint32_t ask);

// What the jobs ask for, for the policy: a gang counts as often as it has members, up to 64 times.
std::vector<plan::Shape> RequestsOf(const Scenario& scenario);

// Fails where sums of GPUs over the time of the run would not fit into 63 bits.
base::Result<void> FitsIntoSums(const Scenario& scenario);

}  // namespace tangram::sim
