#include "plan/pool_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

// Every field that can differ, each ended by a byte that no name has.
class Content {
 public:
  void Add(std::string_view text) {
    text_ += text;
    text_ += '\0';
  }
  void Add(std::int64_t number) { Add(fmt::format("{}", number)); }
  void Add(const PodName& pod) {
    Add(pod.ns);
    Add(pod.name);
  }
  void Add(const std::vector<PlacedInstance>& layout) {
    Add(static_cast<std::int64_t>(layout.size()));
    for (const auto& [profile, start] : layout) {
      Add(profile);
      Add(start.value_or(-1));
    }
  }

  void AddChange(const PlacePod& change) { AddAll(change.pod, change.node); }
  void AddChange(const MovePod& change) { AddAll(change.pod, change.from, change.to); }
  void AddChange(const EvictPod& change) { AddAll(change.pod, change.node, change.by); }
  void AddChange(const StopPod& change) { AddAll(change.pod, change.node); }
  void AddChange(const ResizePod& change) {
    AddAll(change.pod, change.from, change.to, change.resource_before, change.resource_after);
  }
  void AddChange(const Reshare& change) {
    AddAll(change.node, static_cast<std::int64_t>(change.sharing), std::int64_t{change.from},
           std::int64_t{change.to}, change.profile);
  }
  void AddChange(const Repartition& change) {
    AddAll(change.node, std::int64_t{change.gpu}, change.from, change.to);
  }
  void AddChange(const AddNode& change) {
    AddAll(change.node, change.like, static_cast<std::int64_t>(change.capacity));
  }
  void AddChange(const GiveBack& change) { Add(std::string_view(change.node)); }

  const std::string& text() const { return text_; }

 private:
  template <class... Fields>
  void AddAll(const Fields&... fields) {
    (Add(fields), ...);
  }
  std::string text_;
};

bool HappensAtGates(const Action& action, Gates gates) {
  if (std::holds_alternative<PlacePod>(action.change)) return true;
  return gates == Gates::kPlaceAndEvict && std::holds_alternative<EvictPod>(action.change);
}

}  // namespace

const Pool* PoolNamed(const PlanPolicy& policy, std::string_view name) {
  const auto found = std::find_if(policy.pools.begin(), policy.pools.end(),
                                  [&](const Pool& pool) { return pool.name == name; });
  return found == policy.pools.end() ? nullptr : &*found;
}

PlanPolicy OnlyPool(PlanPolicy policy, std::string_view pool) {
  policy.defaults.mode = Mode::kObserve;
  for (Pool& other : policy.pools) {
    if (other.name != pool) other.policy.mode = Mode::kObserve;
  }
  return policy;
}

Plan WithoutGates(Plan plan, Gates gates) {
  std::vector<std::optional<int>> now(plan.actions.size());  // the new id; nothing: left out
  std::vector<Action> kept;
  for (Action& action : plan.actions) {
    const bool rests = std::any_of(action.needs.begin(), action.needs.end(), [&](int need) {
      return !now.at(static_cast<std::size_t>(need)).has_value();
    });
    if (rests || HappensAtGates(action, gates)) continue;
    now.at(static_cast<std::size_t>(action.id)) = static_cast<int>(kept.size());
    action.id = static_cast<int>(kept.size());
    for (int& need : action.needs) need = *now.at(static_cast<std::size_t>(need));
    kept.push_back(std::move(action));
  }
  plan.actions = std::move(kept);
  return plan;
}

PoolPlan MakePoolPlan(const cluster::Snapshot& snapshot, const PlanPolicy& policy,
                      std::string_view pool, const PassDone& done) {
  const PlanPolicy only = OnlyPool(policy, pool);
  Plan plan = MakePlan(snapshot, only, done);
  std::vector<std::string> wrong = Validate(plan, snapshot, only);
  const Pool* of = PoolNamed(policy, pool);
  const bool by_itself = of != nullptr && of->policy.mode == Mode::kAuto;
  return {WithoutGates(std::move(plan), by_itself ? Gates::kPlaceAndEvict : Gates::kPlace),
          std::move(wrong)};
}

std::string DigestOf(const Plan& plan) {
  Content content;
  for (const Action& action : plan.actions) {
    content.Add(static_cast<std::int64_t>(action.change.index()));
    std::visit([&](const auto& change) { content.AddChange(change); }, action.change);
    for (const int need : action.needs) content.Add(std::int64_t{need});
  }
  constexpr std::size_t kDigits = 16;
  return base::Sha256Hex(content.text()).substr(0, kDigits);
}

}  // namespace tangram::plan
