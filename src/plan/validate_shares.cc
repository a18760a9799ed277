#include "plan/validate_shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "plan/leaks/leaks.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

using cluster::Sharing;

constexpr int kMostBesideSensitive = 7;

std::string WholeName(const std::string& resource) {
  return KindOf(resource).shared ? resource.substr(0, resource.rfind('.')) : resource;
}

// The instance's place in the card where it is what the resource stands for.
bool Stands(const cluster::Node& node, const gpu::Model& model, const cluster::Instance& instance,
            const std::string& whole) {
  const gpu::MigProfile* profile = gpu::ProfileNamed(model, instance.profile);
  if (whole == kCardResource) return node.mig_strategy == cluster::MigStrategy::kSingle;
  return profile != nullptr && gpu::ResourceNameOf(*profile) == whole;
}

bool IsSensitive(const cluster::Pod& pod) {
  const std::string_view latency = cluster::Find(pod.labels, "tangram.dev/latency");
  return !latency.empty() && latency != "Tolerant";
}

bool AsksIsolation(const cluster::Pod& pod) {
  const std::string_view isolation = cluster::Find(pod.labels, "tangram.dev/isolation");
  return !isolation.empty() && isolation != "Shared";
}

bool AsksFor(const cluster::Pod& pod, const std::string& whole) {
  return std::any_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
    return asked.count > 0 && WholeName(asked.name) == whole;
  });
}

base::MiB SumOfLargest(std::vector<base::MiB> needs, std::int64_t count) {
  std::sort(needs.begin(), needs.end(), std::greater<>());
  needs.resize(std::min(needs.size(), static_cast<std::size_t>(count)));
  return std::accumulate(needs.begin(), needs.end(), base::MiB());
}

}  // namespace

ShareCheck::Devices ShareCheck::Read(const cluster::Node& node, const std::string& whole) const {
  Devices devices;
  bool first = true;
  const auto add = [&](const cluster::Gpu& gpu, const gpu::Model* model, base::MiB memory) {
    const int replicas = std::max(1, gpu.replicas);
    if (first) {
      devices = {.model = model, .memory = memory, .replicas = replicas};
      if (replicas > 1) {
        const bool mps = gpu.sharing == Sharing::kMps;
        devices.sharing = mps ? Sharing::kMps : Sharing::kTimeSlicing;
      }
    } else if (devices.model != model || devices.replicas != replicas) {
      devices.model = nullptr;
    }
    first = false;
    devices.memory = std::min(devices.memory, memory);
    devices.largest = std::max(devices.largest, memory);
  };
  for (const cluster::Gpu& gpu : node.gpus) {
    const gpu::Model* model = ModelOf(gpu);
    const base::MiB memory =
        gpu.memory.value() > 0 || model == nullptr ? gpu.memory : model->memory;
    if (gpu.instances.empty() && whole == kCardResource) add(gpu, model, memory);
    for (const cluster::Instance& instance : gpu.instances) {
      if (model == nullptr || !Stands(node, *model, instance, whole)) continue;
      const gpu::MigProfile* profile = gpu::ProfileNamed(*model, instance.profile);
      const bool known = profile != nullptr && profile->memory;
      add(gpu, model, known ? *profile->memory : base::MiB());
    }
  }
  if (!first) return devices;
  // Instances that the plan makes.
  for (const cluster::Gpu& gpu : node.gpus) {
    const gpu::Model* model = ModelOf(gpu);
    const gpu::MigProfile* profile =
        model == nullptr ? nullptr : gpu::ProfileNamed(*model, KindOf(whole).profile);
    if (profile == nullptr) continue;
    const base::MiB memory = profile->memory.value_or(base::MiB());
    return {.model = model, .memory = memory, .largest = memory};
  }
  return devices;
}

