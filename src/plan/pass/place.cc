// Pods that fit now.
#include <fmt/format.h>

#include "plan/pass/chooser.h"
#include "plan/pass/gang_domains.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// Where the pod stands on it already.
std::string ClaimReason(const World& world, const cluster::Pod& pod) {
  std::vector<std::string> names;
  for (const ClaimedDevice& one : world.book().GivenTo(pod)) {
    names.push_back((one.device.shared ? "a part of " : "") + one.device.device);
  }
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
  explicit Placing(World& world) : world_(world), chooser_(world), domains_(world) {}

  void Run() {
    for (const Gang& gang : GangsOf(world_.demand(), world_.gangs())) {
      if (WishesOfGang(gang).empty()) {
        Place(gang, nullptr);
      } else {
        PlaceNear(gang);
      }
    }
  }

 private:
  // As near as they can be: of the nearest domains that hold all, the one with the least left.
  void PlaceNear(const Gang& gang) {
    for (const std::vector<Domain>& group : domains_.For(gang)) {
      for (const Domain& domain : group) {
        if (Place(gang, &domain.nodes)) return;
      }
    }
    if (!IsBound(gang)) Place(gang, nullptr);
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
  GangDomains domains_;
};

}  // namespace

void PlacePods(World& world) {
  if (world.demand().empty()) return;  // pricing takes longest here
  Placing(world).Run();
}

}  // namespace tangram::plan
