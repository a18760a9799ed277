// Other shares of a node's devices: a configuration of NVIDIA's device plugin gets a name in its
// ConfigMap, and the node's label names it (docs/sharing.md).
//
// More shares of what is time-sliced disturb nobody: no taint, no eviction.
#pragma once

#include <string>

#include "control/node_sharing.h"
#include "control/saga.h"

namespace tangram::control {

class ReshareSaga final : public Saga {
 public:
  // The operation's `reshare` is there.
  using Saga::Saga;

  // Why nobody may change how the devices of this node are shared; empty: one may.
  static std::string WhyNever(const cluster::Node& node);

 private:
  void Do(Step step) override;
  bool KeepsPodsOff() const override;
  std::string WaitsFor() const override;
  std::string WhatAPersonChanged() const override;
  std::string WhereToLook() const override;

  void Apply();
  void Verify();
  void RollBack();
  void VerifyRollBack();

  const plan::Resharing& reshare() const { return *operation().reshare; }
  std::string Label() const { return LabelOf(kPluginConfig); }
  void SetLabel(const std::string& value);
  bool Has(Side side) const {
    return node().ready && DifferenceOf(node(), reshare(), side).empty();
  }
};

}  // namespace tangram::control
