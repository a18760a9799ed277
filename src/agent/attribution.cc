#include "agent/attribution.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tangram::agent {
namespace {

// ---- names of devices ----

std::string_view WithoutReplica(std::string_view id) { return id.substr(0, id.find("::")); }

std::optional<Place> PlaceOfInstance(const Card& card, int id) {
  if (!card.mig) return std::nullopt;
  for (const Instance& one : card.mig->instances) {
    if (one.id == id) return Place{card.index, id};
  }
  return std::nullopt;
}

// "GPU-…", "MIG-…", and "MIG-GPU-…/3/0" as drivers before R470 wrote it.
std::optional<Place> PlaceOfUuid(std::string_view uuid, const std::vector<Reading>& cards) {
  constexpr std::string_view kOldMig = "MIG-GPU-";
  if (uuid.empty()) return std::nullopt;
  for (const Reading& reading : cards) {
    const Card& card = reading.card;
    if (card.uuid == uuid) return Place{card.index, {}};
    if (!card.mig) continue;
    for (const Instance& instance : card.mig->instances) {
      for (const ComputeInstance& compute : instance.compute) {
        if (compute.uuid == uuid) return Place{card.index, instance.id};
      }
    }
    if (!uuid.starts_with(kOldMig)) continue;
    const auto parts = base::Split(uuid.substr(4), '/');
    const auto id = parts.size() == 3 ? base::ParseInteger(parts[1]) : std::nullopt;
    if (id && *id >= 0 && *id < 256 && parts[0] == card.uuid) {
      return PlaceOfInstance(card, static_cast<int>(*id));
    }
  }
  return std::nullopt;
}

// "gpu-0" or "gpu-0-mig-1g18gb-19-0", as NVIDIA's DRA driver names them: by minor number, profile
// and start.
std::optional<Place> PlaceOfDraName(std::string_view name, const std::vector<Reading>& cards) {
  const auto parts = base::Split(name, '-');
  const bool whole = parts.size() == 2;
  const bool mig = parts.size() == 6 && parts[2] == "mig";
  if (parts.empty() || parts[0] != "gpu" || (!whole && !mig)) return std::nullopt;
  const auto minor = base::ParseInteger(parts[1]);
  for (const Reading& reading : cards) {
    const Card& card = reading.card;
    if (!minor || card.minor != *minor) continue;
    if (whole) return Place{card.index, {}};
    const auto profile = base::ParseInteger(parts[4]);
    const auto start = base::ParseInteger(parts[5]);
    if (!card.mig || !profile || !start) return std::nullopt;
    for (const Instance& one : card.mig->instances) {
      if (one.profile_id == *profile && one.placement.start == *start) {
        return Place{card.index, one.id};
      }
    }
  }
  return std::nullopt;
}

// By the name that the driver published, or by the end of a CDI name:
// "k8s.gpu.nvidia.com/claim=UID-gpu-0".
std::optional<Place> PlaceOfClaimed(const ClaimedDevice& claimed,
                                    const std::vector<Reading>& cards) {
  if (const auto place = PlaceOfDraName(claimed.device, cards)) return place;
  for (const std::string_view cdi : claimed.cdi) {
    const std::size_t equals = cdi.find('=');
    const std::string_view device = equals == std::string_view::npos ? cdi : cdi.substr(equals + 1);
    if (const auto place = PlaceOfUuid(device, cards)) return place;
    const std::size_t gpu = device.find("gpu-");
    if (gpu == std::string_view::npos) continue;
    if (const auto place = PlaceOfDraName(device.substr(gpu), cards)) return place;
  }
  return std::nullopt;
}

// ---- processes ----

// A process may be listed twice, as a compute and as a graphics process, with the same memory.
struct ProcessAt {
  std::optional<base::MiB> memory;
};
using Processes = std::map<std::pair<Place, std::int64_t>, ProcessAt>;

Processes ProcessesOf(const Card& card) {
  Processes all;
  for (const Process& process : card.processes) {
    const Place place{card.index, process.instance};
    auto& [memory] = all[{place, process.pid}];
    if (process.memory) memory = std::max(memory.value_or(base::MiB(0)), *process.memory);
  }
  return all;
}

template <class Use>
void AddSeconds(Use& use, double seconds) {
  use.sm_seconds = use.sm_seconds.value_or(0) + seconds;
}

class Attributor {
 public:
  Attributor(const Holdings& holdings, const std::map<std::int64_t, Owner>& owners)
      : holdings_(holdings), owners_(owners) {}

