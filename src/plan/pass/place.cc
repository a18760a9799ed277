// Pods that fit now.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plan/pass/chooser.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"
#include "plan/place/topology.h"

namespace tangram::plan {
namespace {

// Where the pod stands on it already.
std::string ClaimReason(const World& world, const cluster::Pod& pod) {
  std::vector<std::string_view> names;
  const auto given = world.book().GivenTo(pod);
  for (const ClaimedDevice& one : given) names.push_back(one.device.device);
  if (names.empty()) return "its claims hold devices there";
  if (pod.claims.empty()) return fmt::format("it gets {} of DRA", fmt::join(names, ", "));
  return fmt::format("its {} {}", pod.claims.size() == 1 ? "claim gets" : "claims get",
                     fmt::join(names, ", "));
}

std::string ReasonFor(const NodeRoom& node, const cluster::Pod& pod) {
  for (const auto& [resource, count] : pod.devices) {
    if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu) continue;
    return fmt::format("{} of {} free there", CountIn(node.free, resource),
                       CountIn(node.offers, resource));
  }
  return "it has room";
}

class Placing {
 public:
  explicit Placing(World& world) : world_(world), chooser_(world), nodes_(NodesOf(world)) {}

  void Run() {
    for (const Gang& gang : GangsOf(world_.demand(), world_.gangs())) {
      const auto wishes = WishesOfGang(gang);
      if (wishes.empty()) {
        Place(gang, nullptr);
      } else {
        PlaceNear(gang, wishes);
      }
    }
  }

 private:
  // As near as they can be: of the nearest domains that hold all, the one with the least left.
  void PlaceNear(const Gang& gang, const std::vector<TopologyWishes>& wishes) {
    for (std::vector<Domain>& group : DomainsFor(nodes_, wishes)) {
      std::erase_if(group,
                    [&](const Domain& domain) { return !HoldsMates(domain, *gang.front()); });
      std::stable_sort(group.begin(), group.end(), [&](const Domain& a, const Domain& b) {
        return FreeIn(a, *gang.front()) < FreeIn(b, *gang.front());
      });
      for (const Domain& domain : group) {
        if (Place(gang, &domain.nodes)) return;
      }
    }
    if (!IsBound(gang)) Place(gang, nullptr);
  }

  // Pods of the gang that run already are not left behind.
  bool HoldsMates(const Domain& domain, const cluster::Pod& pod) {
    const auto mates = MatesOf(pod);
    return std::all_of(mates.begin(), mates.end(), [&](std::size_t node) {
      return std::binary_search(domain.nodes.begin(), domain.nodes.end(), node);
    });
  }

  std::vector<std::size_t> MatesOf(const cluster::Pod& pod) {
    if (mates_.empty()) {
      for (std::size_t n = 0; n < world_.nodes().size(); ++n) {
        for (const cluster::Pod* other : world_.nodes()[n].pods) {
          if (IsInGang(*other)) mates_[GangKeyOf(*other)].push_back(n);
        }
      }
      mates_.try_emplace({});  // looked for
    }
    const auto mates = mates_.find(GangKeyOf(pod));
    return !IsInGang(pod) || mates == mates_.end() ? std::vector<std::size_t>() : mates->second;
  }

  std::int64_t FreeIn(const Domain& domain, const cluster::Pod& pod) const {
    std::int64_t free = 0;
    for (const std::size_t node : domain.nodes) {
      for (const auto& [resource, count] : pod.devices) {
        if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu) continue;
        free += std::max<std::int64_t>(0, CountIn(world_.nodes()[node].free, resource));
      }
    }
    return free;
  }

  // All of them, on nodes of `within` (null: on any), or none.
  bool Place(const Gang& gang, const std::vector<std::size_t>* within) {
    std::vector<std::pair<NodeRoom*, std::string>> places;
    for (const cluster::Pod* pod : gang) {
      NodeRoom* node = within == nullptr ? chooser_.Best(*pod) : chooser_.BestOf(*within, *pod);
      if (node == nullptr) break;
      places.emplace_back(node, ReasonFor(*node, *pod));
      world_.Put(*node, *pod);
      const bool by_claim = !pod->claims.empty() || !world_.book().GivenTo(*pod).empty();
      if (by_claim) places.back().second = ClaimReason(world_, *pod);
      chooser_.Changed(*node);
    }
    for (std::size_t i = 0; i < places.size(); ++i) world_.Take(*places[i].first, *gang[i]);
    const bool all = places.size() == gang.size();
    for (std::size_t i = 0; i < places.size(); ++i) {
      auto& [node, reason] = places[i];
      if (all) {
        world_.Place(Pass::kPlace, *node, *gang[i], std::move(reason));
      } else {
        chooser_.Changed(*node);
      }
    }
    return all;
  }

  World& world_;
  Chooser chooser_;
  std::vector<const cluster::Node*> nodes_;
  std::map<GangKey, std::vector<std::size_t>> mates_;  // nodes of pods that run
};

}  // namespace

void PlacePods(World& world) {
  if (world.demand().empty()) return;  // pricing takes longest here
  Placing(world).Run();
}

}  // namespace tangram::plan
