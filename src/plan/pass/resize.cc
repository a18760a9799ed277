// Idle pods stop, and light workloads get an instance or a share in place of the card.
#include <algorithm>
#include <map>
#include <span>

#include "plan/pass/gang.h"
#include "plan/pass/movable.h"
#include "plan/pass/new_nodes.h"
#include "plan/pass/passes.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

struct Workload {
  std::vector<const cluster::Pod*> pods{};  // that hold a GPU
  std::vector<const Finding*> findings{};   // that call one of them light
  std::int64_t milli_gpus = 0;              // that they hold and do not need
};
using Workloads = std::map<OwnerKey, Workload>;

using PodsByName = std::map<std::pair<std::string_view, std::string_view>, const cluster::Pod*>;

PodsByName HoldersOf(const cluster::Snapshot& snapshot) {
  PodsByName pods;
  for (const cluster::Pod& pod : snapshot.pods) {
    if (cluster::HoldsDevices(pod) && AsksForGpu(pod)) pods[{pod.ns, pod.name}] = &pod;
  }
  return pods;
}

void StopIdle(World& world, const PodsByName& holders) {
  for (const Finding& finding : world.findings()->leaks[static_cast<int>(Leak::kIdle)].findings) {
    const auto pod = holders.find({finding.pod.ns, finding.pod.name});
    if (finding.kind != FindingKind::kIdlePod || pod == holders.end()) continue;
    if (finding.confidence != Level::kHigh || !IsMadeAgain(*pod->second)) continue;
    NodeRoom& node = NodeNamed(world.nodes(), pod->second->node);
    const bool there =
        std::find(node.pods.begin(), node.pods.end(), pod->second) != node.pods.end();
    if (!there || !node.policy->stop_idle) continue;  // it was found idle on another of its cards
    world.Take(node, *pod->second);
    Action& action =
        world.Act(Pass::kResize, StopPod{NameOf(*pod->second), node.name}, finding.why);
    action.disturbs = {NameOf(*pod->second)};
    node.rests_on.push_back(action.id);
  }
}

bool IsLight(const Finding& finding) {
  return finding.kind == FindingKind::kOversizedCard ||
         finding.kind == FindingKind::kOversizedInstance ||
         finding.kind == FindingKind::kUnsharedCard;
}

Workloads LightWorkloads(World& world, const PodsByName& holders) {
  Workloads workloads;
  for (const auto& [name, pod] : holders) {
    workloads[OwnerKeyOf(*pod)].pods.push_back(pod);
  }
  for (const LeakSummary& leak : world.findings()->leaks) {
    for (const Finding& finding : leak.findings) {
      const auto pod = holders.find({finding.pod.ns, finding.pod.name});
      if (!IsLight(finding) || pod == holders.end()) continue;
      Workload& of = workloads[OwnerKeyOf(*pod->second)];
      of.findings.push_back(&finding);
      of.milli_gpus += finding.gpus.value();
    }
  }
  return workloads;
}

bool IsByShares(const Finding& finding) {
  return finding.technique == Technique::kTimeSlicing || finding.technique == Technique::kMps;
}

// What every pod of the workload would ask for; empty: they cannot all get the same.
std::string ResourceFor(const Workload& workload) {
  const auto all = [&](auto is) {
    return std::all_of(workload.findings.begin(), workload.findings.end(),
                       [&](const Finding* finding) { return is(*finding); });
  };
  if (all(IsByShares)) return std::string(kShareResource);
  const Finding& first = *workload.findings.front();
  const gpu::Model* model = gpu::ModelNamed(first.model);
  const bool one_model = all([&](const Finding& finding) { return finding.model == first.model; });
  const bool by_mig = all([](const Finding& f) { return f.technique == Technique::kMig; });
  if (model == nullptr || !one_model || !by_mig) return "";
  const gpu::MigProfile* largest = nullptr;
  for (const Finding* finding : workload.findings) {
    const gpu::MigProfile* profile = gpu::ProfileNamed(*model, finding->target);
    if (profile == nullptr) return "";
    if (largest == nullptr || profile->memory_slices > largest->memory_slices) largest = profile;
  }
  return gpu::ResourceNameOf(*largest);
}

// What the heaviest of its pods is light enough for.
int MostReplicasOf(const Workload& workload) {
  int most = gpu::kMaxTimeSlicingReplicas;
  for (const Finding* finding : workload.findings) {
    if (finding->replicas > 0) most = std::min(most, finding->replicas);
  }
  return most;
}

// One device of one kind, and nothing else of a GPU.
bool HoldsOneDevice(const cluster::Pod& pod) {
  return DevicesAsked(pod) == 1 && pod.claims.empty();
}

