// Puts a scenario together: numbers models and asks, and keeps jobs in order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sim/scenario.h"

namespace tangram::sim {

// What a pod wants, by name.
struct Wants {
  base::MilliCpu cpu{};
  base::MiB memory{};
  int gpus = 0;
  base::MilliGpu share = plan::kWholeGpu;
  std::string profile{};              // of a MIG instance; then `gpus` is 0
  std::vector<std::string> models{};  // any of these; empty: any at all
  bool spot_too = true;               // may run on spot nodes
  int members = 1;
};

class ScenarioBuilder {
 public:
  // `empty` without its model number, which stands for `model` and the capacity type. Fails where
  // there are more than plan::kMostModels of these.
  base::Result<std::uint32_t> AddGroup(NodeGroup group, const std::string& model);
  // Its rank.
  std::size_t AddNode(std::uint32_t group, AtStart at_start);
  std::uint32_t AddWorkload(std::string name);
  // Every group is there already: a model that none has is none that it could run on.
  std::uint32_t Intern(const Wants& wants);
  void AddJob(Job job) { scenario_.jobs.push_back(std::move(job)); }
  void AddCutCard(CutAtStart card) { scenario_.cut_cards.push_back(std::move(card)); }

  const Scenario& so_far() const { return scenario_; }
  Scenario Finish(Milliseconds length, Milliseconds cut) &&;

 private:
  plan::ModelSet ModelsOf(const Wants& wants) const;

  Scenario scenario_;
  std::vector<std::pair<std::string, cluster::CapacityType>> models_;  // by number
  std::map<std::string, std::vector<std::uint32_t>> asks_;             // by profile
};

}  // namespace tangram::sim