base::MiB ShareCheck::UsedOn(const Card& card, const Seat& seat) const {
  base::MiB measured;
  for (const cluster::DeviceUsage* record : DeviceRecords(card, seat)) {
    const bool runs =
        std::any_of(holdings_.cards.begin(), holdings_.cards.end(), [&](const Card& other) {
          return other.node == card.node &&
                 std::any_of(other.seats.begin(), other.seats.end(), [&](const Seat& of) {
                   return of.pod != nullptr && of.pod->ns == record->ns &&
                          of.pod->name == record->pod;
                 });
        });
    if (runs && record->memory_max) measured = std::max(measured, *record->memory_max);
  }
  base::MiB said;
  for (const Seat& other : card.seats) {
    const bool on_it = other.pod != nullptr && other.exact && other.instance == seat.instance;
    if (on_it) said += MemoryAsked(*other.pod).value_or(base::MiB());
  }
  return std::max(measured, said);
}

void ShareCheck::AddRunning(const cluster::Node& node, const std::string& whole,
                            Devices& devices) const {
  devices.standing_together = devices.replicas;
  for (const Card& card : holdings_.cards) {
    if (card.node != &node) continue;
    for (const Seat& seat : card.seats) {
      devices.exact = devices.exact && (seat.pod == nullptr || seat.exact);
      if (card.gpu->replicas <= 1 || seat.uncovered) continue;
      const bool ours =
          seat.instance == nullptr
              ? whole == kCardResource
              : card.model != nullptr && Stands(node, *card.model, *seat.instance, whole);
      if (ours) devices.used = std::max(devices.used, UsedOn(card, seat));
    }
  }
  for (const cluster::Pod& pod : snapshot_.pods) {
    const bool there = pod.node == node.name && cluster::HoldsDevices(pod);
    if (there && AsksFor(pod, whole)) devices.standing.push_back(&pod);
  }
}

ShareCheck::Devices& ShareCheck::DevicesOf(const std::string& node, const cluster::Node& like,
                                           const std::string& whole) {
  const auto [known, fresh] = devices_.try_emplace({node, whole});
  if (fresh) {
    known->second = Read(like, whole);
    if (like.name == node) AddRunning(like, whole, known->second);
  }
  return known->second;
}

std::optional<base::MiB> ShareCheck::NeedOf(const cluster::Pod& pod,
                                            const cluster::Pod& was) const {
  std::optional<base::MiB> need = MemoryAsked(pod);
  if (&pod == &was) return need;
  for (const Card& card : holdings_.cards) {
    if (card.gpu->replicas > 1) continue;
    for (const Seat& seat : card.seats) {
      if (seat.pod != &was) continue;
      for (const cluster::DeviceUsage* record : seat.usage) {
        if (!record->memory_max) continue;
        const base::MiB headroom = base::ShareOf(*record->memory_max, LeakPolicy().memory_headroom);
        need = std::max(need, std::optional(*record->memory_max + headroom));
      }
    }
  }
  return need;
}

void ShareCheck::CheckMemory(const Devices& devices, const std::string& node, Wrong& wrong) {
  std::vector<base::MiB> needs;
  for (const Coming& coming : devices.coming) {
    if (coming.need) needs.push_back(*coming.need);
  }
  if (needs.empty() || devices.memory.value() == 0 || devices.model == nullptr) return;
  std::vector<base::MiB> said;
  for (const cluster::Pod* pod : devices.standing) {
    said.push_back(MemoryAsked(*pod).value_or(base::MiB()));
  }
  const bool mps = devices.sharing == Sharing::kMps;
  const int beside = devices.used.value() > 0 ? 1 : 0;
  base::MiB together =
      mps ? SumOfLargest(needs, 1) * devices.replicas
          : devices.used + SumOfLargest(needs, std::max(1, devices.replicas - beside));
  // Where it is not known which device those that stand are on, they may be on any.
  const int most = std::min(devices.replicas, static_cast<int>(needs.size()));
  for (int come = 1; come <= most && !devices.exact && !mps; ++come) {
    const int stand = std::min(devices.standing_together, devices.replicas - come);
    together = std::max(together, SumOfLargest(needs, come) + SumOfLargest(said, stand));
  }
  if (together > devices.memory) {
    wrong.push_back(fmt::format("pods on a shared device of {} could need {} MiB of {}", node,
                                together.value(), devices.memory.value()));
  }
}

