// Urgent pods that still wait take the room of less urgent ones, where that is allowed.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "plan/pass/gang_domains.h"
#include "plan/pass/movable.h"
#include "plan/pass/passes.h"
#include "plan/pass/willing.h"

namespace tangram::plan {
namespace {

using Pods = std::vector<const cluster::Pod*>;

// What goes together: one pod, or all that run of a gang.
struct Unit {
  Pods pods{};
  int priority = 0;  // of the most urgent
};

// What a pod lacks on a node, in the order: CPU, memory, its devices.
using Amounts = std::vector<std::int64_t>;

bool IsNothing(const Amounts& missing) {
  return std::all_of(missing.begin(), missing.end(),
                     [](std::int64_t amount) { return amount <= 0; });
}

// Who goes from which nodes, and which node is for the pod then.
struct Choice {
  std::size_t node = 0;
  std::vector<const Unit*> units{};
  // Least urgent victims first, then the fewest, the smallest, the youngest.
  std::tuple<int, std::size_t, std::int64_t, base::Time> cost{};
};

struct Step {
  const cluster::Pod* pod = nullptr;
  std::size_t node = 0;
  Pods victims{};
};

class Preemption {
 public:
  explicit Preemption(World& world)
      : world_(world), movable_(world.movable()), willing_(NodesOf(world)), domains_(world) {
    for (std::size_t n = 0; n < world.nodes().size(); ++n) by_name_[world.nodes()[n].name] = n;
    for (const cluster::PriorityClass& known : world.snapshot().priority_classes) {
      if (!known.preempts) never_.insert(known.name);
    }
    FindUnits();
  }

  void Run() {
    if (units_.empty()) return;
    // What is evicted waits, too, behind those that are more urgent.
    for (std::size_t i = 0; i < world_.demand().size();) {
      if (!Serve(*world_.demand()[i])) ++i;
    }
  }

 private:
  // ---- who may be evicted ----

  bool IsTogether(const cluster::Pod& pod) const { return !world_.gangs().Of(pod).name.empty(); }

  void FindUnits() {
    std::map<GangKey, Pods> gangs;
    for (const NodeRoom& node : world_.nodes()) {
      for (const cluster::Pod* pod : node.pods) {
        if (IsTogether(*pod)) gangs[GangKeyOf(*pod)].push_back(pod);
      }
    }
    for (const NodeRoom& node : world_.nodes()) {
      for (const cluster::Pod* pod : node.pods) {
        if (!IsTogether(*pod)) AddUnit({pod});
      }
    }
    for (auto& [name, pods] : gangs) AddUnit(std::move(pods));
    on_.resize(world_.nodes().size());
    for (const Unit& unit : units_) {
      std::set<std::size_t> nodes;
      for (const cluster::Pod* pod : unit.pods) nodes.insert(by_name_.at(pod->node));
      for (const std::size_t node : nodes) on_[node].push_back(&unit);
    }
  }

  void AddUnit(Pods pods) {
    const bool all = std::all_of(pods.begin(), pods.end(), [&](const cluster::Pod* pod) {
      const auto node = by_name_.find(pod->node);
      return node != by_name_.end() && world_.nodes()[node->second].policy->preempt &&
             !world_.IsReplacement(*pod) && !world_.WasMoved(*pod) && IsEvictable(*pod);
    });
    if (!all || !movable_.IsWithinBudgets(pods)) return;
    int priority = pods.front()->priority;
    for (const cluster::Pod* pod : pods) priority = std::max(priority, pod->priority);
    units_.push_back({std::move(pods), priority});
  }

  bool MayPreempt(const cluster::Pod& pod) const {
    return pod.can_preempt && !never_.contains(pod.priority_class);
  }

  // ---- one pod, or one gang ----

  bool Serve(const cluster::Pod& pod) {
    Pods gang = {&pod};
    if (IsTogether(pod)) {
      const auto& demand = world_.demand();
      const auto groups = GangsOf(demand, world_.gangs());
      gang = *std::find_if(groups.begin(), groups.end(), [&](const Gang& group) {
        return std::find(group.begin(), group.end(), &pod) != group.end();
      });
      if (gang.front() != &pod) return false;  // it was tried with the first of them
    }
    const auto steps = IsBound(gang) ? StepsTogether(gang) : StepsFor(gang, nullptr);
    for (const Step& step : steps) Say(step);
    return !steps.empty();
  }

  // In the nearest domains in which all of them get room, where that costs least.
  std::vector<Step> StepsTogether(const Gang& gang) {
    std::vector<Step> best;
    for (const std::vector<Domain>& group : domains_.For(gang)) {
      for (const Domain& domain : group) {
        auto steps = StepsFor(gang, &domain);
        const bool better = best.empty() || CostOf(steps) < CostOf(best);
        if (!steps.empty() && better) best = std::move(steps);
      }
      if (!best.empty()) break;
    }
    return best;
  }

