// Instances that nobody asks for yet are made where a pool keeps some ready: in room that nobody
// holds, and nobody moves for them.
#include <fmt/format.h>

#include <deque>
#include <map>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "plan/mig/steps.h"
#include "plan/pass/cut.h"
#include "plan/pass/fleet.h"
#include "plan/pass/passes.h"

namespace tangram::plan {
namespace {

// As the device plugin names its resource; empty: no model has it.
std::string ResourceOf(const std::string& profile) {
  for (const gpu::Model& model : gpu::Models()) {
    const gpu::MigProfile* known = gpu::ProfileNamed(model, profile);
    if (known != nullptr) return gpu::ResourceNameOf(*known);
  }
  return "";
}

// The instances of one pool.
class ReadyPool {
 public:
  ReadyPool(World& world, const Pool& pool) : world_(world), pool_(pool), cuts_(world) {}

  void Run() {
    for (std::size_t i = 0; i < pool_.ready.size(); ++i) {
      if (!OpensAt(pool_.ready[i].hours, world_.snapshot().taken_at)) StandIn(pool_.ready[i], i);
    }
    if (stand_ins_.empty()) return;
    std::vector<const cluster::Pod*> wants;
    for (const cluster::Pod& pod : stand_ins_) wants.push_back(&pod);
    InstanceFleet fleet(world_, cuts_, wants);
    for (mig::FleetCard& card : fleet.fleet().cards) {
      for (mig::HeldInstance& held : card.held) held.moves_to.reset();
    }
    TakeOutWhatIsThere(fleet);
    Make(fleet, mig::PlanTransition(fleet.fleet()));
  }

 private:
  // Pods that would get them, and need nothing else.
  void StandIn(const ReadyInstances& ready, std::size_t rank) {
    cluster::Pod pod;
    pod.priority = -static_cast<int>(rank);
    pod.node_selector = pool_.selector;
    pod.tolerations = {{.key = "", .op = "Exists", .value = "", .effect = ""}};
    pod.devices = {{ResourceOf(ready.profile), 1}};
    stand_ins_.insert(stand_ins_.end(), static_cast<std::size_t>(ready.free), pod);
  }

  bool IsOfPool(const NodeRoom& node) const {
    return node.pool == &pool_ && !node.given_back && !node.is_added();
  }

  // What is free on cards that are not of the fleet.
  void TakeOutWhatIsThere(InstanceFleet& fleet) {
    std::map<std::string, std::int64_t> there;
    for (const NodeRoom& node : world_.nodes()) {
      if (!IsOfPool(node)) continue;
      for (const auto& [resource, count] : node.free) there[resource] += count;
    }
    const auto& cards = fleet.fleet().cards;
    for (std::size_t c = 0; c < cards.size(); ++c) {
      if (!IsOfPool(world_.nodes()[fleet.card(c).node])) continue;
      for (const gpu::Occupied& at : cards[c].free) --there[gpu::ResourceNameOf(*at.profile)];
    }
    for (std::size_t w = 0; w < stand_ins_.size(); ++w) {
      const std::string& resource = stand_ins_[w].devices.front().name;
      if (there[resource]-- <= 0) continue;
      fleet.fleet().wants[w].request.clear();
      ++there_;
      KeepNodesWith(resource);
    }
  }

  void KeepNodesWith(const std::string& resource) {
    for (NodeRoom& node : world_.nodes()) {
      if (IsOfPool(node) && CountIn(node.free, resource) > 0) node.kept = true;
    }
  }

  void Make(const InstanceFleet& fleet, const mig::Transition& transition) {
    for (const mig::Step& step : transition.steps.steps) {
      const auto* set = std::get_if<mig::SetLayout>(&step);
      if (set == nullptr) continue;
      const auto [node, card] = fleet.card(set->card);
      cuts_.Recut(node, card, set->instances);
      cuts_.Act(node, card, "kept ready for new pods", Pass::kReady);
    }
    for (const auto& place : transition.answer.served) {
      if (place) world_.nodes()[fleet.card(place->card).node].kept = true;
    }
    const auto wanted = std::ssize(stand_ins_) - there_;
    const std::int64_t missing = wanted - CountOf(transition.answer.totals);
    if (missing == 0) return;
    world_.Certify({fmt::format("instances that GpuPool {} should keep ready", pool_.name), missing,
                    wanted - CountOf(transition.answer.bound)});
  }

  static std::int64_t CountOf(const mig::FleetTotals& totals) {
    return std::accumulate(totals.served.begin(), totals.served.end(), std::int64_t{0},
                           [](std::int64_t all, const auto& one) { return all + one.second; });
  }

  World& world_;
  const Pool& pool_;
  Cuts cuts_;
  std::deque<cluster::Pod> stand_ins_;  // by entry
  std::int64_t there_ = 0;              // of them
};

}  // namespace

void KeepReady(World& world) {
  for (const Pool& pool : world.policy().pools) {
    if (pool.ready.empty() || pool.policy.mode == Mode::kObserve) continue;
    ReadyPool(world, pool).Run();
  }
}

}  // namespace tangram::plan
