// Where the memory of a shared device has no room for one more pod like those that run, the shares
// that are free go, before somebody gets one. Nobody who runs is disturbed: no fewer are left than
// pods hold.
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

// A device of the kind, and who is on it.
struct Used {
  int pods = 0;
  base::MiB memory{};  // 0: not measured
};

std::vector<Used> DevicesInUse(const NodeRoom& node, const ResourceKind& kind) {
  std::vector<Used> devices;
  for (const CardRoom& card : node.cards) {
    for (const SeatRoom& seat : card.seats) {
      if (IsOfKind(node, card, seat, kind)) devices.push_back({seat.held, seat.used});
    }
  }
  return devices;
}

// Of those that were measured, with headroom; 0: none was.
base::MiB OfOnePod(const std::vector<Used>& devices) {
  base::MiB used;
  int pods = 0;
  for (const Used& device : devices) {
    if (device.pods == 0 || device.memory.value() == 0) continue;
    used += device.memory;
    pods += device.pods;
  }
  if (pods == 0) return {};
  return used / pods + base::ShareOf(used / pods, LeakPolicy().memory_headroom);
}

// The most shares of which each may be held by a pod like those that run: no fewer than are held
// of any device (where nobody knows which one each is on, than are held together), and two at
// least, since what is shared no more has another name, and disturbs who holds it.
int MostThatFit(const NodeRoom& node, const std::vector<Used>& devices, base::MiB memory,
                base::MiB of_one) {
  int together = 0;
  int most = 0;
  for (const Used& device : devices) {
    together += device.pods;
    most = std::max(most, device.pods);
  }
  const std::int64_t fit = memory.value() / std::max<std::int64_t>(1, of_one.value());
  const std::int64_t held = node.exact ? most : together;
  return static_cast<int>(std::max({fit, std::int64_t{kLeastReplicas}, held}));
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
  const SharedDevices shared = DevicesOf(node, kind);
  // MPS is not changed under running pods: its daemon restarts.
  if (shared.sharing != cluster::Sharing::kTimeSlicing || shared.memory.value() == 0) return;
  const std::vector<Used> devices = DevicesInUse(node, kind);
  const base::MiB of_one = OfOnePod(devices);
  const auto pressed = std::find_if(devices.begin(), devices.end(), [&](const Used& device) {
    return device.pods < shared.replicas && device.memory + of_one > shared.memory;
  });
  if (of_one.value() == 0 || pressed == devices.end()) return;
  const int to = MostThatFit(node, devices, shared.memory, of_one);
  if (to >= shared.replicas) return;
  const auto gib = [](base::MiB size) {
    constexpr double kMiBOfGiB = 1024;
    return static_cast<double>(size.value()) / kMiBOfGiB;
  };
  ChangeShares(world, node, {.resource = resource, .choice = {shared.sharing, to}, .pods = {}},
               fmt::format("{:.1f} of {:.1f} GiB are used, and one more would not fit",
                           gib(pressed->memory), gib(shared.memory)),
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
