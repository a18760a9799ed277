#include "plan/classes/reach.h"

#include <algorithm>

#include "cluster/schedulable.h"

namespace tangram::plan::classes {

Reach::Reach(const Index& index, const cluster::Pod& pod, std::span<const std::int64_t> given)
    : index_(index),
      pod_(pod),
      given_(given),
      by_node_(index.SelectsNodes(pod)),
      suits_(index.groups().size(), Known::kUnknown) {}

bool Reach::MayBeSpot(const Need& need) const {
  return need.interruptible || SelectsCapacity(pod_);
}

bool Reach::MightUse(std::size_t group, const Need& need) {
  const Group& of = index_.groups()[group];
  if (of.spot && !MayBeSpot(need)) return false;
  if (by_node_) return true;
  Known& known = suits_[group];
  if (known == Known::kUnknown) {
    const bool suits = cluster::UnmetSelector(of.like, pod_) == nullptr &&
                       cluster::MeetsAffinity(of.like, pod_) &&
                       cluster::UntoleratedTaint(of.like, pod_) == nullptr;
    known = suits ? Known::kYes : Known::kNo;
  }
  return known == Known::kYes;
}

bool Reach::MayUse(std::size_t group, const Need& need) {
  return index_.groups()[group].like.ready && MightUse(group, need);
}

std::optional<Reach::Free> Reach::FreeOf(std::size_t at, const Need& need) {
  const Offer& offer = index_.offers()[at];
  if (offer.free < need.count || !MayUse(offer.group, need)) return std::nullopt;
  const std::int64_t given = at < given_.size() ? given_[at] : 0;
  const auto count = static_cast<std::size_t>(need.count);
  if (by_node_ || count > kCounted) return FreeOfNodes(offer, given, need);
  const Room& room = offer.room[count - 1];
  const bool fits = room.pods * need.count - given >= need.count && pod_.cpu <= room.most_cpu &&
                    pod_.memory <= room.most_memory;
  if (!fits) return std::nullopt;
  return Free{offer.free - given, room.nodes};
}

// What was given out may be anywhere: it counts against these nodes.
std::optional<Reach::Free> Reach::FreeOfNodes(const Offer& offer, std::int64_t given,
                                              const Need& need) {
  Free free;
  std::int64_t pods = 0;
  for (const NodeFree& node : offer.nodes) {
    const bool fits = node.free >= need.count && pod_.cpu <= node.cpu && pod_.memory <= node.memory;
    if (!fits || (by_node_ && !cluster::Admits(index_.nodes()[node.node], Tolerant()))) continue;
    pods += node.free / need.count;
    free.devices += node.free;
    ++free.nodes;
  }
  if (pods * need.count - given < need.count) return std::nullopt;
  free.devices -= given;
  return free;
}

const cluster::Pod& Reach::Tolerant() {
  if (!tolerant_) {
    tolerant_ = pod_;
    for (const Group& group : index_.groups()) {
      for (const cluster::Taint& taint : group.taints) {
        tolerant_->tolerations.push_back({taint.key, "Exists", "", taint.effect});
      }
    }
  }
  return *tolerant_;
}

}  // namespace tangram::plan::classes
