// Runs a scenario through virtual time, by a placement policy: discrete events.
//
// What happens: jobs arrive, wait, run and end; nodes are asked for, boot, are interrupted and
// given back; cards are cut and made whole. A pod is tried when it comes, and again when room
// comes; the most urgent first (priority, then arrival), and one that finds no room does not hold
// up the others. docs/simulate.md says what is modelled and what is not.
//
// Pure and deterministic: equal arguments give an equal result. No wall clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "sim/cutter.h"
#include "sim/scenario.h"

namespace tangram::sim {

struct SimulationOptions {
  std::string policy = "tangram";  // one of PolicyNames() (placing.h)
  Cutting cutting = Cutting::kBeside;
  std::uint64_t seed = 1;  // of interruptions and of the policy random
  int points = 96;         // of the curve
};

// How long jobs waited in all, from the first to the last time that they were not running. One that
// still waits counts with what it waited until the end; one that can never run does not count.
struct WaitTimes {
  Milliseconds mean{};
  Milliseconds p50{};
  Milliseconds p95{};
  Milliseconds p99{};
  Milliseconds most{};
  bool operator==(const WaitTimes&) const = default;
};

// Pods. At any time arrived = waiting + running + done + failed.
struct PodCounts {
  std::int64_t arrived = 0;
  std::int64_t waiting = 0;
  std::int64_t running = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;  // could not run if every node were on and empty
  bool operator==(const PodCounts&) const = default;
};

// How it stood at one moment.
struct SimulationPoint {
  Milliseconds at{};
  PodCounts pods;
  std::int64_t nodes = 0;  // on
  base::MilliGpu capacity;
  base::MilliGpu allocated;
  base::PartsPerMillion fragmented;  // of the free GPUs, by FGD's measure
  base::MicroUsd spent;
  bool operator==(const SimulationPoint&) const = default;
};

// 1/1000 of a GPU for a millisecond.
using MilliGpuTime = base::Quantity<struct MilliGpuTimeTag>;
inline constexpr std::int64_t kGpuHour = 3'600'000'000;

struct WorkloadResult {
  std::string name;
  PodCounts pods;
  std::int64_t disturbed = 0;
  WaitTimes wait;
  bool operator==(const WorkloadResult&) const = default;
};

struct GroupResult {
  std::string name;
  Milliseconds paid{};                 // summed over its nodes
  std::optional<base::MicroUsd> cost;  // rate x paid; absent: the rate is unknown
  bool operator==(const GroupResult&) const = default;
};

struct SimulationResult {
  std::string policy;
  Cutting cutting = Cutting::kBeside;
  Milliseconds length{};
  PodCounts pods;
  std::int64_t placed = 0;         // pods that ran at some time
  std::int64_t disturbed = 0;      // pods that were stopped since a node was taken away
  std::int64_t interruptions = 0;  // of nodes
  std::int64_t boots = 0;
  std::int64_t cuts = 0;    // of cards that were whole
  std::int64_t recuts = 0;  // changes of a card's instances, those among them
  // Of the pods that wanted to run, those that did: over the time in which any wanted to, and at
  // the point of the curve where it was least.
  base::PartsPerMillion served{1'000'000};
  base::PartsPerMillion served_least{1'000'000};
  WaitTimes wait;
  MilliGpuTime capacity;             // of nodes that were on
  MilliGpuTime allocated;            // held by pods
  MilliGpuTime useful;               // allocated, without the work that was lost
  base::PartsPerMillion fragmented;  // mean over the points
  base::MicroUsd spent;
  std::vector<GroupResult> groups;
  std::vector<WorkloadResult> workloads;
  std::vector<SimulationPoint> points;
  bool operator==(const SimulationResult&) const = default;
};

// Told how far the virtual time is.
using SimulationProgress = std::function<void(base::PartsPerMillion)>;

// Fails on an unknown policy.
base::Result<SimulationResult> Simulate(const Scenario& scenario, const SimulationOptions& options,
                                        const SimulationProgress& progress = {});

}  // namespace tangram::sim