  void AddHoldings() {
    for (const Holding& holding : holdings_.held) {
      PodUse& use = made_.pods[{holding.place, holding.pod}];
      ++use.devices;
      use.resource = holding.resource;
    }
  }

  void AddCard(const CardUse& card, double window) {
    const Card& known = card.reading->card;
    for (const auto& [at, process] : ProcessesOf(known)) AddProcess(at.first, at.second, process);
    if (card.sm_seconds) {
      for (const auto& [pid, seconds] : *card.sm_seconds) AddUse({known.index, {}}, pid, seconds);
      ZeroTheSilent(known.index);
    }
    for (const InstanceReading& instance : card.reading->instances) {
      AddCounters({known.index, instance.id}, instance, window);
    }
  }

  Attribution Finish() && { return std::move(made_); }

 private:
  Owner OwnerOf(std::int64_t pid) const {
    const auto found = owners_.find(pid);
    return found == owners_.end() ? Owner{} : found->second;
  }

  void AddProcess(const Place& place, std::int64_t pid, const ProcessAt& process) {
    const Owner owner = OwnerOf(pid);
    const base::MiB memory = process.memory.value_or(base::MiB(0));
    if (owner.kind != OwnerKind::kPod) {
      OtherUse& use = made_.others[{place, owner.kind}];
      ++use.processes;
      use.memory = use.memory + memory;
      return;
    }
    PodUse& use = made_.pods[{place, owner.pod}];
    ++use.processes;
    use.memory = use.memory + memory;
    use.memory_known = use.memory_known && process.memory.has_value();
  }

  void AddUse(const Place& place, std::int64_t pid, double seconds) {
    const Owner owner = OwnerOf(pid);
    if (owner.kind == OwnerKind::kPod) {
      AddSeconds(made_.pods[{place, owner.pod}], seconds);
    } else {
      AddSeconds(made_.others[{place, owner.kind}], seconds);
    }
  }

  // The card tells what its processes use: those of which it tells nothing used nothing.
  void ZeroTheSilent(int card) {
    for (auto& [at, use] : made_.pods) {
      if (at.first == Place{card, {}} && !use.sm_seconds) use.sm_seconds = 0;
    }
    for (auto& [at, use] : made_.others) {
      if (at.first == Place{card, {}} && !use.sm_seconds) use.sm_seconds = 0;
    }
  }

  void AddCounters(const Place& place, const InstanceReading& instance, double window) {
    if (!instance.counters || !instance.counters->sm) return;
    const auto elsewhere =
        std::any_of(made_.others.begin(), made_.others.end(),
                    [&](const auto& other) { return other.first.first == place; });
    PodUse* only = nullptr;
    for (auto& [at, use] : made_.pods) {
      if (at.first != place) continue;
      if (only != nullptr) return;
      only = &use;
    }
    if (only != nullptr && !elsewhere) only->sm_seconds = *instance.counters->sm * window;
  }

  const Holdings& holdings_;
  const std::map<std::int64_t, Owner>& owners_;
  Attribution made_;
};

}  // namespace

Holdings Resolve(const PodDevices& devices, const std::vector<Reading>& cards) {
  Holdings holdings;
  const auto add = [&](const std::optional<Place>& place, const PodRef& pod,
                       const std::string& resource) {
    if (place) {
      holdings.held.push_back({*place, pod, resource});
    } else {
      ++holdings.unknown;
    }
  };
  for (const PluginDevices& one : devices.plugin) {
    for (const std::string& id : one.ids) {
      add(PlaceOfUuid(WithoutReplica(id), cards), one.pod, one.resource);
    }
  }
  for (const ClaimedDevice& one : devices.claimed) add(PlaceOfClaimed(one, cards), one.pod, "");
  std::sort(holdings.held.begin(), holdings.held.end());
  return holdings;
}

Attribution Attribute(const std::vector<CardUse>& cards, const Holdings& holdings,
                      const std::map<std::int64_t, Owner>& owners, double window) {
  Attributor attributor(holdings, owners);
  attributor.AddHoldings();
  for (const CardUse& card : cards) attributor.AddCard(card, window);
  return std::move(attributor).Finish();
}

}  // namespace tangram::agent
