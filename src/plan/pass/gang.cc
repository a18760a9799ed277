#include "plan/pass/gang.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tangram::plan {

bool IsInGang(const cluster::Pod& pod) { return !cluster::GangOf(pod).name.empty(); }

GangKey GangKeyOf(const cluster::Pod& pod) { return {pod.ns, cluster::GangOf(pod).name}; }

std::vector<TopologyWishes> WishesOfGang(const Gang& gang) {
  std::vector<TopologyWishes> wishes;
  for (const cluster::Pod* pod : gang) {
    const TopologyWishes said = WishesOf(*pod);
    if (IsInGang(*pod) && said.any()) wishes.push_back(said);
  }
  return wishes;
}

bool IsBound(const Gang& gang) {
  const auto wishes = WishesOfGang(gang);
  return std::any_of(wishes.begin(), wishes.end(),
                     [](const TopologyWishes& wish) { return !wish.required.empty(); });
}

std::vector<Gang> GangsOf(const std::vector<const cluster::Pod*>& pods,
                          const cluster::GangBook& book) {
  std::vector<Gang> gangs;
  std::map<GangKey, std::size_t> known;
  for (const cluster::Pod* pod : pods) {
    std::size_t at = gangs.size();
    if (!book.Of(*pod).name.empty()) {
      at = known.try_emplace(GangKeyOf(*pod), at).first->second;
    }
    if (at == gangs.size()) gangs.emplace_back();
    gangs[at].push_back(pod);
  }
  return gangs;
}

}  // namespace tangram::plan
