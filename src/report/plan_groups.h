// Actions of a plan that a person would call one: a line of the table, and of the page.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/units.h"
#include "cluster/snapshot.h"
#include "plan/plan.h"

namespace tangram::report {

// Pointers lead into the plan.
struct ActionGroup {
  std::vector<const plan::Action*> actions{};  // in the plan's order; at least one
  std::string what{};                          // "3 pods of lab/notebook"
  std::string where{};                         // "2 nodes", or the node
  std::string why{};
  // What it costs more (below 0: saves); nothing where the price is unknown or stays.
  std::optional<base::MicroUsdPerHour> rate{};
};

enum class Grouping { kAlike, kNone };

// The workload's name where the snapshot knows it: "lab/notebook"; else the pod's.
class Workloads {
 public:
  explicit Workloads(const cluster::Snapshot& snapshot);
  std::string Of(const plan::PodName& pod) const;

 private:
  std::unordered_map<std::string, const cluster::Pod*> pods_;
};

// In the order of each group's first action.
std::vector<ActionGroup> GroupActions(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                                      Grouping grouping);

// "lab/notebook-0".
std::string PodText(const plan::PodName& pod);

}  // namespace tangram::report
