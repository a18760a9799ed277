#include "plan/place/node_value.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tangram::plan {
namespace {

// GPUs a core: nothing, then from 0.0005 in steps of 35 % to about half a GPU.
constexpr double kLeastPrice = 0.0005;
constexpr double kPriceStep = 1.35;

constexpr double kUnit = 1e-5;
// What 16 GPUs, their idle ones and a node's CPU together may come to without overflow.
constexpr double kMostGpus = 1000;

double Cores(base::MilliCpu cpu) { return static_cast<double>(cpu.value()) / 1000.0; }

struct Item {
  std::size_t size = 0;
  double earns = 0;
};

// The unbounded knapsack, by its size up to `most`.
std::vector<double> Knapsack(std::size_t most, const std::vector<Item>& items) {
  std::vector<double> best(most + 1, 0.0);
  for (std::size_t room = 1; room <= most; ++room) {
    best[room] = best[room - 1];
    for (const Item& item : items) {
      if (item.size > room) continue;
      best[room] = std::max(best[room], best[room - item.size] + item.earns);
    }
  }
  return best;
}

}  // namespace

NodeValue::NodeValue(std::span<const PricedShape> shapes, std::size_t models) : models_(models) {
  for (std::size_t price = 1; price < kPrices; ++price) {
    core_[price] = kLeastPrice * std::pow(kPriceStep, static_cast<double>(price) - 1);
  }
  for (const PricedShape& priced : shapes) {
    if (priced.shape.is_share()) step_ = std::gcd(step_, priced.shape.share.value());
  }
  for (std::size_t model = 0; model < models_.size(); ++model) {
    models_[model].part.resize(static_cast<std::size_t>(kWholeGpu.value() / step_));
    for (std::size_t price = 0; price < kPrices; ++price) Fill(shapes, model, price);
  }
}

NodeValue::Amount NodeValue::AmountOf(double gpus) {
  return static_cast<Amount>(std::ceil(std::min(gpus, kMostGpus) / kUnit));
}

void NodeValue::Fill(std::span<const PricedShape> shapes, std::size_t model, std::size_t price) {
  std::vector<Item> shares;  // size in steps
  std::vector<Item> wholes;  // size in GPUs
  for (const auto& [shape, expected, worth] : shapes) {
    const double earns = worth - core_[price] * Cores(shape.cpu);
    const bool runs = shape.gpus > 0 && ((shape.models >> model) & 1U) != 0;
    if (!runs || earns <= 0) continue;
    if (shape.is_share()) {
      shares.push_back({static_cast<std::size_t>(shape.share.value() / step_), earns});
    } else {
      wholes.push_back({static_cast<std::size_t>(shape.gpus), earns});
    }
  }
  OfModel& of = models_[model];
  const std::vector<double> part = Knapsack(of.part.size(), shares);
  wholes.push_back({1, part.back()});
  const std::vector<double> idle = Knapsack(kMostGpusPerNode, wholes);
  for (std::size_t room = 0; room < of.part.size(); ++room) {
    of.part[room][price] = AmountOf(part[room]);
  }
  for (std::size_t gpus = 0; gpus < idle.size(); ++gpus) {
    of.idle[gpus][price] = AmountOf(idle[gpus]);
  }
}

double NodeValue::Of(const NodeState& node) const {
  const OfModel& model = models_[node.model];
  ByPrice sum;
  const double units = Cores(node.cpu) / kUnit;
  for (std::size_t price = 0; price < kPrices; ++price) {
    sum[price] = static_cast<Amount>(std::min(core_[price] * units, kMostGpus / kUnit));
  }
  std::size_t idle = 0;
  for (std::size_t gpu = 0; gpu < node.gpus; ++gpu) {
    if (node.free[gpu] == kWholeGpu.value()) {
      ++idle;
      continue;
    }
    const ByPrice& part = model.part[static_cast<std::size_t>(node.free[gpu] / step_)];
    for (std::size_t price = 0; price < kPrices; ++price) sum[price] += part[price];
  }
  const ByPrice& together = model.idle[idle];
  for (std::size_t price = 0; price < kPrices; ++price) sum[price] += together[price];
  return kUnit * *std::min_element(sum.begin(), sum.end());
}

}  // namespace tangram::plan
