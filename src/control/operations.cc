#include "control/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cluster/named.h"
#include "control/node_sharing.h"
#include "control/operation_start.h"
#include "plan/leaks/seats.h"
#include "plan/pool_plan.h"

namespace tangram::control {
namespace {

using plan::NodeOperation;
using Kind = Operations::Readiness::Kind;

base::Time OverSince(const NodeOperation& operation) {
  const cluster::Condition* end = plan::EndOf(operation);
  return end == nullptr ? operation.created_at : end->since;
}

base::Milliseconds Doubled(base::Milliseconds wait, int failures, base::Milliseconds most) {
  for (int i = 1; i < failures && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

}  // namespace

// ---- what the cluster has ----

void Operations::Set(NodeOperation operation) {
  if (!operation.ours) return Remove(operation.name);
  Entry& entry = entries_[operation.name];
  if (entry.written_here && entry.operation.uid == operation.uid) {
    operation.step = entry.operation.step;
    operation.steps = std::move(entry.operation.steps);
    operation.conditions = std::move(entry.operation.conditions);
  } else if (entry.operation.uid != operation.uid) {
    entry = {};
  }
  wanted_.erase(operation.name);
  entry.operation = std::move(operation);
}

void Operations::Remove(const std::string& name) { entries_.erase(name); }

void Operations::KeepOnly(const std::set<std::string>& names) {
  std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
}

bool Operations::SetReport(cluster::GpuNode report) {
  cluster::GpuNode& known = reports_[report.name];
  std::swap(known, report);
  report.observed_at = known.observed_at;  // what was known, but for what each report changes
  report.version = known.version;
  return report != known;
}

void Operations::RemoveReport(const std::string& node) { reports_.erase(node); }

void Operations::KeepReports(const std::set<std::string>& nodes) {
  std::erase_if(reports_, [&](const auto& entry) { return !nodes.contains(entry.first); });
}

const cluster::GpuNode* Operations::ReportOf(const std::string& node) const {
  const auto found = reports_.find(node);
  return found == reports_.end() ? nullptr : &found->second;
}

void Operations::Reset() {
  for (auto& [name, entry] : entries_) {
    entry = Entry{.operation = std::move(entry.operation)};
  }
  wanted_.clear();
  refused_.clear();
  asked_.clear();
  next_due_.reset();
}

// ---- what is to begin ----

// After operations that did not end done, one after another. One that found its places taken failed
// at nothing.
std::optional<base::Time> Operations::RestsUntil(const std::string& node) const {
  std::vector<const NodeOperation*> over;
  for (const auto& [name, entry] : entries_) {
    const cluster::Condition* end = plan::EndOf(entry.operation);
    if (entry.operation.node != node || end == nullptr || end->reason == kTakenMeanwhile) continue;
    over.push_back(&entry.operation);
  }
  std::sort(over.begin(), over.end(), [](const NodeOperation* a, const NodeOperation* b) {
    return std::pair(OverSince(*a), std::string_view(a->name)) >
           std::pair(OverSince(*b), std::string_view(b->name));
  });
  const auto good = std::find_if(over.begin(), over.end(), [](const NodeOperation* operation) {
    return cluster::Holds(operation->conditions, "Done");
  });
  const auto failures = static_cast<int>(good - over.begin());
  if (failures == 0) return std::nullopt;
  return OverSince(*over.front()) + Doubled(options_.first_wait, failures, options_.last_wait);
}

bool Operations::SetUnseen(Unseen unseen) { return std::exchange(unseen_, unseen) != unseen; }

Operations::Readiness Operations::MayBegin(const plan::Pool& pool, const plan::Change& change,
                                           base::Time now) const {
  const std::string& name = *plan::NodeToOperate(change);
  const cluster::Node* node = cluster::NodeNamed(model_.last(), name);
  if (node == nullptr) return {Kind::kLater, fmt::format("node {} is gone", name)};
  const NodeToChange at = {*node, ReportOf(name), pool.policy.mig};
  if (std::string why = WhyNever(at, change); !why.empty()) {
    return {Kind::kNever, std::move(why)};
  }
  const bool shares = std::holds_alternative<plan::Reshare>(change);
  const bool by_mig_manager = pool.policy.mig == plan::MigBackend::kMigManager;
  const std::string& unseen = shares ? unseen_.sharing : unseen_.layouts;
  if ((shares || by_mig_manager) && !unseen.empty()) return {Kind::kLater, unseen};
  int at_work = 0;
  const auto count = [&](const NodeOperation& operation) {
    const cluster::Node* other = cluster::NodeNamed(model_.last(), operation.node);
    if (other != nullptr && plan::Selects(pool, *other)) ++at_work;
    return operation.node == name;
  };
  bool busy = false;
  for (const auto& [key, entry] : entries_) {
    if (!plan::IsOver(entry.operation)) busy = count(entry.operation) || busy;
  }
  for (const auto& [key, operation] : wanted_) busy = count(operation) || busy;
  if (busy) return {Kind::kLater, fmt::format("another operation is at {}", name)};
  if (at_work >= pool.most_recut_nodes.value_or(options_.most_at_once)) {
    return {Kind::kLater, fmt::format("{} nodes of the pool are being changed", at_work)};
  }
  if (const auto until = RestsUntil(name); until && *until > now) {
    return {Kind::kLater, fmt::format("the last operation on {} failed", name)};
  }
  std::string why = WhyNotYet(at, change, now);
  return {why.empty() ? Kind::kNow : Kind::kLater, std::move(why)};
}

const NodeOperation* Operations::Of(const plan::Proposal& plan, const plan::Action& action) const {
  const auto found = entries_.find(plan::OperationName(plan, action));
  return found == entries_.end() ? nullptr : &found->second.operation;
}

std::string Operations::WhyRefused(const plan::Proposal& plan, const plan::Action& action) const {
  const auto found = refused_.find(plan::OperationName(plan, action));
  return found == refused_.end() ? "" : found->second;
}

bool Operations::CarriesOut(const plan::Pool& pool, const plan::Change& change) const {
  if (std::holds_alternative<plan::Reshare>(change)) return options_.shares;
  if (!std::holds_alternative<plan::Repartition>(change)) return false;
  return pool.policy.mig == plan::MigBackend::kAgent
             ? options_.agent
             : pool.policy.mig == plan::MigBackend::kMigManager && options_.mig_manager;
}

void Operations::Begin(const plan::Proposal& plan, const plan::Pool& pool, const std::string& node,
                       const std::vector<int>& actions) {
  const plan::Action& first = plan.plan.actions.at(static_cast<std::size_t>(actions.front()));
  std::string name = plan::OperationName(plan, first);
  const cluster::Node* is = cluster::NodeNamed(model_.last(), node);
  if (is == nullptr || entries_.contains(name) || wanted_.contains(name)) return;
  const NodeToChange at = {*is, ReportOf(node), pool.policy.mig};
  wanted_.emplace(std::move(name), OperationFor(plan, actions, at, model_.last()));
}

// ---- one operation ----

// In the way are, of a Reshare, those that its change is about; of mig-manager, which wipes cards,
// all that hold GPUs; of the agent, which leaves what is in use, those that the plan named.
void Operations::FindHolders(const NodeOperation& operation, OperationWorld& world) const {
  if (operation.reshare) {
    world.holders = PodsInTheWay(*world.node, *operation.reshare, model_.last());
    return;
  }
  const bool by_agent = operation.backend == plan::MigBackend::kAgent;
  for (const cluster::Pod& pod : model_.last().pods) {
    const bool holds = cluster::HoldsDevices(pod) && plan::AsksForGpu(pod);
    if (pod.node != world.node->name || !holds) continue;
    const bool stays = by_agent && !plan::IsNamed(operation, pod);
    (stays ? world.others : world.holders).push_back(&pod);
  }
}

OperationWorld Operations::WorldOf(const Entry& entry, const plan::PlanPolicy& policy,
                                   const std::set<std::string>& plans) const {
  const NodeOperation& operation = entry.operation;
  const cluster::Snapshot& snapshot = model_.last();
  const cluster::Node* node = cluster::NodeNamed(snapshot, operation.node);
  // One that came later under its name is another machine.
  const bool is_another = node != nullptr && node->created_at > operation.created_at;
  OperationWorld world{.node = is_another ? nullptr : node,
                       .report = ReportOf(operation.node),
                       .layouts_written = entry.layouts_written,
                       .layouts_refused = entry.layouts_refused};
  if (world.node != nullptr) FindHolders(operation, world);
  const auto forbid = [&](std::string reason, std::string why) {
    world.not_allowed_reason = std::move(reason);
    world.not_allowed = std::move(why);
  };
  const plan::Pool* pool = world.node == nullptr ? nullptr : plan::PoolOf(policy, *world.node);
  if (!plans.contains(operation.plan)) {
    forbid("PlanGone", fmt::format("GpuPlan {} is gone or over", operation.plan));
  } else if (pool == nullptr) {
    forbid("PoolChanged", "no GpuPool selects the node");
  } else if (pool->policy.mode == plan::Mode::kObserve) {
    forbid("PoolChanged", fmt::format("GpuPool {} is in mode Observe", pool->name));
  } else if (!operation.reshare && pool->policy.mig != operation.backend) {
    forbid("PoolChanged", fmt::format("GpuPool {} has another backend now", pool->name));
  }
  return world;
}

void Operations::Follow(Entry& entry, const plan::PlanPolicy& policy,
                        const std::set<std::string>& plans) {
  if (plan::IsOver(entry.operation) || entry.in_flight > 0) return;
  // What was written shows any moment: the journal goes on then, and nothing is asked for twice.
  const bool pauses = entry.not_before > now_;
  if (pauses) WakeAt(entry.not_before);
  if (pauses && entry.failures > 0) return;
  const OperationWorld world = WorldOf(entry, policy, plans);
  OperationMove move = NextStep(entry.operation, world, options_.limits, now_);
  WakeAt(move.look_again);
  if (move.to != entry.operation) return WriteStatus(entry, std::move(move.to));
  if (pauses) return;
  for (Write& write : move.writes) {
    if (auto* layouts = std::get_if<WriteLayouts>(&write)) layouts->in_use = LayoutsInUse();
    Add(entry, std::move(write));
  }
}

std::set<std::string> Operations::LayoutsInUse() const {
  std::set<std::string> names;
  for (const cluster::Node& node : model_.last().nodes) {
    const std::string_view name = cluster::Find(node.labels, kMigConfig);
    if (name.starts_with(plan::kLayoutPrefix)) names.emplace(name);
  }
  const auto add = [&](const NodeOperation& operation) {
    if (plan::IsOver(operation)) return;
    for (const plan::MigLayout& layout : plan::LayoutsOf(operation)) names.insert(layout.name);
  };
  for (const auto& [name, entry] : entries_) add(entry.operation);
  for (const auto& [name, operation] : wanted_) add(operation);
  return names;
}

// The first status that a leader writes has to be of the version that it saw.
void Operations::WriteStatus(Entry& entry, NodeOperation to) {
  if (entry.written_here) to.version.clear();
  std::vector<cluster::Condition> news;
  for (const cluster::Condition& said : to.conditions) {
    const auto* before = cluster::ConditionOf(entry.operation.conditions, said.type);
    const bool known = before != nullptr && before->holds && before->reason == said.reason;
    if (said.holds && !known) news.push_back(said);
  }
  Add(entry, WriteOperationStatus{std::move(to), std::move(news)});
}

// A taint of an operation that is no more (somebody deleted it, or gave it up) keeps pods off for
// nothing.
void Operations::FreeNodes() {
  for (const cluster::Node& node : model_.last().nodes) {
    for (const cluster::Taint& taint : node.taints) {
      if (taint.key != kRepartitionTaint) continue;
      const auto found = entries_.find(taint.value);
      if (found != entries_.end() && !plan::IsOver(found->second.operation)) continue;
      const auto [asked, is_new] =
          asked_.try_emplace("node/" + node.name, now_ + options_.orphan_wait);
      if (asked->second > now_) {
        WakeAt(asked->second);
        continue;
      }
      asked->second = now_ + options_.ask_again;
      writes_.emplace_back(ChangeNode{
          .node = node.name, .operation = taint.value, .taint = ChangeNode::Taint::kRemove});
    }
  }
}

void Operations::DeleteOld(const std::set<std::string>& plans) {
  std::map<std::string, std::vector<Entry*>> over;
  for (auto& [name, entry] : entries_) {
    const bool needed = plans.contains(entry.operation.plan);  // it reads there how it ended
    if (plan::IsOver(entry.operation) && !needed) over[entry.operation.node].push_back(&entry);
  }
  for (auto& [node, entries] : over) {
    std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
      return std::pair(OverSince(a->operation), std::string_view(a->operation.name)) <
             std::pair(OverSince(b->operation), std::string_view(b->operation.name));
    });
    const std::size_t too_many = entries.size() - std::min(entries.size(), options_.keep_most);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = *entries[i];
      const base::Time until = OverSince(entry.operation) + options_.keep_for;
      const base::Time due = i < too_many ? entry.not_before : std::max(until, entry.not_before);
      if (due > now_) {
        WakeAt(due);
      } else if (entry.in_flight == 0) {
        Add(entry, DeleteOperation{{entry.operation.name, entry.operation.uid}});
      }
    }
  }
}

