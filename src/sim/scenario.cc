#include "sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::sim {
namespace {

// Members of the ask that an empty node holds.
std::int64_t RoomOn(const NodeGroup& group, const Ask& ask) {
  std::int64_t most = ask.members;
  if (!ask.profile.empty()) {
    const gpu::MigProfile* profile =
        group.model != nullptr ? gpu::ProfileNamed(*group.model, ask.profile) : nullptr;
    if (profile == nullptr || profile->starts.empty()) return 0;
    most = std::min(most, std::int64_t{profile->max_instances} * group.empty.gpus);
  }
  plan::NodeState left = group.empty;
  std::int64_t room = 0;
  while (room < most && Fits(left, ask.shape)) {
    const plan::GpuSet gpus =
        ask.shape.is_share() ? TightestGpu(left, ask.shape.share) : FirstIdle(left, ask.shape.gpus);
    left = After(left, ask.shape, gpus);
    ++room;
  }
  return room;
}

}  // namespace

plan::Shape AsShape(const Scenario& scenario, const Ask& ask) {
  if (ask.profile.empty()) return ask.shape;
  plan::Shape shape = ask.shape;
  plan::ModelSet models = 0;
  shape.gpus = 1;
  for (const NodeGroup& group : scenario.groups) {
    if (group.model == nullptr || group.model->memory_slices == 0) continue;
    const gpu::MigProfile* profile = gpu::ProfileNamed(*group.model, ask.profile);
    if (profile == nullptr) continue;
    const std::int64_t slices = group.model->memory_slices;
    models |= plan::ModelSet{1} << group.empty.model;
    shape.share = base::MilliGpu((1000 * profile->memory_slices + slices - 1) / slices);
  }
  shape.models &= models;
  return shape;
}

bool CanRun(const Scenario& scenario, std::uint32_t ask) {
  const std::int64_t members = scenario.asks[ask].members;
  std::vector<std::int64_t> nodes(scenario.groups.size());
  for (const FleetNode& node : scenario.nodes) ++nodes[node.group];
  std::int64_t room = 0;
  for (std::size_t group = 0; group < nodes.size() && room < members; ++group) {
    room += nodes[group] * RoomOn(scenario.groups[group], scenario.asks[ask]);
  }
  return room >= members;
}

std::vector<plan::Shape> RequestsOf(const Scenario& scenario) {
  constexpr std::int64_t kMostAlike = 64;
  std::vector<plan::Shape> requests;
  for (const Job& job : scenario.jobs) {
    const Ask& ask = scenario.asks[job.ask];
    const auto times = std::min<std::int64_t>(ask.members, kMostAlike);
    requests.insert(requests.end(), static_cast<std::size_t>(times), AsShape(scenario, ask));
  }
  return requests;
}

base::Result<void> FitsIntoSums(const Scenario& scenario) {
  constexpr double kMost = 9e18;
  double gpus = 0;
  double rate = 0;  // micro-dollars an hour
  double pods = 0;
  for (const FleetNode& node : scenario.nodes) {
    const NodeGroup& group = scenario.groups[node.group];
    gpus += group.empty.gpus;
    rate += group.rate ? static_cast<double>(group.rate->value()) : 0;
  }
  for (const Job& job : scenario.jobs) pods += scenario.asks[job.ask].members;
  const auto length = static_cast<double>(scenario.length.count());
  if (1000 * gpus * length < kMost && rate * length / 3.6e6 < kMost && pods * length < kMost) {
    return {};
  }
  return base::Fail(
      base::ErrorCode::kInvalid,
      fmt::format("{:.0f} GPUs, {:.0f} dollars an hour and {:.0f} pods for {:.0f} hours are too "
                  "many to sum up; simulate a shorter time",
                  gpus, rate / 1e6, pods, length / 3.6e6));
}

}  // namespace tangram::sim
