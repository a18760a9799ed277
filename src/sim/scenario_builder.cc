#include "sim/scenario_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::sim {

base::Result<std::uint32_t> ScenarioBuilder::AddGroup(NodeGroup group, const std::string& model) {
  const std::pair<std::string, cluster::CapacityType> key{model, group.capacity};
  auto at = std::find(models_.begin(), models_.end(), key);
  if (at == models_.end()) {
    if (models_.size() == plan::kMostModels) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("{}: there are more than {} GPU models, spot and on-demand "
                                    "counted apart; a run takes that many",
                                    group.name, plan::kMostModels));
    }
    at = models_.insert(models_.end(), key);
  }
  group.empty.model = static_cast<std::uint8_t>(at - models_.begin());
  scenario_.groups.push_back(std::move(group));
  return static_cast<std::uint32_t>(scenario_.groups.size() - 1);
}

std::size_t ScenarioBuilder::AddNode(std::uint32_t group, AtStart at_start) {
  scenario_.nodes.push_back({group, at_start});
  return scenario_.nodes.size() - 1;
}

std::uint32_t ScenarioBuilder::AddWorkload(std::string name) {
  scenario_.workloads.push_back(std::move(name));
  return static_cast<std::uint32_t>(scenario_.workloads.size() - 1);
}

plan::ModelSet ScenarioBuilder::ModelsOf(const Wants& wants) const {
  if (wants.models.empty() && wants.spot_too) return plan::kAnyModel;
  plan::ModelSet set = 0;
  for (std::size_t number = 0; number < models_.size(); ++number) {
    const auto& [model, capacity] = models_[number];
    if (!wants.spot_too && capacity == cluster::CapacityType::kSpot) continue;
    const bool named =
        std::find(wants.models.begin(), wants.models.end(), model) != wants.models.end();
    if (wants.models.empty() || named) set |= plan::ModelSet{1} << number;
  }
  return set;
}

std::uint32_t ScenarioBuilder::Intern(const Wants& wants) {
  Ask ask;
  ask.shape.cpu = wants.cpu;
  ask.shape.memory = wants.memory;
  ask.shape.gpus = wants.gpus;
  if (wants.gpus == 1) ask.shape.share = wants.share;
  ask.shape.models = ModelsOf(wants);
  ask.profile = wants.profile;
  ask.members = wants.members;
  auto& alike =
      asks_[fmt::format("{} {} {} {} {} {}", ask.profile, ask.members, ask.shape.gpus,
                        ask.shape.share.value(), ask.shape.cpu.value(), ask.shape.memory.value())];
  for (const std::uint32_t known : alike) {
    if (scenario_.asks[known] == ask) return known;
  }
  alike.push_back(static_cast<std::uint32_t>(scenario_.asks.size()));
  scenario_.asks.push_back(std::move(ask));
  return alike.back();
}

Scenario ScenarioBuilder::Finish(Milliseconds length, Milliseconds cut) && {
  scenario_.length = length;
  scenario_.cut = cut;
  std::stable_sort(scenario_.jobs.begin(), scenario_.jobs.end(),
                   [](const Job& a, const Job& b) { return a.arrival < b.arrival; });
  return std::move(scenario_);
}

}  // namespace tangram::sim