  // One a pod, on nodes of `within` (null: on any); none where one of them gets no room.
  std::vector<Step> StepsFor(const Gang& gang, const Domain* within) {
    std::vector<Step> steps;
    for (const cluster::Pod* member : gang) {
      auto step = StepFor(*member, within);
      if (!step) break;
      Apply(*step);
      steps.push_back(*std::move(step));
    }
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) Undo(*step);
    if (steps.size() < gang.size()) steps.clear();
    return steps;
  }

  std::vector<std::size_t> NodesFor(const cluster::Pod& pod, const Domain* within) {
    std::vector<std::size_t> nodes = willing_.For(pod).now;
    if (within != nullptr) {
      std::erase_if(nodes, [&](std::size_t n) {
        return !std::binary_search(within->nodes.begin(), within->nodes.end(), n);
      });
    }
    return nodes;
  }

  std::optional<Step> StepFor(const cluster::Pod& pod, const Domain* within) {
    if (!MayPreempt(pod) || units_.empty()) return std::nullopt;
    const std::string words = WordsOf(pod);
    const auto failed = failed_.find(words);
    if (failed != failed_.end() && failed->second >= pod.priority) return std::nullopt;
    const std::vector<std::size_t> nodes = NodesFor(pod, within);
    // Something may have become free since it was last tried.
    for (const std::size_t n : nodes) {
      if (Fits(world_.nodes()[n], pod)) return Step{&pod, n, {}};
    }
    std::set<std::size_t> excluded;
    while (const auto choice = Best(pod, nodes, excluded)) {
      Step step{&pod, choice->node, {}};
      for (const Unit* unit : choice->units) {
        step.victims.insert(step.victims.end(), unit->pods.begin(), unit->pods.end());
      }
      Pods together = pending_;
      together.insert(together.end(), step.victims.begin(), step.victims.end());
      if (movable_.IsWithinBudgets(together) && FitsWithout(step)) return step;
      excluded.insert(choice->node);
    }
    const bool anywhere = within == nullptr && !world_.neighbours().Concern(pod);
    if (anywhere) failed_[words] = pod.priority;
    return std::nullopt;
  }

  // ---- the victims ----

  std::optional<Choice> Best(const cluster::Pod& pod, const std::vector<std::size_t>& nodes,
                             const std::set<std::size_t>& excluded) const {
    std::optional<Choice> best;
    for (const std::size_t n : nodes) {
      if (excluded.contains(n) || world_.nodes()[n].given_back) continue;
      auto choice = VictimsOn(n, pod);
      if (choice && (!best || choice->cost < best->cost)) best = std::move(choice);
    }
    return best;
  }

  static Amounts MissingOn(const NodeRoom& node, const cluster::Pod& pod) {
    Amounts missing = {(pod.cpu - node.cpu).value(), (pod.memory - node.memory).value()};
    for (const auto& [resource, count] : pod.devices) {
      missing.push_back(count - CountIn(node.free, resource));
    }
    return missing;
  }

  // What the unit holds on the node of what `pod` asks for.
  Amounts HeldBy(const Unit& unit, std::size_t node, const cluster::Pod& pod) const {
    Amounts held(2 + pod.devices.size());
    for (const cluster::Pod* victim : unit.pods) {
      if (by_name_.at(victim->node) != node) continue;
      held[0] += victim->cpu.value();
      held[1] += victim->memory.value();
      for (std::size_t i = 0; i < pod.devices.size(); ++i) {
        held[2 + i] += cluster::CountOf(victim->devices, pod.devices[i].name);
      }
    }
    return held;
  }

  // Least urgent first; of those what gives most of what is missing, and loses least.
  std::optional<Choice> VictimsOn(std::size_t n, const cluster::Pod& pod) const {
    Amounts missing = MissingOn(world_.nodes()[n], pod);
    using Order = std::tuple<int, std::int64_t, std::int64_t, base::Time, PodName>;
    std::vector<std::tuple<Order, const Unit*, Amounts>> units;
    for (const Unit* unit : on_[n]) {
      if (unit->priority >= pod.priority || gone_.contains(unit)) continue;
      Amounts held = HeldBy(*unit, n, pod);
      std::int64_t gives = 0;
      for (std::size_t i = 0; i < held.size(); ++i) {
        if (missing[i] > 0) gives += 1000 * std::min(held[i], missing[i]) / missing[i];
      }
      if (gives == 0) continue;
      const Order order{unit->priority, -gives, DevicesOf({unit}), Negative(AgeOf({unit})),
                        NameOf(*unit->pods.front())};
      units.emplace_back(order, unit, std::move(held));
    }
    std::sort(units.begin(), units.end());
    const auto take = [&](const Amounts& held, std::int64_t sign) {
      for (std::size_t i = 0; i < held.size(); ++i) missing[i] -= sign * held[i];
    };
    std::size_t count = 0;
    for (; count < units.size() && !IsNothing(missing); ++count) take(std::get<2>(units[count]), 1);
    if (!IsNothing(missing)) return std::nullopt;
    Choice choice{.node = n};
    while (count > 0) {  // the most urgent stay where the others are enough
      const auto& [order, unit, held] = units[--count];
      take(held, -1);
      if (IsNothing(missing)) continue;
      take(held, 1);
      choice.units.push_back(unit);
    }
    if (choice.units.empty()) return std::nullopt;
    std::reverse(choice.units.begin(), choice.units.end());
    choice.cost = CostOf(choice.units);
    return choice;
  }

