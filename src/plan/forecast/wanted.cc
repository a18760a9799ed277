#include "plan/forecast/wanted.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plan/leaks/seats.h"
#include "plan/pass/willing.h"

namespace tangram::plan {
namespace {

class Wants {
 public:
  Wants(const cluster::Snapshot& snapshot, const PlanPolicy& policy)
      : willing_(NodesIn(snapshot)), models_(policy.pools.size()) {
    for (const Pool& pool : policy.pools) names_.push_back(pool.name);
    for (const cluster::Node& node : snapshot.nodes) AddNode(node, policy);
    for (std::size_t pool = 0; pool < models_.size(); ++pool) AddNothing(pool);
  }

  void Add(const cluster::Pod& pod) {
    if (pod.phase == cluster::PodPhase::kSucceeded || pod.phase == cluster::PodPhase::kFailed ||
        (pod.node.empty() && pod.terminating)) {
      return;
    }
    for (const cluster::ResourceCount& asked : pod.devices) {
      const ResourceKind kind = KindOf(asked.name);
      if (kind.unit != ResourceKind::Unit::kInstance || kind.shared) continue;
      pod.node.empty() ? AddWaiting(pod, kind.profile, asked.count)
                       : AddHeld(pod, kind.profile, asked.count);
    }
  }

  std::map<PoolProfile, std::int64_t> Take() && { return std::move(wanted_); }

 private:
  using Models = std::vector<const gpu::Model*>;

  static std::vector<const cluster::Node*> NodesIn(const cluster::Snapshot& snapshot) {
    std::vector<const cluster::Node*> nodes;
    for (const cluster::Node& node : snapshot.nodes) nodes.push_back(&node);
    return nodes;
  }

  // By place in the snapshot's list; nodes of no pool have none.
  void AddNode(const cluster::Node& node, const PlanPolicy& policy) {
    const Pool* pool = PoolOf(policy, node);
    const auto of = pool == nullptr ? kNone : static_cast<std::size_t>(pool - policy.pools.data());
    pool_of_.push_back(of);
    if (of == kNone) return;
    by_name_.emplace(node.name, of);
    for (const cluster::Gpu& gpu : node.gpus) {
      const gpu::Model* model = ModelOf(gpu);
      if (model == nullptr || !model->has_mig()) continue;
      Models& models = models_[of];
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    }
  }

  // Cards of one node, and of most that follow, are of one product.
  const gpu::Model* ModelOf(const cluster::Gpu& gpu) {
    if (last_ == nullptr || last_->product != gpu.product || last_->memory != gpu.memory) {
      last_ = &gpu;
      last_model_ = cluster::ModelOf(gpu);
    }
    return last_model_;
  }

  void AddNothing(std::size_t pool) {
    for (const gpu::Model* model : models_[pool]) {
      for (const gpu::MigProfile& profile : model->profiles) {
        if (profile.is_plain()) wanted_[{names_[pool], std::string(profile.name)}] = 0;
      }
    }
  }

  static const gpu::MigProfile* ProfileOf(const Models& models, std::string_view name) {
    for (const gpu::Model* model : models) {
      if (const gpu::MigProfile* profile = gpu::ProfileNamed(*model, name)) return profile;
    }
    return nullptr;
  }

  void AddHeld(const cluster::Pod& pod, std::string_view profile, std::int64_t count) {
    const auto found = by_name_.find(pod.node);
    if (found == by_name_.end()) return;
    Count(found->second, ProfileOf(models_[found->second], profile), count);
  }

  void AddWaiting(const cluster::Pod& pod, std::string_view profile, std::int64_t count) {
    for (const std::size_t node : willing_.For(pod).all) {
      const std::size_t pool = pool_of_[node];
      if (pool == kNone) continue;
      const gpu::MigProfile* known = ProfileOf(models_[pool], profile);
      if (known != nullptr) return Count(pool, known, count);
    }
  }

  void Count(std::size_t pool, const gpu::MigProfile* profile, std::int64_t count) {
    if (profile != nullptr) wanted_[{names_[pool], std::string(profile->name)}] += count;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  WillingNodes willing_;
  std::vector<std::string> names_;    // of pools
  std::vector<Models> models_;        // by pool: its cards', of those that can be cut
  std::vector<std::size_t> pool_of_;  // by node
  std::unordered_map<std::string_view, std::size_t> by_name_;
  const cluster::Gpu* last_ = nullptr;
  const gpu::Model* last_model_ = nullptr;
  std::map<PoolProfile, std::int64_t> wanted_;
};

}  // namespace

std::map<PoolProfile, std::int64_t> WantedInstances(const cluster::Snapshot& snapshot,
                                                    const PlanPolicy& policy) {
  if (policy.pools.empty()) return {};
  Wants wants(snapshot, policy);
  for (const cluster::Pod& pod : snapshot.pods) wants.Add(pod);
  return std::move(wants).Take();
}

std::map<PoolProfile, DemandHistory> HistoriesOf(const cluster::Snapshot& snapshot) {
  std::map<PoolProfile, DemandHistory> histories;
  for (const cluster::Demand& row : snapshot.demand) {
    DemandHistory& history = histories[{row.pool, row.profile}];
    Hour hour = HourOf(row.from);
    for (const std::int64_t peak : row.peaks) history.Add(hour++, peak);
  }
  return histories;
}

}  // namespace tangram::plan
