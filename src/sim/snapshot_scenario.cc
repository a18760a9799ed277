#include "sim/snapshot_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plan/leaks/seats.h"
#include "plan/pass/gang.h"

namespace tangram::sim {
namespace {

constexpr std::string_view kProductLabel = "nvidia.com/gpu.product";
constexpr int kUsualReplicas = 4;  // where no card of the cluster is shared yet

std::string ModelName(std::string_view product, base::MiB memory) {
  const auto known =
      gpu::ParseProduct(product, memory.value() > 0 ? std::optional(memory) : std::nullopt);
  return known.model != nullptr ? std::string(known.model->name) : std::string(product);
}

// A seat that a pod holds.
struct Hold {
  std::size_t node = 0;
  int gpu = 0;
  const cluster::Instance* instance = nullptr;
  int replicas = 1;
};

class Maker {
 public:
  Maker(const cluster::Snapshot& snapshot, const SnapshotStart& start, ScenarioBuilder& builder)
      : snapshot_(snapshot), start_(start), builder_(builder) {}

  base::Result<SnapshotLeftOut> Make() {
    if (const auto added = AddNodes(); !added) return tl::unexpected(added.error());
    present_ = builder_.AddWorkload("running before");
    waiting_ = builder_.AddWorkload("waiting before");
    AddCards();
    for (const cluster::Pod& pod : snapshot_.pods) {
      if (cluster::HoldsDevices(pod)) AddPresent(pod);
    }
    AddWaiting();
    return left_out_;
  }

 private:
  static plan::NodeState EmptyOf(const cluster::Node& node) {
    plan::NodeState empty;
    empty.cpu = node.cpu;
    empty.memory = node.memory;
    empty.gpus = static_cast<std::uint8_t>(node.gpus.size());
    std::fill_n(empty.free.begin(), empty.gpus, static_cast<std::int16_t>(plan::kWholeGpu.value()));
    return empty;
  }

  base::Result<void> AddNodes() {
    std::map<std::string, std::uint32_t> known;
    for (const cluster::Node& node : snapshot_.nodes) {
      if (node.gpus.empty()) continue;
      if (!node.ready || !node.schedulable || node.gpus.size() > plan::kMostGpusPerNode) {
        ++left_out_.nodes;
        continue;
      }
      const std::string model = ModelName(node.gpus.front().product, node.gpus.front().memory);
      const bool spot = node.capacity_type == cluster::CapacityType::kSpot;
      const std::string rate = node.price ? std::to_string(node.price->rate.value()) : "?";
      const auto [at, fresh] =
          known.try_emplace(fmt::format("{}|{}|{}|{}|{}|{}", model, node.gpus.size(),
                                        node.cpu.value(), node.memory.value(), spot, rate),
                            0U);
      if (fresh) {
        auto group = AddGroup(node, model);
        if (!group) return tl::unexpected(group.error());
        at->second = *group;
      }
      const std::size_t rank = builder_.AddNode(at->second, AtStart::kOn);
      ranks_.emplace(node.name, rank);
      left_.emplace(rank, EmptyOf(node));
    }
    return {};
  }

  base::Result<std::uint32_t> AddGroup(const cluster::Node& node, const std::string& model) {
    NodeGroup group;
    const bool spot = node.capacity_type == cluster::CapacityType::kSpot;
    group.name = fmt::format("{} x {}{}", node.gpus.size(), model, spot ? " spot" : "");
    group.empty = EmptyOf(node);
    group.model = gpu::ModelNamed(model);
    group.capacity = node.capacity_type;
    if (node.price) group.rate = node.price->rate;
    group.boot = start_.boot;
    group.idle_after = start_.idle_after;
    return builder_.AddGroup(std::move(group), model);
  }

  // Cards that are cut, and who holds what.
  void AddCards() {
    holdings_ = plan::FindHoldings(snapshot_);
    for (const plan::Card& card : holdings_.cards) {
      const auto rank = ranks_.find(card.node->name);
      if (rank == ranks_.end()) continue;
      const int bit = static_cast<int>(card.gpu - card.node->gpus.data());
      if (!card.gpu->instances.empty()) CutCard(card, rank->second, bit);
      most_replicas_ = std::max(most_replicas_, card.gpu->replicas);
      for (const plan::Seat& seat : card.seats) {
        if (seat.pod == nullptr || seat.uncovered) continue;
        holds_[seat.pod].push_back({rank->second, bit, seat.instance, card.gpu->replicas});
      }
    }
  }