bool MayResize(World& world, const Workload& workload, std::string_view resource) {
  if (resource.empty()) return false;
  return std::all_of(workload.pods.begin(), workload.pods.end(), [&](const cluster::Pod* pod) {
    const Isolation isolation = IsolationOf(*pod);
    const bool asked = isolation == Isolation::kExclusive ||
                       (isolation == Isolation::kHardware && KindOf(resource).shared);
    const bool allowed = NodeNamed(world.nodes(), pod->node).policy->resize;
    return allowed && !asked && !world.WasMoved(*pod) && IsMadeAgain(*pod) && !IsInGang(*pod) &&
           HoldsOneDevice(*pod);
  });
}

// The new pods on seats that are free already.
void UseFreeSeats(World& world) {
  const auto demand = world.demand();
  for (const cluster::Pod* pod : demand) {
    const auto fits = [&](const NodeRoom& node) { return node.may_receive() && Fits(node, *pod); };
    const auto node = std::find_if(world.nodes().begin(), world.nodes().end(), fits);
    if (node != world.nodes().end()) world.Place(Pass::kResize, *node, *pod, "it needs no more");
  }
}

// A workload, and what each of its pods would ask for.
struct Wish {
  const Workload* workload = nullptr;
  std::string resource{};
  int most_replicas = gpu::kMaxTimeSlicingReplicas;  // that each of them is light enough for
};

// Of the nodes that are in use, or would not be given back.
base::MicroUsdPerHour RateInUse(const World& world) {
  base::MicroUsdPerHour sum;
  for (const NodeRoom& node : world.nodes()) {
    if (node.cards.empty() || (node.is_empty() && node.policy->give_back)) continue;
    sum += node.rate().value_or(base::MicroUsdPerHour());
  }
  return sum;
}

// New nodes have to cost less than what becomes free by them.
bool PaysOff(const World& world, base::MicroUsdPerHour before) {
  const auto& nodes = world.nodes();
  const bool any =
      std::any_of(nodes.begin(), nodes.end(), [](const NodeRoom& node) { return node.is_added(); });
  const bool priced = std::all_of(nodes.begin(), nodes.end(), [](const NodeRoom& node) {
    return !node.is_added() || node.rate().has_value();
  });
  return !any || (priced && RateInUse(world) < before);
}

enum class Onto { kNodesThere, kNewNodes };

// All pods of all of them, or none.
bool ResizeTogether(World& world, std::span<const Wish> wishes, Onto onto) {
  const base::MicroUsdPerHour rate_before = RateInUse(world);
  WorldState before = world.state();
  world.demand().clear();
  for (const auto& [workload, resource, most] : wishes) {
    for (const cluster::Pod* pod : workload->pods) {
      world.demand().push_back(&world.Replacement(*pod, resource, most));
    }
  }
  UseFreeSeats(world);
  ShareCards(world);
  CutCards(world);
  if (onto == Onto::kNewNodes) AddSharedNodes(world, Pass::kResize);
  const bool all = world.demand().empty() && PaysOff(world, rate_before);
  if (all) {
    world.demand() = std::move(before.demand);
  } else {
    world.Restore(std::move(before));
  }
  return all;
}

std::vector<Wish> WishesOf(World& world, const Workloads& light) {
  std::vector<Wish> wishes;
  for (const auto& [owner, workload] : light) {
    if (workload.findings.empty() || workload.findings.size() != workload.pods.size()) continue;
    std::string resource = ResourceFor(workload);
    if (!MayResize(world, workload, resource)) continue;
    wishes.push_back({&workload, std::move(resource), MostReplicasOf(workload)});
  }
  std::stable_sort(wishes.begin(), wishes.end(), [](const Wish& a, const Wish& b) {
    return a.workload->milli_gpus > b.workload->milli_gpus;
  });
  return wishes;
}

// Packed together they take least. Where they do not all fit, each is tried alone: what frees most
// comes first, and what found no room is tried again once others have made some.
void ResizeLight(World& world, const Workloads& light) {
  std::vector<Wish> left = WishesOf(world, light);
  if (left.empty() || ResizeTogether(world, left, Onto::kNodesThere)) return;
  for (std::size_t before = left.size() + 1; left.size() < before && !left.empty();) {
    before = left.size();
    std::erase_if(left, [&](const Wish& wish) {
      return ResizeTogether(world, {&wish, 1}, Onto::kNodesThere);
    });
  }
  std::erase_if(left, [](const Wish& wish) { return wish.resource != kShareResource; });
  if (!left.empty()) ResizeTogether(world, left, Onto::kNewNodes);
}

}  // namespace

void Resize(World& world) {
  const bool stops = world.SomePolicy([](const NodePolicy& policy) { return policy.stop_idle; });
  const bool resizes = world.SomePolicy([](const NodePolicy& policy) { return policy.resize; });
  if ((!stops && !resizes) || !world.findings()) return;
  const PodsByName holders = HoldersOf(world.snapshot());
  if (stops) StopIdle(world, holders);
  if (resizes) ResizeLight(world, LightWorkloads(world, holders));
}

}  // namespace tangram::plan