ShareCheck::Wrong ShareCheck::Put(const std::string& node, const cluster::Node& like,
                                  const cluster::Pod& pod, const cluster::Pod& was) {
  Wrong wrong;
  for (const auto& [resource, count] : pod.devices) {
    if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu || count <= 0) continue;
    Devices& devices = DevicesOf(node, like, WholeName(resource));
    const auto need = NeedOf(pod, was);
    devices.coming.push_back({&pod, need});
    if (devices.replicas == 1) {
      const base::MiB said = MemoryAsked(pod).value_or(base::MiB());
      if (devices.largest.value() > 0 && said > devices.largest) {
        wrong.push_back(fmt::format("pod {}/{} needs more GPU memory than {} of {} has", pod.ns,
                                    pod.name, resource, node));
      }
      continue;
    }
    if (AsksIsolation(pod)) {
      wrong.push_back(fmt::format("pod {}/{} asks for isolation", pod.ns, pod.name));
    }
    if (IsSensitive(pod) && devices.replicas > kMostBesideSensitive) {
      wrong.push_back(fmt::format("pod {}/{} has a latency to keep, beside {} others", pod.ns,
                                  pod.name, devices.replicas - 1));
    }
    CheckMemory(devices, node, wrong);
  }
  return wrong;
}

void ShareCheck::Remove(const std::string& node, const cluster::Pod& pod) {
  for (auto& [key, devices] : devices_) {
    if (key.first != node) continue;
    std::erase(devices.standing, &pod);
    std::erase_if(devices.coming, [&](const Coming& coming) { return coming.pod == &pod; });
  }
}

ShareCheck::Wrong ShareCheck::Change(const Reshare& change, const cluster::Node& like) {
  std::string whole(kCardResource);
  for (const cluster::Gpu& gpu : like.gpus) {
    const gpu::Model* model = ModelOf(gpu);
    if (change.profile.empty() || model == nullptr) continue;
    const gpu::MigProfile* profile = gpu::ProfileNamed(*model, change.profile);
    if (profile != nullptr) whole = gpu::ResourceNameOf(*profile);
  }
  Wrong wrong;
  Devices& devices = DevicesOf(change.node, like, whole);
  const bool mps = change.sharing == Sharing::kMps;
  if (devices.replicas != change.from || (change.from > 1 && devices.sharing != change.sharing)) {
    wrong.push_back(fmt::format("devices of {} have {} shares", change.node, devices.replicas));
  }
  if (change.to < 2 || change.to > gpu::kMaxTimeSlicingReplicas || change.to == change.from ||
      change.sharing == Sharing::kNone || (mps && change.to < change.from)) {
    wrong.push_back(fmt::format("it makes {} shares of {}", change.to, change.from));
  }
  if (mps && (!change.profile.empty() || devices.model == nullptr ||
              change.to > gpu::MaxMpsClients(*devices.model) || !devices.standing.empty())) {
    wrong.push_back(fmt::format("{} cannot have {} clients of MPS", change.node, change.to));
  }
  const bool sensitive = std::any_of(devices.standing.begin(), devices.standing.end(),
                                     [](const cluster::Pod* pod) { return IsSensitive(*pod); }) ||
                         std::any_of(devices.coming.begin(), devices.coming.end(),
                                     [](const Coming& of) { return IsSensitive(*of.pod); });
  if (sensitive && change.to > kMostBesideSensitive) {
    wrong.push_back(fmt::format("a pod on {} has a latency to keep", change.node));
  }
  devices.replicas = change.to;
  devices.sharing = change.sharing;
  CheckMemory(devices, change.node, wrong);
  return wrong;
}

int ShareCheck::ReplicasOf(const std::string& node, const cluster::Node& like,
                           const std::string& whole) {
  return DevicesOf(node, like, whole).replicas;
}

}  // namespace tangram::plan