// ---- a round ----

std::vector<Write> Operations::Decide(const plan::PlanPolicy& policy,
                                      const std::set<std::string>& plans, base::Time now) {
  now_ = now;
  next_due_.reset();
  for (auto& [name, operation] : wanted_) {
    const auto [asked, is_new] = asked_.try_emplace(name, base::Time());
    if (asked->second > now_) {
      WakeAt(asked->second);
      continue;
    }
    asked->second = now_ + options_.ask_again;
    writes_.emplace_back(CreateOperation{operation});
  }
  for (auto& [name, entry] : entries_) Follow(entry, policy, plans);
  for (const auto& [name, entry] : entries_) {
    const auto until = RestsUntil(entry.operation.node);
    if (until && *until > now_) WakeAt(*until);  // plans may wait for that
  }
  FreeNodes();
  DeleteOld(plans);
  std::erase_if(asked_,
                [&](const auto& entry) { return entry.second + options_.last_retry < now_; });
  if (plans.empty()) refused_.clear();
  return std::exchange(writes_, {});
}

bool Operations::Finish(const Write& write, const base::Result<void>& outcome, base::Time now) {
  now_ = now;
  std::string name;
  if (const auto* create = std::get_if<CreateOperation>(&write)) {
    // What is refused is not asked for again as it was: the world may have changed. What was made
    // is not either, until the watch shows it: the plan asks again.
    if (!outcome) wanted_.erase(create->operation.name);
    const bool refused = !outcome && (outcome.error().code == base::ErrorCode::kInvalid ||
                                      outcome.error().code == base::ErrorCode::kNotFound);
    if (refused) refused_[create->operation.name] = outcome.error().message;
    return true;
  }
  if (const auto* status = std::get_if<WriteOperationStatus>(&write)) name = status->operation.name;
  if (const auto* gone = std::get_if<DeleteOperation>(&write)) name = gone->operation.name;
  if (const auto* change = std::get_if<ChangeNode>(&write)) name = change->operation;
  if (const auto* layouts = std::get_if<WriteLayouts>(&write)) name = layouts->operation;
  if (const auto* sharing = std::get_if<WriteSharing>(&write)) name = sharing->operation;
  if (const auto* order = std::get_if<OrderCut>(&write)) name = order->operation;
  if (const auto* evict = std::get_if<Evict>(&write)) name = evict->operation;
  if (name.empty()) return false;
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) FinishOf(entry->second, write, outcome, now);
  return true;
}

