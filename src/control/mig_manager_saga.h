// A repartition by NVIDIA's mig-manager: the layouts of all cards of the node get a name in its
// ConfigMap, and the node's label names it (docs/operations.md).
#pragma once

#include <string>

#include "control/repartition_saga.h"

namespace tangram::control {

class MigManagerSaga final : public RepartitionSaga {
 public:
  MigManagerSaga(const plan::NodeOperation& operation, const OperationWorld& world,
                 const StepLimits& limits, base::Time now)
      : RepartitionSaga(operation, world, limits, now), names_(plan::LayoutNamesOf(operation)) {}

  // Why nobody may cut the cards of this node by mig-manager; empty: one may.
  static std::string WhyNever(const cluster::Node& node);

 private:
  void Do(Step step) override;
  std::string WaitsFor() const override;
  std::string WhatAPersonChanged() const override;
  std::string WhereToLook() const override;

  void Apply();
  void Restart();
  void Verify();
  void RollBack();
  void VerifyRollBack();

  bool MayStand(const std::string& label) const;
  void SetLabel(const std::string& value);
  std::string Label() const { return LabelOf(kMigConfig); }
  std::string_view MigState() const { return MigStateOf(node()); }
  bool RebootsNow() const { return MigState() == "rebooting"; }
  base::Milliseconds TimeToApply() const { return RebootsNow() ? limits().reboot : limits().apply; }
  std::string WhatDiffers(Side side) const override;

  const plan::LayoutNames names_;
};

}  // namespace tangram::control
