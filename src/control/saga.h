// What every operation on a node has in common: its journal, keeping new pods off, evicting the
// pods that the plan named, letting the node go, and how it ends. What is changed on the node, and
// how it is read back, each backend says for itself (mig_manager_saga.h, agent_saga.h,
// reshare_saga.h).
//
// A backend is a class that derives from Saga, one object a look at one operation. NextStep() in
// operation_step.cc picks it by what the operation says. Each step function looks at the world and
// does one of three things: it moves the journal on (Go, Fail, GiveUp, Blame and Begin), it asks
// for writes (Change, Ask), or it does nothing and waits. A step has begun, in writing, before its
// function is called; so nothing is written to the world that the journal does not tell of.
//
// Pure: the clock is `now`. Errors are ends of the operation, never thrown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/operation_step.h"

namespace tangram::control {

class Saga {
 public:
  // `world` and `limits` are borrowed.
  Saga(const plan::NodeOperation& operation, const OperationWorld& world, const StepLimits& limits,
       base::Time now)
      : to_(operation), world_(world), limits_(limits), now_(now) {}
  virtual ~Saga() = default;
  Saga(const Saga&) = delete;
  Saga& operator=(const Saga&) = delete;

  OperationMove Run() &&;

 protected:
  using Step = plan::OperationStep;
  using State = plan::StepRecord::State;

  // ---- what a backend says ----

  // One of kApply to kVerifyRollBack, which it began itself.
  virtual void Do(Step step) = 0;
  // Whether new pods have to be kept off, and pods to go, before anything is changed. If not, it
  // begins with kApply.
  virtual bool KeepsPodsOff() const { return true; }
  // Who came onto what has to go since the plan was made; empty: nobody. Nothing is waited for
  // then: another plan goes by who is there now.
  virtual std::string TakenBy() const { return ""; }
  // Why the change cannot begin though no pod is in its way; empty: it can.
  virtual std::string WaitsFor() const = 0;
  // What a person changed under us; empty: nothing. Not asked before the first step, nor once the
  // node is being let go.
  virtual std::string WhatAPersonChanged() const = 0;
  // Where a person looks after that, as "look at the node's label ...".
  virtual std::string WhereToLook() const = 0;

  // ---- the journal ----

  const plan::NodeOperation& operation() const { return to_; }
  void Begin(Step step);                             // again, where it was begun before
  void Go(Step next, std::string message);           // this step is done
  void End(State state, std::string message);        // of this step; another one is begun, then
  void Fail(std::string reason, std::string why);    // something may be changed: it is rolled back
  void GiveUp(std::string reason, std::string why);  // nothing was changed: the node is let go
  // It will not end done: whom to blame stands in the condition Running until it ends.
  void Blame(std::string reason, std::string message);
  cluster::Condition Cause() const;        // reason StepUnderway: nobody is to blame
  const plan::StepRecord& Record() const;  // of this step, which has begun
  base::Milliseconds Since() const { return now_ - Record().started_at; }
  bool IsRollingBack() const { return plan::RecordOf(to_, Step::kRollBack) != nullptr; }

  // ---- the world ----

  const OperationWorld& world() const { return world_; }
  const cluster::Node& node() const { return *world_.node; }
  const StepLimits& limits() const { return limits_; }
  base::Time now() const { return now_; }
  std::string LabelOf(std::string_view key) const {
    return std::string(cluster::Find(node().labels, key));
  }
  void Change(ChangeNode change);  // of this operation's node
  void Ask(Write write) { writes_.push_back(std::move(write)); }

 private:
  void Look();
  void Reserve();
  void EvictPods();
  void Release();
  bool MayNotGoOn();
  void NodeGone();
  void TakenOver(const std::string& what);
  void Finish();
  std::string WhoTookTheNode() const;
  bool HasTaint() const;
  bool AllNamed() const;
  plan::StepRecord* FindRecord();
  void Say(std::string type, bool holds, std::string reason, std::string message);

  plan::NodeOperation to_;
  const OperationWorld& world_;
  const StepLimits& limits_;
  const base::Time now_;
  std::vector<Write> writes_;
};

}  // namespace tangram::control
