// `tangram top`: pools, nodes and workloads at one glance, the most wasteful first.
//
// Costs and waste are those of FindLeaks, activity is that of plan::BusyOf: the same as the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"
#include "plan/policy.h"
#include "report/table.h"

namespace tangram::report {

// Cards or instances of one kind.
struct TopDevices {
  std::string profile{};  // NVIDIA's spelling; empty: whole cards
  std::int64_t count = 0;
  int replicas = 1;  // shares of each
  bool operator==(const TopDevices&) const = default;
};

// A pool, a node or a workload. A workload is on no node of its own: `nodes` is 0.
struct TopRow {
  std::string name{};
  std::int64_t nodes = 0;
  std::int64_t cards = 0;  // physical
  base::MilliGpu held{};
  std::optional<base::MilliGpu> busy{};  // absent: nothing was measured
  base::MicroUsdPerHour cost{};
  base::MicroUsdPerHour waste{};
  std::int64_t unpriced = 0;          // nodes
  std::int64_t waiting = 0;           // pods that could run there, were there room
  std::vector<TopDevices> devices{};  // how its cards are cut and shared
  bool operator==(const TopRow&) const = default;
};

enum class TopSort { kWaste, kCost, kName };

struct Top {
  TopRow all;  // `waiting`: every pod that waits for a GPU
  // By GpuPool; nodes that none selects by their node pool; the rest by the model of their cards.
  std::vector<TopRow> pools;
  std::vector<TopRow> nodes;      // with GPUs
  std::vector<TopRow> workloads;  // "namespace/Kind/name"; only what they hold, cost and waste
  bool operator==(const Top&) const = default;
};

Top MakeTop(const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy, TopSort sort);

struct TopOptions {
  TopSort sort = TopSort::kWaste;  // as it was made, for the heading
  ColorMode color = ColorMode::kPlain;
  std::size_t columns = 100;  // lines are cut there
  std::size_t lines = 0;      // of the frame; 0: as many as it takes, with ten nodes and workloads
};

// One frame, a line end after each line.
std::string RenderTop(const cluster::Snapshot& snapshot, const Top& top, const TopOptions& options);

// One object on one line (docs/schema/top.schema.json).
std::string RenderTopJson(const cluster::Snapshot& snapshot, const Top& top);

}  // namespace tangram::report