void Operations::FinishOf(Entry& entry, const Write& write, const base::Result<void>& outcome,
                          base::Time now) {
  entry.in_flight = std::max(0, entry.in_flight - 1);
  const bool later = !outcome && outcome.error().code == base::ErrorCode::kLater;
  entry.failures = outcome || later ? 0 : entry.failures + 1;
  if (!outcome && !later) {
    entry.not_before = now + Doubled(options_.ask_again, entry.failures, options_.last_retry);
  }
  if (const auto* status = std::get_if<WriteOperationStatus>(&write)) {
    if (!outcome) return;
    const auto holds = [&](const char* type) {
      return cluster::Holds(status->operation.conditions, type) ? 1 : 0;
    };
    counts_.done += holds("Done");
    counts_.rolled_back += holds("RolledBack");
    counts_.failed += holds("Failed");
    entry.written_here = true;
    entry.operation.step = status->operation.step;
    entry.operation.steps = status->operation.steps;
    entry.operation.conditions = status->operation.conditions;
    entry.not_before = now;
    return;
  }
  if (std::holds_alternative<WriteLayouts>(write) || std::holds_alternative<WriteSharing>(write)) {
    entry.layouts_written = outcome.has_value();
    const bool refused = !outcome && (outcome.error().code == base::ErrorCode::kInvalid ||
                                      outcome.error().code == base::ErrorCode::kDenied ||
                                      outcome.error().code == base::ErrorCode::kNotFound);
    entry.layouts_refused = refused ? outcome.error().message : "";
    if (outcome) entry.not_before = now;
    return;
  }
  // Asked again after a while, until the watch shows that it is done.
  entry.not_before = std::max(entry.not_before, now + options_.ask_again);
}

void Operations::Add(Entry& entry, Write write) {
  ++entry.in_flight;
  writes_.push_back(std::move(write));
}

void Operations::WakeAt(base::Time due) { next_due_ = std::min(next_due_.value_or(due), due); }

}  // namespace tangram::control
