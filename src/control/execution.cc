#include "control/execution.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cluster/named.h"
#include "plan/action_state.h"
#include "plan/leaks/judge.h"

namespace tangram::control {
namespace {

using plan::ActionRecord;
using Kind = plan::ActionState::Kind;
using State = ActionRecord::State;

constexpr std::string_view kPinned =
    "its owner pinned the pod (do-not-disrupt, safe-to-evict=false)";

// The pod that goes; nullptr: the change is about no pod, or is not carried out here.
const plan::PodName* PodThatGoes(const plan::Change& change) {
  if (const auto* move = std::get_if<plan::MovePod>(&change)) return &move->pod;
  if (const auto* evict = std::get_if<plan::EvictPod>(&change)) return &evict->pod;
  return nullptr;
}

class Stepper {
 public:
  Stepper(const plan::Proposal& plan, const ExecutionDeps& deps, Begin begin,
          const ExecutionOptions& options, base::Time now)
      : plan_(plan),
        snapshot_(deps.snapshot),
        pool_(deps.pool),
        operations_(deps.operations),
        states_(plan::StatesOf(plan.plan, plan.taken_at, deps.snapshot)),
        begin_(begin),
        options_(options),
        now_(now) {
    for (const ActionRecord& record : plan.records) records_.emplace(record.id, record);
    running_ =
        std::count_if(plan.records.begin(), plan.records.end(), [&](const ActionRecord& record) {
          return record.state == State::kRunning && !record.pod_uid.empty();
        });
  }

  ExecutionStep Step() && {
    for (const plan::Action& action : plan_.plan.actions) {
      const auto record = records_.find(action.id);
      if (record == records_.end()) {
        LookAtOpen(action);
      } else if (record->second.state == State::kRunning) {
        plan::NodeToOperate(action.change) != nullptr ? LookAtOperated(action, record->second)
                                                      : LookAtRunning(action, record->second);
      }
    }
    for (const Cuts& cuts : cuts_) BeginOperation(cuts);
    for (auto& [id, record] : records_) {
      Count(record.state);
      step_.records.push_back(std::move(record));
    }
    return std::move(step_);
  }

 private:
  void LookAtOpen(const plan::Action& action) {
    const plan::ActionState& state = states_.at(static_cast<std::size_t>(action.id));
    if (state.kind == Kind::kDone) return End(action.id, State::kDone, state.why);
    if (state.kind == Kind::kObsolete) return End(action.id, State::kSkipped, state.why);
    bool all_done = true;
    for (const int need : action.needs) {
      const auto needed = records_.find(need);
      if (needed == records_.end() || needed->second.state == State::kRunning) {
        all_done = false;
      } else if (needed->second.state != State::kDone) {
        return End(action.id, State::kSkipped, fmt::format("it needs action {}", need));
      }
    }
    if (all_done && !IsCarriedOut(action.change)) {
      ++step_.for_people;
    } else if (plan::NodeToOperate(action.change) != nullptr && IsCarriedOut(action.change)) {
      Cuts& cuts = CutsWith(action);
      cuts.actions.push_back(action.id);
      cuts.all_ready = cuts.all_ready && all_done;
    } else if (all_done && begin_ == Begin::kYes && running_ < options_.most_at_once) {
      const cluster::Pod* pod = PodNamed(*PodThatGoes(action.change));
      if (plan::IsPinned(*pod)) return End(action.id, State::kSkipped, std::string(kPinned));
      ++running_;
      records_[action.id] = {.id = action.id, .started_at = now_, .pod_uid = pod->uid};
    } else {
      ++step_.waiting;
    }
  }

  const cluster::Pod* PodNamed(const plan::PodName& name) const {
    return cluster::PodNamed(snapshot_, name.ns, name.name);
  }

  bool IsCarriedOut(const plan::Change& change) const {
    return PodThatGoes(change) != nullptr || operations_.CarriesOut(pool_, change);
  }

  // All cards of a node are cut at once: once nothing else has to be done before any of them. How
  // devices are shared changes kind by kind.
  struct Cuts {
    const plan::Change* change = nullptr;  // the first one
    std::vector<int> actions{};
    bool all_ready = true;
  };

  Cuts& CutsWith(const plan::Action& action) {
    const auto* cut = std::get_if<plan::Repartition>(&action.change);
    const auto same = std::find_if(cuts_.begin(), cuts_.end(), [&](const Cuts& cuts) {
      const auto* other = std::get_if<plan::Repartition>(cuts.change);
      return cut != nullptr && other != nullptr && other->node == cut->node;
    });
    return same != cuts_.end() ? *same : cuts_.emplace_back(Cuts{.change = &action.change});
  }