  void CutCard(const plan::Card& card, std::size_t rank, int bit) {
    CutAtStart cut{.at = {rank, static_cast<plan::GpuSet>(1U << static_cast<unsigned>(bit))}};
    if (card.model == nullptr || !LayOut(*card.model, *card.gpu, cut.instances)) {
      ++left_out_.cards;
    }
    left_[rank].free[static_cast<std::size_t>(bit)] = 0;
    builder_.AddCutCard(std::move(cut));
  }

  // As reported, or where they could stand; nothing where they cannot all be there.
  static bool LayOut(const gpu::Model& model, const cluster::Gpu& card,
                     std::vector<gpu::Occupied>& instances) {
    std::vector<const gpu::MigProfile*> profiles;
    for (const cluster::Instance& instance : card.instances) {
      profiles.push_back(gpu::ProfileNamed(model, instance.profile));
      if (profiles.back() == nullptr) return false;
    }
    auto starts = gpu::FindLayout(model, profiles);
    if (!starts) return false;
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      const int start = card.instances[i].start.value_or((*starts)[i]);
      if (!gpu::Fits(model, instances, *profiles[i], start)) {
        instances.clear();
        return false;
      }
      instances.push_back({profiles[i], start});
    }
    return true;
  }

  // By its seats. Nothing: they are of several forms or nodes.
  std::optional<std::pair<Wants, std::vector<plan::Placement>>> SeatedAs(
      const cluster::Pod& pod, const std::vector<Hold>& holds) const {
    const auto count = static_cast<std::int64_t>(holds.size());
    const Hold& first = holds.front();
    Wants wants{.cpu = pod.cpu, .memory = pod.memory};
    plan::GpuSet set = 0;
    for (const Hold& hold : holds) {
      const bool alike = hold.node == first.node && hold.replicas == first.replicas &&
                         (hold.instance == nullptr) == (first.instance == nullptr);
      if (!alike ||
          (hold.instance != nullptr && hold.instance->profile != first.instance->profile)) {
        return std::nullopt;
      }
      set = static_cast<plan::GpuSet>(set | (1U << static_cast<unsigned>(hold.gpu)));
    }
    if (first.instance != nullptr) {
      if (first.replicas > 1) return std::nullopt;
      wants.profile = first.instance->profile;
      wants.members = static_cast<int>(count);
      wants.cpu = wants.cpu / count;
      wants.memory = wants.memory / count;
      return std::pair{wants, std::vector<plan::Placement>(holds.size(), {first.node, set})};
    }
    wants.gpus = static_cast<int>(count);
    if (first.replicas > 1) {
      if (count > 1) return std::nullopt;
      wants.share = plan::kWholeGpu / first.replicas;
    }
    return std::pair{wants, std::vector<plan::Placement>{{first.node, set}}};
  }

  // Takes what it holds, if that is there.
  bool TakeRoom(const Wants& wants, const std::vector<plan::Placement>& at) {
    plan::NodeState& left = left_[at.front().node];
    if (left.cpu < wants.cpu * wants.members || left.memory < wants.memory * wants.members) {
      return false;
    }
    plan::NodeState after = left;
    after.cpu -= wants.cpu * wants.members;
    after.memory -= wants.memory * wants.members;
    for (std::size_t i = 0; wants.profile.empty() && i < left.gpus; ++i) {
      if (((at.front().gpus >> i) & 1U) == 0) continue;
      if (after.free[i] < wants.share.value()) return false;
      after.free[i] = static_cast<std::int16_t>(after.free[i] - wants.share.value());
    }
    left = after;
    return true;
  }

