// NodeOperations: begun for approved plans, followed step by step, kept for a while as the record
// of what was done, and deleted (docs/operations.md).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/actuator.h"
#include "control/model.h"
#include "control/operation_step.h"
#include "plan/operation.h"
#include "plan/policy.h"
#include "plan/proposal.h"

namespace tangram::control {

struct OperationOptions {
  // Whether nodes are cut by mig-manager, or by people: it takes rights that not everybody gives.
  bool mig_manager = false;
  // Likewise, whether our agents cut them.
  bool agent = false;
  // Likewise, whether the device plugin is told how to share.
  bool shares = false;
  StepLimits limits{};
  // Nodes of a pool that are worked on at once, where the pool does not say.
  int most_at_once = 5;
  // After an operation that did not end done, until the next one on its node; doubled by each
  // further one.
  base::Milliseconds first_wait{600'000};
  base::Milliseconds last_wait{6 * 3'600'000};
  // Between two requests for the same thing, and after a failed write; doubled by each further one.
  base::Milliseconds ask_again{5'000};
  base::Milliseconds last_retry{60'000};
  // A taint whose operation is not known goes after so long: a watch may be late.
  base::Milliseconds orphan_wait{30'000};
  // What is over goes after so long, and where a node has more of them.
  base::Milliseconds keep_for{7 * 86'400'000};
  std::size_t keep_most = 10;
};

// Why those who are told by a ConfigMap would not see what is written to it, and what to do; empty:
// they would, as far as is known.
struct Unseen {
  std::string layouts{};  // mig-manager
  std::string sharing{};  // the device plugin
  bool operator==(const Unseen&) const = default;
};

// Owned by the thread of the Model, which it borrows. Its snapshot is that of Model::last.
class Operations {
 public:
  Operations(Model& model, OperationOptions options) : model_(model), options_(options) {}

  // NodeOperations of the cluster, as the API server has them. Those that Tangram did not make are
  // left alone.
  void Set(plan::NodeOperation operation);
  void Remove(const std::string& name);
  void KeepOnly(const std::set<std::string>& names);

  // What our agents report, by node. Whether it says anything new.
  bool SetReport(cluster::GpuNode report);
  void RemoveReport(const std::string& node);
  void KeepReports(const std::set<std::string>& nodes);

  // Until it is otherwise, nothing begins that would not be seen. Whether it says anything new.
  bool SetUnseen(Unseen unseen);

  // Whether a plan of that pool may have the node's cards cut, or shared otherwise, now.
  struct Readiness {
    enum class Kind { kNow, kLater, kNever } kind = Kind::kNow;
    std::string why{};
  };
  Readiness MayBegin(const plan::Pool& pool, const plan::Change& change, base::Time now) const;
  // Whether operations make that change of a node of the pool; else it is for people.
  bool CarriesOut(const plan::Pool& pool, const plan::Change& change) const;
  // The operation that carries out that action of the plan; nullptr: none yet.
  const plan::NodeOperation* Of(const plan::Proposal& plan, const plan::Action& action) const;
  // Why it cannot be made, and what to do; empty: it can, as far as is known.
  std::string WhyRefused(const plan::Proposal& plan, const plan::Action& action) const;
  // Asked for in each round until it is there: these actions of the plan, all of one node, either
  // Repartitions or one Reshare.
  void Begin(const plan::Proposal& plan, const plan::Pool& pool, const std::string& node,
             const std::vector<int>& actions);

  // One round: what to write. `plans`: names of those that are approved and not over.
  std::vector<Write> Decide(const plan::PlanPolicy& policy, const std::set<std::string>& plans,
                            base::Time now);
  // Whether the write was one of ours.
  bool Finish(const Write& write, const base::Result<void>& outcome, base::Time now);
  // Forgets all that it did not read from the cluster.
  void Reset();
  std::optional<base::Time> NextDue() const { return next_due_; }

  struct Counts {
    std::int64_t done = 0;
    std::int64_t rolled_back = 0;
    std::int64_t failed = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Entry {
    plan::NodeOperation operation{};
    bool written_here = false;  // its status: as we wrote it last, whatever the watch says
    int in_flight = 0;
    int failures = 0;  // writes, one after another
    base::Time not_before{};
    bool layouts_written = false;  // or the configuration that shares
    std::string layouts_refused{};
  };

  void FindHolders(const plan::NodeOperation& operation, OperationWorld& world) const;
  void Follow(Entry& entry, const plan::PlanPolicy& policy, const std::set<std::string>& plans);
  OperationWorld WorldOf(const Entry& entry, const plan::PlanPolicy& policy,
                         const std::set<std::string>& plans) const;
  std::set<std::string> LayoutsInUse() const;
  void WriteStatus(Entry& entry, plan::NodeOperation to);
  const cluster::GpuNode* ReportOf(const std::string& node) const;
  void FreeNodes();
  void DeleteOld(const std::set<std::string>& plans);
  std::optional<base::Time> RestsUntil(const std::string& node) const;
  void FinishOf(Entry& entry, const Write& write, const base::Result<void>& outcome,
                base::Time now);
  void WakeAt(base::Time due);
  void Add(Entry& entry, Write write);

  Model& model_;
  const OperationOptions options_;
  Unseen unseen_;
  std::map<std::string, Entry> entries_;               // by name
  std::map<std::string, plan::NodeOperation> wanted_;  // to be made, by name
  std::map<std::string, cluster::GpuNode> reports_;    // by node
  std::map<std::string, std::string> refused_;         // could not be made: why, by name
  std::map<std::string, base::Time> asked_;            // operations and nodes; when to ask again
  std::vector<Write> writes_;                          // of this round
  Counts counts_;
  base::Time now_{};
  std::optional<base::Time> next_due_;
};

}  // namespace tangram::control
