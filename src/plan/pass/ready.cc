// Instances that nobody asks for yet are made where a pool keeps some ready, or expects to need
// them: in room that nobody holds, and nobody moves for them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time_text.h"
#include "plan/forecast/wanted.h"
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

using Histories = std::map<PoolProfile, DemandHistory>;

// The instances of one pool.
class ReadyPool {
 public:
  ReadyPool(World& world, const Pool& pool) : world_(world), pool_(pool), cuts_(world) {}

  void Run(const Histories& histories) {
    const base::Time now = world_.snapshot().taken_at;
    for (const ReadyInstances& ready : pool_.ready) {
      if (!OpensAt(ready.hours, now)) StandIn(ready);
    }
    if (pool_.forecast) Expect(histories, *pool_.forecast, now);
    if (wants_.empty()) return;
    InstanceFleet fleet(world_, cuts_, wants_);
    for (mig::FleetCard& card : fleet.fleet().cards) {
      for (mig::HeldInstance& held : card.held) held.moves_to.reset();
    }
    TakeOutWhatIsThere(fleet);
    Make(fleet, mig::PlanTransition(fleet.fleet()));
  }

 private:
  // What is expected beyond what pods hold once this plan is done, and beyond what is kept anyway.
  void Expect(const Histories& histories, const ReadyOptions& options, base::Time now) {
    for (const auto& [of, history] : histories) {
      const std::string resource = ResourceOf(of.profile);
      if (of.pool != pool_.name || resource.empty() || !IsAllowed(of.profile)) continue;
      const Forecast expected = ReadyAt(history, now, options);
      if (expected.basis == Basis::kNone) continue;
      const auto kept = std::count_if(wants_.begin(), wants_.end(), [&](const auto* pod) {
        return pod->devices.front().name == resource;
      });
      const auto [held, most] = HeldOf(resource);
      const std::int64_t more = std::min(expected.count, most) - held - kept;
      if (more <= 0) continue;
      StandIn({.profile = of.profile, .free = static_cast<int>(more)});
      expected_ +=
          fmt::format("{}{} of {}", expected_.empty() ? "" : ", ", expected.count, of.profile);
      least_promise_ = std::min(least_promise_, expected.promise);
    }
  }

  bool IsAllowed(const std::string& profile) const {
    const std::vector<std::string>& allowed = pool_.policy.profiles;
    return allowed.empty() || std::find(allowed.begin(), allowed.end(), profile) != allowed.end();
  }

  struct Held {
    std::int64_t held = 0;
    std::int64_t most = 0;  // that there could be, if every card were cut for it
  };
  Held HeldOf(const std::string& resource) const {
    Held all;
    for (const NodeRoom& node : world_.nodes()) {
      if (!IsOfPool(node)) continue;
      all.held += CountIn(node.offers, resource) - CountIn(node.free, resource);
      all.most += CouldOffer(node, resource);
    }
    return all;
  }

  std::string Reason() const {
    if (expected_.empty()) return "kept ready for new pods";
    const auto until = std::chrono::floor<std::chrono::minutes>(world_.snapshot().taken_at +
                                                                pool_.forecast->ahead);
    return fmt::format("{} expected until {} ({} % sure)", expected_, base::FormatTime(until),
                       least_promise_.value() / 10'000);
  }

  // Pods that would get them, and need nothing else.
  void StandIn(const ReadyInstances& ready) {
    cluster::Pod& pod = stand_ins_.emplace_back();
    pod.priority = -static_cast<int>(stand_ins_.size());
    pod.node_selector = pool_.selector;
    pod.tolerations = {{.key = "", .op = "Exists", .value = "", .effect = ""}};
    pod.devices = {{ResourceOf(ready.profile), 1}};
    wants_.insert(wants_.end(), static_cast<std::size_t>(ready.free), &pod);
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
    for (std::size_t w = 0; w < wants_.size(); ++w) {
      const std::string& resource = wants_[w]->devices.front().name;
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
      cuts_.Act(node, card, Reason(), Pass::kReady);
    }
    for (const auto& place : transition.answer.served) {
      if (place) world_.nodes()[fleet.card(place->card).node].kept = true;
    }
    const auto wanted = std::ssize(wants_) - there_;
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
  std::deque<cluster::Pod> stand_ins_;      // one an entry, of earlier ones more urgent
  std::vector<const cluster::Pod*> wants_;  // of these, as many as are wanted
  std::int64_t there_ = 0;                  // of these, those for whom one is free already
  std::string expected_;                    // "12 of 1g.5gb", beyond what is held
  base::PartsPerMillion least_promise_{1'000'000};
};

}  // namespace

void KeepReady(World& world) {
  std::optional<Histories> histories;
  for (const Pool& pool : world.policy().pools) {
    if (pool.policy.mode == Mode::kObserve || (pool.ready.empty() && !pool.forecast)) continue;
    if (!histories) histories = HistoriesOf(world.snapshot());
    ReadyPool(world, pool).Run(*histories);
  }
}

}  // namespace tangram::plan
