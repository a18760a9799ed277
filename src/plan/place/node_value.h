// What is left on a node is worth, at the prices of requests (pricing.h).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "plan/place/node_state.h"
#include "plan/place/pricing.h"

namespace tangram::plan {

// The most that the free GPUs could still earn: the knapsack of the node, with its CPU relaxed by a
// price a core (Lagrange), the least over a fixed grid of prices that begins at 0. So it is not
// less than the knapsack's true value, and equals it where CPU is plenty, to 0.0002 GPUs. Memory is
// not looked at. The order of the node's GPUs is of no consequence, to the last bit.
class NodeValue {
 public:
  // For nodes of models below `models`.
  NodeValue(std::span<const PricedShape> shapes, std::size_t models);

  // In GPUs.
  double Of(const NodeState& node) const;

 private:
  static constexpr std::size_t kPrices = 24;
  using Amount = std::int32_t;  // 0.00001 GPUs: whole numbers, so that no sum depends on its order
  using ByPrice = std::array<Amount, kPrices>;
  struct OfModel {
    std::vector<ByPrice> part{};                       // of one GPU, by the steps free of it
    std::array<ByPrice, kMostGpusPerNode + 1> idle{};  // of so many idle GPUs together
  };
  static Amount AmountOf(double gpus);
  void Fill(std::span<const PricedShape> shapes, std::size_t model, std::size_t price);

  std::int64_t step_ = kWholeGpu.value();  // thousandths; every share is a whole number of them
  std::array<double, kPrices> core_{};     // GPUs a core
  std::vector<OfModel> models_;
};

}  // namespace tangram::plan
