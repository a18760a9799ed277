#include "agent/memory_limit.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tangram::agent {
namespace {

// "GPU-…" of "GPU-…::3"; empty: it is no replica of a whole card.
std::string SharedCardOf(std::string_view id) {
  const std::size_t end = id.find("::");
  if (end == std::string_view::npos || !id.starts_with("GPU-")) return "";
  return std::string(id.substr(0, end));
}

bool MayBeLimited(const Card& card) {
  const bool cut = card.mig && card.mig->enabled;
  const bool by_mps = std::any_of(card.processes.begin(), card.processes.end(),
                                  [](const Process& one) { return one.kind == ProcessKind::kMps; });
  return card.state == CardState::kOk && !cut && !by_mps && card.memory;
}

const Card* CardOf(const NodeState& state, const std::string& uuid) {
  for (const CardNow& card : state.cards) {
    if (card.reading.card.uuid == uuid) return &card.reading.card;
  }
  return nullptr;
}

base::MiB UsedBy(const NodeState& state, int card, const PodRef& pod) {
  base::MiB used;
  for (const auto& [at, now] : state.pods) {
    const auto& [place, of] = at;
    if (place.card == card && of.ns == pod.ns && of.pod == pod.pod) used += now.use.memory;
  }
  return used;
}

}  // namespace

std::vector<WantedLimit> LimitsOf(const std::vector<PluginDevices>& held,
                                  const std::vector<PluginDevices>& offered,
                                  const NodeState& state) {
  std::map<std::string, std::set<std::string>> replicas;  // by card
  for (const PluginDevices& devices : offered) {
    for (const std::string& id : devices.ids) {
      if (const std::string uuid = SharedCardOf(id); !uuid.empty()) replicas[uuid].insert(id);
    }
  }
  std::map<std::pair<std::string, PodRef>, std::int64_t> shares;
  for (const PluginDevices& devices : held) {
    const PodRef pod{devices.pod.ns, devices.pod.pod, ""};
    for (const std::string& id : devices.ids) {
      if (const std::string uuid = SharedCardOf(id); !uuid.empty()) ++shares[{uuid, pod}];
    }
  }
  std::vector<WantedLimit> limits;
  for (const auto& [at, count] : shares) {
    const auto& [uuid, pod] = at;
    const std::int64_t all = std::ssize(replicas[uuid]);
    const Card* card = CardOf(state, uuid);
    if (card == nullptr || count >= all || !MayBeLimited(*card)) continue;
    limits.push_back({.limit = {uuid, pod, card->memory->total * count / all},
                      .used = UsedBy(state, card->index, pod)});
  }
  return limits;
}

}  // namespace tangram::agent
