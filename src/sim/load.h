// A synthetic load described in YAML: groups of nodes, and workloads that come to them.
//
// docs/simulate.md is the same for users; examples/day.yaml is an example.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/scenario.h"
#include "sim/scenario_builder.h"

namespace tangram::sim {

struct LoadGroup {
  std::string name{};
  std::string model{};     // our short name where there is one; empty: no GPUs
  NodeGroup nodes{};       // of the on-demand ones; `name` and models are filled in later
  std::int64_t count = 0;  // at the start
  std::int64_t most = 0;   // that there may be
  // How every card of theirs is cut at the start; empty: it is whole.
  std::vector<gpu::Occupied> layout{};
  base::PartsPerMillion spot_share{};  // of both
  std::optional<base::MicroUsdPerHour> spot_rate{};
  std::optional<Milliseconds> mean_between_interruptions{};
};

struct LoadWorkload {
  enum class Length { kForever, kFixed, kExponential, kLogNormal };

  std::string name{};
  double per_hour = 0;               // arrivals, of gangs where pods come in gangs
  std::array<double, 24> by_hour{};  // times as many in that hour of the day
  Length length = Length::kForever;
  Milliseconds typical{};  // fixed: the length; exponential: its mean; else the median
  double sigma = 0;        // of the log-normal
  Wants wants{};
  int priority = 0;
  Milliseconds checkpoint{};
};

struct Load {
  Milliseconds length{};
  Milliseconds cut{};
  std::vector<LoadGroup> groups{};
  std::vector<LoadWorkload> workloads{};
};

// The most that a load may bring.
inline constexpr std::int64_t kMostJobs = 5'000'000;
inline constexpr int kMostNodes = 200'000;

// `text` may hold anything. The first thing that is wrong ends it, with file, line, field, what was
// found, and the remedy.
base::Result<Load> ReadLoad(std::string_view text, const std::string& file);

// Adds the nodes, or the jobs of the workloads, drawn by `seed`: each workload has draws of its
// own, so that a change to one leaves the others as they are.
base::Result<void> AddNodes(const Load& load, ScenarioBuilder& builder);
void AddJobs(const Load& load, std::uint64_t seed, ScenarioBuilder& builder);

// Both.
base::Result<Scenario> ScenarioOf(const Load& load, std::uint64_t seed);

}  // namespace tangram::sim
