#include "plan/pass/gang_domains.h"

#include <algorithm>

namespace tangram::plan {

GangDomains::GangDomains(const World& world) : world_(world), nodes_(NodesOf(world)) {}

std::vector<std::vector<Domain>> GangDomains::For(const Gang& gang) {
  const cluster::Pod& first = *gang.front();
  auto groups = DomainsFor(nodes_, WishesOfGang(gang));
  for (std::vector<Domain>& group : groups) {
    std::erase_if(group, [&](const Domain& domain) { return !HoldsMates(domain, first); });
    std::stable_sort(group.begin(), group.end(), [&](const Domain& a, const Domain& b) {
      return FreeIn(a, first) < FreeIn(b, first);
    });
  }
  return groups;
}

bool GangDomains::HoldsMates(const Domain& domain, const cluster::Pod& pod) {
  const auto& mates = MatesOf(pod);
  return std::all_of(mates.begin(), mates.end(), [&](std::size_t node) {
    return std::binary_search(domain.nodes.begin(), domain.nodes.end(), node);
  });
}

const std::vector<std::size_t>& GangDomains::MatesOf(const cluster::Pod& pod) {
  if (mates_.empty()) {
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      for (const cluster::Pod* other : world_.nodes()[n].pods) {
        if (IsInGang(*other)) mates_[GangKeyOf(*other)].push_back(n);
      }
    }
    mates_.try_emplace({});  // looked for; of pods in no gang
  }
  return mates_[IsInGang(pod) ? GangKeyOf(pod) : GangKey()];
}

std::int64_t GangDomains::FreeIn(const Domain& domain, const cluster::Pod& pod) const {
  std::int64_t free = 0;
  for (const std::size_t node : domain.nodes) {
    for (const auto& [resource, count] : pod.devices) {
      if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu) continue;
      free += std::max<std::int64_t>(0, CountIn(world_.nodes()[node].free, resource));
    }
  }
  return free;
}

}  // namespace tangram::plan
