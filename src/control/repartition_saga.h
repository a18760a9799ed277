// What backends that cut cards have in common: that the device plugin sees what was made.
#pragma once

#include <string>
#include <string_view>

#include "control/node_layout.h"
#include "control/saga.h"

namespace tangram::control {

class RepartitionSaga : public Saga {
 public:
  // Why nobody may cut the cards of this node but a DRA driver, or nobody at all; empty: one may.
  // `backend`: who is to, as GpuPools write it.
  static std::string WhyNobodyCuts(const cluster::Node& node, std::string_view backend);

 protected:
  using Saga::Saga;

  // What the node has other than the operation's cards; empty: nothing.
  virtual std::string WhatDiffers(Side side) const = 0;

  bool Has(Side side) const { return node().ready && WhatDiffers(side).empty(); }
  bool Settled() const { return Since() >= limits().settle; }
  // By the label of the GPU Operator that keeps it on the node.
  void RestartPlugin();
  // Whether it does not see what is there; then it is restarted, once for each layout.
  bool PluginIsBlind(Side side);
};

}  // namespace tangram::control
