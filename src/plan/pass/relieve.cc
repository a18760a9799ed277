// Shares that the memory of their device has no room for are taken away, before somebody gets one.
// Nobody who runs is disturbed: no fewer are left than pods hold.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plan/leaks/leaks.h"
#include "plan/pass/passes.h"
#include "plan/pass/share_node.h"

namespace tangram::plan {
namespace {

constexpr double kMiBOfGiB = 1024;

// What runs on the node's devices of a kind.
struct Load {
  int most_on_one = 0;  // pods, or fewer where nobody knows which device each is on
  int held = 0;         // by pods, of devices whose use was measured
  base::MiB used{};     // of these
};

Load LoadOf(const NodeRoom& node, const ResourceKind& kind, int replicas) {
  Load load;
  int all = 0;
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      if (!IsOfKind(node, card, seat, kind)) continue;
      all += seat.held;
      load.most_on_one = std::max(load.most_on_one, seat.held);
      if (seat.held == 0 || seat.used.value() == 0) continue;
      load.held += seat.held;
      load.used += seat.used;
    }
  }
  if (!node.exact) load.most_on_one = std::min(all, replicas);
  return load;
}

// The most shares of which each may be held by a pod like those that run: no fewer than are held,
// and two at least, since what is shared no more has another name, and disturbs who holds it.
int MostThatFit(const Load& load, base::MiB memory) {
  const base::MiB mean = load.used / load.held;
  const base::MiB each = mean + base::ShareOf(mean, LeakPolicy().memory_headroom);
  const std::int64_t fit = memory.value() / std::max<std::int64_t>(1, each.value());
  return static_cast<int>(
      std::max({fit, std::int64_t{kLeastReplicas}, std::int64_t{load.most_on_one}}));
}

// Names of the nodes: what was measured there is not what will run there.
std::set<std::string> ConcernedBy(const std::vector<Action>& actions) {
  std::set<std::string> nodes;
  for (const Action& action : actions) {
    std::visit(
        [&](const auto& change) {
          if constexpr (requires { std::string_view(change.node); }) nodes.insert(change.node);
          if constexpr (requires { std::string_view(change.from); }) {
            nodes.insert({change.from, change.to});
          }
        },
        action.change);
  }
  return nodes;
}

void Relieve(World& world, NodeRoom& node, const std::string& resource) {
  const ResourceKind kind = KindOf(resource);
  if (!MayShare(node, resource)) return;
  const SharedDevices devices = DevicesOf(node, kind);
  // MPS is not changed under running pods: its daemon restarts.
  if (devices.sharing != cluster::Sharing::kTimeSlicing || devices.memory.value() == 0) return;
  const Load load = LoadOf(node, kind, devices.replicas);
  if (load.held == 0) return;
  const int to = MostThatFit(load, devices.memory);
  if (to >= devices.replicas) return;
  const double each = static_cast<double>(load.used.value()) / load.held / kMiBOfGiB;
  ChangeShares(
      world, node, {.resource = resource, .choice = {devices.sharing, to}, .pods = {}},
      fmt::format("a pod there uses {:.1f} of {:.1f} GiB on average, and {} would not fit", each,
                  static_cast<double>(devices.memory.value()) / kMiBOfGiB, devices.replicas),
      Pass::kShare);
}

}  // namespace

void RelieveCards(World& world) {
  if (!world.snapshot().usage) return;
  const std::set<std::string> concerned = ConcernedBy(world.actions());
  for (NodeRoom& node : world.nodes()) {
    if (node.policy->mode == Mode::kObserve || node.policy->sharing == cluster::Sharing::kNone ||
        concerned.contains(node.name)) {
      continue;
    }
    std::vector<std::string> shared;
    for (const auto& [resource, count] : node.offers) {
      if (count > 0 && KindOf(resource).shared) shared.push_back(resource);
    }
    for (const std::string& resource : shared) Relieve(world, node, resource);
  }
}

}  // namespace tangram::plan
