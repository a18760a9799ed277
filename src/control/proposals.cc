#include "control/proposals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "plan/action_state.h"

namespace tangram::control {
namespace {

using cluster::Condition;
using plan::Mode;
using plan::Proposal;

base::Time OverSince(const Proposal& plan) {
  base::Time since = plan.created_at;
  for (const char* type : {"Done", "Failed", "Superseded"}) {
    const Condition* condition = cluster::ConditionOf(plan.conditions, type);
    if (condition != nullptr && condition->holds) since = std::max(since, condition->since);
  }
  return since;
}

// "2 done, 1 under way"; what there is none of is left out.
std::string Sum(const ExecutionStep& step) {
  std::string text;
  const auto add = [&](int count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(step.done, "done");
  add(step.running, "under way");
  add(step.for_people, "for people to do");
  add(step.waiting, "waiting for others");
  add(step.skipped, "skipped");
  add(step.failed, "failed");
  if (!step.waits_for.empty()) text += "; not begun yet: " + step.waits_for;
  return text;
}

// `opens`: the pool's next window; absent: one is open.
void SayHowFar(Proposal& plan, const ExecutionStep& step, std::optional<base::Time> opens,
               base::Time now) {
  std::string sum = Sum(step);
  const bool shut = opens && step.running == 0 && step.waiting > 0;
  if (shut) sum += fmt::format("; the pool's next window opens at {}", base::FormatTime(*opens));
  const auto say = [&](std::string type, bool holds, std::string reason) {
    cluster::Say(
        plan.conditions,
        {.type = std::move(type), .holds = holds, .reason = std::move(reason), .message = sum},
        now);
  };
  if (!step.over()) {
    const bool idle = step.running + step.waiting == 0;
    if (shut) return say("Executing", true, "WaitsForWindow");
    return say("Executing", true, idle ? "WaitsForPeople" : "ActionsUnderWay");
  }
  const bool failed = step.failed > 0;
  say("Executing", false, failed ? "ActionFailed" : "AllActionsDone");
  say(failed ? "Failed" : "Done", true, failed ? "ActionFailed" : "AllActionsDone");
}

// When more may have to be ready than now; nothing: never, or nobody knows.
std::optional<base::Time> NextHours(const plan::Pool& pool, base::Time now) {
  std::optional<base::Time> next;
  if (pool.forecast) next = plan::NextReadyAt(now, *pool.forecast);
  for (const plan::ReadyInstances& ready : pool.ready) {
    const auto opens = plan::OpensAt(ready.hours, now);
    if (opens && *opens < base::Time::max()) next = std::min(next.value_or(*opens), *opens);
  }
  return next;
}

base::Milliseconds Doubled(base::Milliseconds wait, int failures, base::Milliseconds most) {
  for (int i = 1; i < failures && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

}  // namespace

// ---- what the cluster has ----

void Proposals::Set(Proposal plan) {
  Entry& entry = entries_[plan.name];
  if (entry.written_here && entry.plan.uid == plan.uid) {
    plan.records = std::move(entry.plan.records);
    plan.conditions = std::move(entry.plan.conditions);
  } else if (entry.plan.uid != plan.uid) {
    entry = {};
  }
  if (plan.generation != entry.plan.generation) entry.not_before = {};  // what we waited for
  entry.plan = std::move(plan);
}

void Proposals::Remove(const std::string& name) {
  const auto gone = entries_.find(name);
  if (gone == entries_.end()) return;
  pools_[gone->second.plan.pool].planned_at.reset();  // another is due, though nothing changed
  entries_.erase(gone);
}

void Proposals::KeepOnly(const std::set<std::string>& names) {
  std::vector<std::string> gone;
  for (const auto& [name, entry] : entries_) {
    if (!names.contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) Remove(name);
}

void Proposals::Reset() {
  for (auto& [name, entry] : entries_) {
    entry = Entry{.plan = std::move(entry.plan)};
  }
  pools_.clear();
  asked_.clear();
  next_due_.reset();
}

// ---- plans ----

void Proposals::Measured() {
  has_usage_come_ = true;
  for (auto& [name, state] : pools_) state.planned_at.reset();
}

void Proposals::Planned(const std::string& pool, plan::PoolPlan made, base::Time now) {
  ordered_.reset();
  const auto found = pools_.find(pool);
  if (found == pools_.end()) return;  // ordered before Reset
  PoolState& state = found->second;
  ++counts_.plans;
  state.next_plan = now + options_.least_between;
  if (!made.wrong.empty()) {
    ++counts_.wrong;
    fault_ = fmt::format("GpuPool {}: the plan contradicts the cluster and is not proposed: {}",
                         pool, made.wrong.front());
    return;
  }
  fault_.clear();
  state.nothing_to_do = made.plan.actions.empty();
  state.wanted.reset();
  if (!state.nothing_to_do) state.wanted = plan::Propose(pool, std::move(made.plan), ordered_at_);
}

bool Proposals::MayPlan(const plan::Pool& pool) const {
  const bool goes_by_it = pool.policy.stop_idle || pool.policy.resize || pool.forecast;
  return pool.policy.mode != Mode::kObserve &&
         (!goes_by_it || has_usage_come_ || !options_.awaits_usage);
}

// One at a time, of the pool that waits longest.
void Proposals::Order(const plan::PlanPolicy& policy) {
  if (ordered_) return;
  const plan::Pool* next = nullptr;
  for (const plan::Pool& pool : policy.pools) {
    if (!MayPlan(pool)) continue;
    const PoolState& state = pools_[pool.name];
    const bool opened = state.opens && *state.opens <= now_;
    if (state.planned_at == model_.changes() && !opened) {
      if (state.opens) WakeAt(*state.opens);
      continue;
    }
    if (state.next_plan > now_) {
      WakeAt(state.next_plan);
    } else if (next == nullptr || state.next_plan < pools_[next->name].next_plan) {
      next = &pool;
    }
  }
  if (next == nullptr) return;
  ordered_ = next->name;
  ordered_at_ = now_;
  pools_[next->name].planned_at = model_.changes();
  pools_[next->name].opens = NextHours(*next, now_);
  maker_.Start({.pool = next->name, .policy = policy, .snapshot = model_.Share(now_)});
}

// The plan of the pool that is not over.
Proposals::Entry* Proposals::CurrentOf(const std::string& pool) {
  for (auto& [name, entry] : entries_) {
    if (entry.plan.pool == pool && !IsOver(entry.plan)) return &entry;
  }
  return nullptr;
}

// Whether a newer plan may take its place: not while it is carried out, nor soon after it was
// proposed as long as it can be carried out as it stands.
bool Proposals::MayReplace(const Entry& current) const {
  const Proposal& plan = current.plan;
  if (plan.approved) {
    const Condition* executing = cluster::ConditionOf(plan.conditions, "Executing");
    return WaitsForPeople(plan) &&
           now_ - std::max(executing->since, current.progress_at) >= options_.stands_for;
  }
  const auto states = plan::StatesOf(plan.plan, plan.taken_at, model_.last());
  const bool stands = std::all_of(states.begin(), states.end(), [](const auto& state) {
    return state.kind == plan::ActionState::Kind::kOpen;
  });
  return !stands || now_ - std::max(plan.created_at, plan.taken_at) >= options_.stands_for;
}

void Proposals::DecideOnPool(const std::string& pool, PoolState& state) {
  Entry* current = CurrentOf(pool);
  if (state.nothing_to_do && current != nullptr && !current->plan.approved && IsFree(*current)) {
    Supersede(*current, "ClusterChanged", "nothing is left to do");
  }
  if (!state.wanted || state.creating) return;
  const std::string& name = state.wanted->name;
  if (current != nullptr) {
    if (current->plan.name == name) return state.wanted.reset();
    if (!IsFree(*current)) return;  // later
    if (!MayReplace(*current)) return state.wanted.reset();
    return Supersede(*current, "NewerPlan", fmt::format("GpuPlan {} takes its place", name));
  }
  const auto same = entries_.find(name);
  if (same == entries_.end()) {
    state.creating = true;
    state.wanted->ours = true;
    return writes_.push_back(CreatePlan{*std::exchange(state.wanted, std::nullopt)});
  }
  // The same as one that is over. What was replaced comes back at once, what was carried out and
  // did not help after a while.
  const Entry& old = same->second;
  const bool replaced = cluster::Holds(old.plan.conditions, "Superseded");
  const base::Time due = replaced ? base::Time() : OverSince(old.plan) + options_.stands_for;
  if (!old.plan.ours) return state.wanted.reset();
  if (due > now_) return WakeAt(due);
  if (IsFree(old)) Add(same->second, DeletePlan{{old.plan.name, old.plan.uid}});
}

// ---- one plan ----

void Proposals::LookAt(Entry& entry, const plan::Pool* pool) {
  if (IsOver(entry.plan) || !IsFree(entry)) return;
  if (pool == nullptr) {
    return Supersede(entry, "PoolChanged", fmt::format("there is no GpuPool {}", entry.plan.pool));
  }
  if (entry.plan.approved) return Execute(entry, *pool);
  if (pool->policy.mode == Mode::kObserve) {
    return Supersede(entry, "PoolChanged", "the pool is in mode Observe");
  }
  Proposal said = WithApproval(entry, *pool);
  if (said.conditions != entry.plan.conditions) return WriteStatus(entry, std::move(said));
  if (pool->policy.mode == Mode::kAuto) {
    Add(entry, ApprovePlan{{entry.plan.name, entry.plan.uid}});
  }
}

Proposal Proposals::WithApproval(const Entry& entry, const plan::Pool& pool) const {
  Proposal plan = entry.plan;
  const bool by_mode = pool.policy.mode == Mode::kAuto;
  cluster::Say(plan.conditions,
               {.type = "Proposed", .holds = true, .reason = "Made", .message = "the plan is made"},
               now_);
  if (plan.approved && cluster::Holds(plan.conditions, "Approved")) return plan;
  Condition approved{.type = "Approved", .holds = plan.approved};
  if (plan.approved) {
    approved.reason = by_mode ? "ApprovedByMode" : "ApprovedByPerson";
    approved.message = by_mode ? "the pool is in mode Auto" : "somebody approved it";
  } else {
    approved.reason = "WaitingForApproval";
    approved.message = fmt::format(
        "{}tangram apply {}",
        entry.denied ? "the pool is in mode Auto, and the controller may not approve plans "
                       "(rbac.autoMode of the chart): "
                     : "",
        plan.name);
  }
  cluster::Say(plan.conditions, std::move(approved), now_);
  return plan;
}

void Proposals::Execute(Entry& entry, const plan::Pool& pool) {
  const auto opens = plan::OpensAt(pool.windows, now_);
  if (opens) WakeAt(*opens);
  const bool may_begin = pool.policy.mode != Mode::kObserve && !opens;
  const Begin begin = may_begin ? Begin::kYes : Begin::kNo;
  ExecutionStep step =
      NextStep(entry.plan, {model_.last(), pool, operations_}, begin, options_.execution, now_);
  Proposal to = WithApproval(entry, pool);
  if (to.records != step.records) entry.progress_at = now_;
  to.records = step.records;
  SayHowFar(to, step, opens, now_);
  if (to.records != entry.plan.records || to.conditions != entry.plan.conditions) {
    WriteStatus(entry, std::move(to));
  }
  for (const auto& [node, actions] : step.operate)
    operations_.Begin(entry.plan, pool, node, actions);
  for (Evict& evict : step.evict) {
    const auto [asked, is_new] = asked_.try_emplace(evict.pod.uid, base::Time());
    if (asked->second > now_) {
      WakeAt(asked->second);
      continue;
    }
    asked->second = now_ + options_.execution.ask_again;
    writes_.push_back(std::move(evict));
  }
}

void Proposals::Supersede(Entry& entry, std::string reason, std::string message) {
  Proposal to = entry.plan;
  cluster::Say(to.conditions,
               {.type = "Superseded", .holds = true, .reason = reason, .message = message}, now_);
  if (cluster::Holds(to.conditions, "Executing")) {
    cluster::Say(to.conditions,
                 {.type = "Executing", .holds = false, .reason = reason, .message = message}, now_);
  }
  WriteStatus(entry, std::move(to));
}

// The first status that a leader writes has to be of the version that it saw: the last leader may
// have written since.
void Proposals::WriteStatus(Entry& entry, Proposal to) {
  if (entry.written_here) to.version.clear();
  std::vector<cluster::Condition> news;
  for (const cluster::Condition& said : to.conditions) {
    const auto* before = cluster::ConditionOf(entry.plan.conditions, said.type);
    const bool known = before != nullptr && before->holds && before->reason == said.reason;
    if (said.holds && !known) news.push_back(said);
  }
  Add(entry, WritePlanStatus{std::move(to), std::move(news)});
}

// What is over, in the order in which it ended, as far as a pool has enough of them.
void Proposals::DeleteOld() {
  std::map<std::string, std::vector<Entry*>> over;
  for (auto& [name, entry] : entries_) {
    if (entry.plan.ours && IsOver(entry.plan)) over[entry.plan.pool].push_back(&entry);
  }
  for (auto& [pool, entries] : over) {
    std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
      return std::pair(OverSince(a->plan), std::string_view(a->plan.name)) <
             std::pair(OverSince(b->plan), std::string_view(b->plan.name));
    });
    const std::size_t too_many = entries.size() - std::min(entries.size(), options_.keep_most);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = *entries[i];
      const base::Time until = OverSince(entry.plan) + options_.keep_for;
      if (i >= too_many && until > now_) {
        WakeAt(until);
      } else if (IsFree(entry)) {
        Add(entry, DeletePlan{{entry.plan.name, entry.plan.uid}});
      }
    }
  }
}

std::vector<std::string> Proposals::Emptied() const {
  std::vector<std::string> nodes;
  for (const auto& [name, entry] : entries_) {
    const Condition* executing = cluster::ConditionOf(entry.plan.conditions, "Executing");
    const bool under_way = executing == nullptr || executing->reason == "ActionsUnderWay";
    if (!entry.plan.approved || IsOver(entry.plan) || !under_way) continue;
    for (const plan::Action& action : entry.plan.plan.actions) {
      const auto* back = std::get_if<plan::GiveBack>(&action.change);
      if (back != nullptr) nodes.push_back(back->node);
    }
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::set<std::string> Proposals::UnderWay() const {
  std::set<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (entry.plan.approved && !IsOver(entry.plan)) names.insert(name);
  }
  return names;
}

// ---- a round ----

std::vector<Write> Proposals::Decide(const plan::PlanPolicy& policy, base::Time now) {
  now_ = now;
  next_due_.reset();
  model_.Take(now);
  std::erase_if(asked_, [&](const auto& entry) {
    return now - entry.second > options_.execution.action_limit;
  });
  for (auto& [name, entry] : entries_) LookAt(entry, plan::PoolNamed(policy, entry.plan.pool));
  for (const plan::Pool& pool : policy.pools) {
    if (pool.policy.mode != Mode::kObserve) DecideOnPool(pool.name, pools_[pool.name]);
  }
  DeleteOld();
  Order(policy);
  for (const auto& [name, entry] : entries_) {
    if (!entry.in_flight && entry.not_before > now) WakeAt(entry.not_before);
  }
  return std::exchange(writes_, {});
}

void Proposals::Finish(const Write& write, const base::Result<void>& outcome, base::Time now) {
  now_ = now;
  if (const auto* create = std::get_if<CreatePlan>(&write)) {
    const auto found = pools_.find(create->plan.pool);
    if (found == pools_.end()) return;
    PoolState& state = found->second;
    state.creating = false;
    state.failures = outcome ? 0 : state.failures + 1;
    if (outcome) {
      ++counts_.proposed;
    } else {
      state.planned_at.reset();
      state.next_plan = now + std::max(options_.least_between, WaitAfter(state.failures));
    }
    return;
  }
  const std::string* name = nullptr;
  if (const auto* approve = std::get_if<ApprovePlan>(&write)) name = &approve->plan.name;
  if (const auto* status = std::get_if<WritePlanStatus>(&write)) name = &status->plan.name;
  if (const auto* gone = std::get_if<DeletePlan>(&write)) name = &gone->plan.name;
  if (name == nullptr) return;  // an eviction: asked again until the pod is gone
  const auto entry = entries_.find(*name);
  if (entry != entries_.end()) FinishOf(entry->second, write, outcome);
}

void Proposals::FinishOf(Entry& entry, const Write& write, const base::Result<void>& outcome) {
  entry.in_flight = false;
  entry.failures = outcome ? 0 : entry.failures + 1;
  const auto* status = std::get_if<WritePlanStatus>(&write);
  if (!outcome) {
    entry.not_before = now_ + WaitAfter(entry.failures);
    entry.denied = std::holds_alternative<ApprovePlan>(write) &&
                   outcome.error().code == base::ErrorCode::kDenied;
    if (entry.denied) entry.not_before = now_ + options_.last_retry;
  } else if (status != nullptr) {
    const auto holds = [&](const char* type) {
      return cluster::Holds(status->plan.conditions, type) ? 1 : 0;
    };
    counts_.failed += holds("Failed");
    counts_.done += holds("Done");
    entry.written_here = true;
    entry.plan.records = status->plan.records;
    entry.plan.conditions = status->plan.conditions;
  } else if (!std::holds_alternative<ApprovePlan>(write) || !entry.plan.approved) {
    entry.not_before = now_ + options_.last_retry;  // until the watch shows it
  }
}

base::Milliseconds Proposals::WaitAfter(int failures) const {
  return Doubled(options_.first_retry, failures, options_.last_retry);
}

void Proposals::Add(Entry& entry, Write write) {
  entry.in_flight = true;
  writes_.push_back(std::move(write));
}

bool Proposals::IsFree(const Entry& entry) const {
  return !entry.in_flight && entry.not_before <= now_;
}

void Proposals::WakeAt(base::Time due) { next_due_ = std::min(next_due_.value_or(due), due); }

}  // namespace tangram::control
