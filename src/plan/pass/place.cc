// Pods that fit now.
#include <fmt/format.h>

#include <algorithm>

#include "plan/pass/chooser.h"
#include "plan/pass/gang.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

std::string ReasonFor(const NodeRoom& node, const cluster::Pod& pod) {
  for (const auto& [resource, count] : pod.devices) {
    if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu) continue;
    return fmt::format("{} of {} free there", CountIn(node.free, resource),
                       CountIn(node.offers, resource));
  }
  return "it has room";
}

}  // namespace

void PlacePods(World& world) {
  if (world.demand().empty()) return;  // pricing takes longest here
  Chooser chooser(world);
  for (const Gang& gang : GangsOf(world.demand())) {
    std::vector<std::pair<NodeRoom*, std::string>> places;
    for (const cluster::Pod* pod : gang) {
      NodeRoom* node = chooser.Best(*pod);
      if (node == nullptr) break;
      places.emplace_back(node, ReasonFor(*node, *pod));
      world.Put(*node, *pod);
      chooser.Changed(*node);
    }
    for (std::size_t i = 0; i < places.size(); ++i) world.Take(*places[i].first, *gang[i]);
    if (places.size() == gang.size()) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        world.Place(Pass::kPlace, *places[i].first, *gang[i], std::move(places[i].second));
      }
    } else {
      for (const auto& [node, reason] : places) chooser.Changed(*node);
    }
  }
}

}  // namespace tangram::plan
