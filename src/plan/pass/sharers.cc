#include "plan/pass/sharers.h"

#include <algorithm>

#include "plan/leaks/leaks.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

bool IsSameDevice(const Seat& a, const Seat& b) { return a.instance == b.instance; }

}  // namespace

Sharers::Sharers(const Holdings& holdings) {
  for (const Card& card : holdings.cards) {
    for (const Seat& seat : card.seats) {
      if (seat.pod == nullptr) continue;
      running_.emplace(card.node->name, seat.pod->ns, seat.pod->name);
      if (card.gpu->replicas > 1) continue;
      for (const cluster::DeviceUsage* record : seat.usage) {
        if (!record->memory_max) continue;
        base::MiB& most = measured_[seat.pod];
        most = std::max(most, *record->memory_max);
      }
    }
  }
  for (auto& [pod, most] : measured_) most += base::ShareOf(most, LeakPolicy().memory_headroom);
}

Sharer Sharers::Of(const cluster::Pod& pod, std::int64_t shares) const {
  Sharer sharer = SharerOf(pod, shares);
  const auto measured = measured_.find(&pod);
  if (measured != measured_.end())
    sharer.memory = std::max(sharer.memory, std::optional(measured->second));
  const auto most = most_.find(&pod);
  if (most != most_.end()) sharer.most = most->second;
  return sharer;
}

void Sharers::Replace(const cluster::Pod& replacement, const cluster::Pod& pod, int most) {
  const auto measured = measured_.find(&pod);
  if (measured != measured_.end()) measured_.emplace(&replacement, measured->second);
  most_.emplace(&replacement, most);
}

base::MiB Sharers::UsedOn(const Card& card, const Seat& seat) const {
  base::MiB measured;
  for (const cluster::DeviceUsage* record : DeviceRecords(card, seat)) {
    const bool runs = running_.contains({card.node->name, record->ns, record->pod});
    if (runs && record->memory_max) measured = std::max(measured, *record->memory_max);
  }
  base::MiB said;
  for (const Seat& other : card.seats) {
    if (other.pod == nullptr || !other.exact || !IsSameDevice(seat, other)) continue;
    said += MemoryAsked(*other.pod).value_or(base::MiB());
  }
  return std::max(measured, said);
}

}  // namespace tangram::plan