  void AddPresent(const cluster::Pod& pod) {
    const auto rank = ranks_.find(pod.node);
    if (rank == ranks_.end()) return;  // on a node without GPUs, or one that is left out
    const auto holds = holds_.find(&pod);
    std::pair<Wants, std::vector<plan::Placement>> seated{{.cpu = pod.cpu, .memory = pod.memory},
                                                          {{rank->second, 0}}};
    if (holds != holds_.end()) {
      auto found = SeatedAs(pod, holds->second);
      if (!found) {
        ++left_out_.pods;
        return;
      }
      seated = *std::move(found);
    }
    if (!TakeRoom(seated.first, seated.second)) {
      ++left_out_.pods;
      return;
    }
    builder_.AddJob({.workload = present_,
                     .ask = builder_.Intern(seated.first),
                     .priority = pod.priority,
                     .present = std::move(seated.second)});
  }

  // Nothing: by claims, or in several forms.
  std::optional<Wants> WantsOf(const cluster::Pod& pod) const {
    Wants wants{.cpu = pod.cpu, .memory = pod.memory};
    int forms = 0;
    for (const auto& [resource, count] : pod.devices) {
      const plan::ResourceKind kind = plan::KindOf(resource);
      if (kind.unit == plan::ResourceKind::Unit::kNotGpu || count == 0) continue;
      ++forms;
      if (kind.unit == plan::ResourceKind::Unit::kInstance) {
        wants.profile = ProfileOf(kind.profile);
        wants.members = static_cast<int>(std::min<std::int64_t>(count, 1000));
        wants.cpu = wants.cpu / count;
        wants.memory = wants.memory / count;
      } else {
        wants.gpus = static_cast<int>(std::min<std::int64_t>(count, plan::kMostGpusPerNode + 1));
        if (kind.shared && count == 1) {
          wants.share = plan::kWholeGpu / (most_replicas_ > 1 ? most_replicas_ : kUsualReplicas);
        }
      }
    }
    const std::string_view product = cluster::Find(pod.node_selector, kProductLabel);
    if (!product.empty()) wants.models = {ModelName(product, base::MiB(0))};
    if (forms != 1 || !pod.claims.empty()) return std::nullopt;
    return wants;
  }

  // "1g.10gb.me" is written "1g.10gb+me" by NVIDIA.
  static std::string ProfileOf(std::string_view resource_spelling) {
    for (const gpu::Model& model : gpu::Models()) {
      if (const auto* profile = gpu::ProfileNamed(model, resource_spelling)) {
        return std::string(profile->name);
      }
    }
    return std::string(resource_spelling);
  }

  void AddWaiting() {
    std::vector<const cluster::Pod*> pods;
    for (const cluster::Pod& pod : snapshot_.pods) {
      const bool waits = pod.node.empty() && pod.phase == cluster::PodPhase::kPending;
      if (waits && plan::AsksForGpu(pod)) pods.push_back(&pod);
    }
    const cluster::GangBook book(snapshot_);
    for (const plan::Gang& gang : plan::GangsOf(pods, book)) {
      auto wants = WantsOf(*gang.front());
      const bool alike = std::all_of(gang.begin(), gang.end(), [&](const cluster::Pod* pod) {
        return pod->devices == gang.front()->devices && pod->cpu == gang.front()->cpu &&
               pod->memory == gang.front()->memory;
      });
      if (!wants || !alike) {
        left_out_.pods += static_cast<std::int64_t>(gang.size());
        continue;
      }
      wants->members *= static_cast<int>(gang.size());
      builder_.AddJob({.workload = waiting_,
                       .ask = builder_.Intern(*wants),
                       .priority = gang.front()->priority});
    }
  }

  const cluster::Snapshot& snapshot_;
  const SnapshotStart& start_;
  ScenarioBuilder& builder_;
  SnapshotLeftOut left_out_;
  plan::Holdings holdings_;
  std::unordered_map<std::string_view, std::size_t> ranks_;
  std::unordered_map<std::size_t, plan::NodeState> left_;  // room, by rank
  std::unordered_map<const cluster::Pod*, std::vector<Hold>> holds_;
  int most_replicas_ = 1;
  std::uint32_t present_ = 0;  // workloads
  std::uint32_t waiting_ = 0;
};

}  // namespace

base::Result<SnapshotLeftOut> AddSnapshot(const cluster::Snapshot& snapshot,
                                          const SnapshotStart& start, ScenarioBuilder& builder) {
  return Maker(snapshot, start, builder).Make();
}

}  // namespace tangram::sim
