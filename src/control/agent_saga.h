// A repartition by our agent on the node: the node's GpuNode says how its cards are to be cut, and
// its status what came of that (docs/agent.md, docs/operations.md).
//
// The agent makes what fits in free placements beside what pods hold, and destroys nothing that is
// in use; so pods go only where the plan named them. New ones are kept off while it is at work: the
// device plugin comes up anew behind it, and a pod that is bound meanwhile would be refused.
#pragma once

#include <string>

#include "control/agent_report.h"
#include "control/repartition_saga.h"

namespace tangram::control {

class AgentSaga final : public RepartitionSaga {
 public:
  using RepartitionSaga::RepartitionSaga;

  // Why nobody may cut the cards of this node by the agent; empty: one may.
  static std::string WhyNever(const cluster::Node& node);

 private:
  void Do(Step step) override;
  std::string TakenBy() const override;
  std::string WaitsFor() const override;
  std::string WhatAPersonChanged() const override;
  std::string WhereToLook() const override;
  std::string WhatDiffers(Side side) const override;

  void Apply();
  void Refused(const cluster::CutAnswer& answer);
  void Verify();
  void RollBack();
  void VerifyRollBack();

  // Each attempt has a name of its own: the agent carries out each generation of the spec once, and
  // a spec that does not change has none.
  cluster::CutOrder OrderOf(Side side, int attempt) const;
  cluster::CutOrder OrderNow(Side side) const;
  bool Stands(const cluster::CutOrder& order) const;
  bool IsOurs(const cluster::CutOrder& order) const;
  // Of the order as it stands; nullptr: it was not taken up, or the agent is at it.
  const cluster::CutAnswer* Ended() const;
  std::string LeftToDo() const;  // for a person, as the agent says; begins with ". "
  void Order(cluster::CutOrder order);
  const cluster::GpuNode* report() const { return world().report; }
};

}  // namespace tangram::control