  void BeginOperation(const Cuts& cuts) {
    using Ready = Operations::Readiness::Kind;
    Operations::Readiness ready{.kind = Ready::kLater};
    const std::string& node = *plan::NodeToOperate(*cuts.change);
    if (cuts.all_ready && begin_ == Begin::kYes && !busy_.contains(node)) {
      ready = operations_.MayBegin(pool_, *cuts.change, now_);
      at_work_ += ready.kind == Ready::kNow ? 1 : 0;
      if (at_work_ > pool_.most_recut_nodes.value_or(at_work_)) ready.kind = Ready::kLater;
    }
    if (ready.kind == Ready::kNow) busy_.insert(node);
    for (const int id : cuts.actions) {
      if (ready.kind == Ready::kNever) {
        End(id, State::kFailed, ready.why);
      } else if (ready.kind == Ready::kNow) {
        records_[id] = {.id = id, .started_at = now_};
      } else {
        ++step_.waiting;
        if (step_.waits_for.empty()) step_.waits_for = ready.why;
      }
    }
  }

  // How its operation ended, which has read it back; without one it is asked for.
  void LookAtOperated(const plan::Action& action, const ActionRecord& record) {
    const int id = action.id;
    const std::string& node = *plan::NodeToOperate(action.change);
    const plan::NodeOperation* operation = operations_.Of(plan_, action);
    if (operation == nullptr) {
      const plan::ActionState& state = states_.at(static_cast<std::size_t>(id));
      if (state.kind == Kind::kDone) return End(id, State::kDone, state.why);
      if (state.kind == Kind::kObsolete) return End(id, State::kSkipped, state.why);
      if (std::string why = operations_.WhyRefused(plan_, action); !why.empty()) {
        return End(id, State::kFailed, std::move(why));
      }
      if (now_ - record.started_at.value_or(now_) >= options_.action_limit) {
        return End(id, State::kFailed,
                   "its NodeOperation could not be made; look at the controller's log");
      }
      busy_.insert(node);
      step_.operate[node].push_back(id);
      return;
    }
    const cluster::Condition* end = plan::EndOf(*operation);
    if (end == nullptr) {
      busy_.insert(node);
      return;
    }
    const bool done = end->type == "Done";
    const bool taken = end->reason == kTakenMeanwhile;
    End(id,
        done    ? State::kDone
        : taken ? State::kSkipped
                : State::kFailed,
        fmt::format("NodeOperation {}: {}", operation->name, end->message));
  }

  // Its pod is gone, or is asked to go.
  void LookAtRunning(const plan::Action& action, ActionRecord& record) {
    const plan::PodName* name = PodThatGoes(action.change);
    const cluster::Pod* pod = name == nullptr ? nullptr : PodNamed(*name);
    if (pod == nullptr || pod->uid != record.pod_uid || !cluster::HoldsDevices(*pod)) {
      return End(action.id, State::kDone, "the pod was evicted");
    }
    if (plan::IsPinned(*pod)) return End(action.id, State::kSkipped, std::string(kPinned));
    if (now_ - record.started_at.value_or(now_) >= options_.action_limit) {
      return End(action.id, State::kFailed,
                 "the pod was not evicted in time; look at its PodDisruptionBudget and finalizers");
    }
    step_.evict.push_back(
        {{pod->ns, pod->name, pod->uid}, fmt::format("GpuPlan {}: {}", plan_.name, action.reason)});
  }

  void End(int id, State state, std::string message) {
    ActionRecord& record = records_[id];
    record.id = id;
    record.state = state;
    record.finished_at = now_;
    record.message = std::move(message);
  }

  void Count(State state) {
    step_.running += state == State::kRunning ? 1 : 0;
    step_.done += state == State::kDone ? 1 : 0;
    step_.failed += state == State::kFailed ? 1 : 0;
    step_.skipped += state == State::kSkipped ? 1 : 0;
  }

  const plan::Proposal& plan_;
  const cluster::Snapshot& snapshot_;
  const plan::Pool& pool_;
  const Operations& operations_;
  const std::vector<plan::ActionState> states_;
  const Begin begin_;
  const ExecutionOptions& options_;
  const base::Time now_;
  std::map<int, ActionRecord> records_;
  std::int64_t running_ = 0;    // evictions
  int at_work_ = 0;             // operations that begin in this step
  std::vector<Cuts> cuts_;      // that have not begun
  std::set<std::string> busy_;  // nodes that one of its operations is at
  ExecutionStep step_;
};

}  // namespace

ExecutionStep NextStep(const plan::Proposal& plan, const ExecutionDeps& deps, Begin begin,
                       const ExecutionOptions& options, base::Time now) {
  return Stepper(plan, deps, begin, options, now).Step();
}

}  // namespace tangram::control