  static std::int64_t DevicesOf(const std::vector<const Unit*>& units) {
    std::int64_t devices = 0;
    for (const Unit* unit : units) {
      for (const cluster::Pod* pod : unit->pods) devices += DevicesAsked(*pod);
    }
    return devices;
  }

  // When the oldest of them was made.
  static base::Time AgeOf(const std::vector<const Unit*>& units) {
    base::Time oldest = base::Time::max();
    for (const Unit* unit : units) {
      for (const cluster::Pod* pod : unit->pods) oldest = std::min(oldest, pod->created_at);
    }
    return oldest;
  }

  // Turns the order of times around.
  static base::Time Negative(base::Time time) { return base::Time(-time.time_since_epoch()); }

  static decltype(Choice::cost) CostOf(const std::vector<const Unit*>& units) {
    int priority = units.front()->priority;
    std::size_t pods = 0;
    for (const Unit* unit : units) {
      priority = std::max(priority, unit->priority);
      pods += unit->pods.size();
    }
    return {priority, pods, DevicesOf(units), Negative(AgeOf(units))};
  }

  // Less than any other where nobody has to go.
  decltype(Choice::cost) CostOf(const std::vector<Step>& steps) const {
    std::set<const Unit*> units;
    for (const Step& step : steps) {
      for (const cluster::Pod* victim : step.victims) units.insert(UnitOf(*victim));
    }
    if (units.empty()) return {std::numeric_limits<int>::min(), 0, 0, base::Time::min()};
    return CostOf(std::vector<const Unit*>(units.begin(), units.end()));
  }

  // ---- trying and doing ----

  NodeRoom& NodeOf(const cluster::Pod& victim) { return world_.nodes()[by_name_.at(victim.node)]; }

  bool FitsWithout(const Step& step) {
    for (const cluster::Pod* victim : step.victims) world_.Take(NodeOf(*victim), *victim);
    const bool fits = Fits(world_.nodes()[step.node], *step.pod);
    for (const cluster::Pod* victim : step.victims) world_.Put(NodeOf(*victim), *victim);
    return fits;
  }

  void Apply(const Step& step) {
    for (const cluster::Pod* victim : step.victims) {
      world_.Take(NodeOf(*victim), *victim);
      gone_.insert(UnitOf(*victim));
      pending_.push_back(victim);
    }
    world_.Put(world_.nodes()[step.node], *step.pod);
  }

  void Undo(const Step& step) {
    world_.Take(world_.nodes()[step.node], *step.pod);
    for (const cluster::Pod* victim : step.victims) {
      world_.Put(NodeOf(*victim), *victim);
      gone_.erase(UnitOf(*victim));
      pending_.pop_back();
    }
  }

  const Unit* UnitOf(const cluster::Pod& victim) const {
    const auto& units = on_[by_name_.at(victim.node)];
    return *std::find_if(units.begin(), units.end(), [&](const Unit* unit) {
      return std::find(unit->pods.begin(), unit->pods.end(), &victim) != unit->pods.end();
    });
  }

  void Say(const Step& step) {
    for (const cluster::Pod* victim : step.victims) {
      gone_.insert(UnitOf(*victim));
      world_.Evict(NodeOf(*victim), *victim, *step.pod);
    }
    movable_.Moved(step.victims);
    std::string reason = "it fits there now";
    if (step.victims.size() == 1) reason = "a less urgent pod makes room";
    if (step.victims.size() > 1) {
      reason = fmt::format("{} less urgent pods make room", step.victims.size());
    }
    world_.Place(Pass::kPreempt, world_.nodes()[step.node], *step.pod, std::move(reason));
    failed_.clear();
  }

  World& world_;
  Movable& movable_;
  WillingNodes willing_;
  GangDomains domains_;
  std::map<std::string_view, std::size_t> by_name_;  // of nodes
  std::set<std::string_view> never_;                 // priority classes that do not preempt
  std::deque<Unit> units_;
  std::vector<std::vector<const Unit*>> on_;  // by node
  std::set<const Unit*> gone_;
  Pods pending_;                       // of the gang that is tried
  std::map<std::string, int> failed_;  // by what pods ask for: up to which priority in vain
};

}  // namespace

void Preempt(World& world) {
  if (!world.SomePolicy([](const NodePolicy& policy) { return policy.preempt; })) return;
  Preemption(world).Run();
}

}  // namespace tangram::plan
