#include "plan/place/fragmentation.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tangram::plan {
namespace {

// What is free on GPUs that are too full for the request, and whether enough are not.
struct GpuFit {
  bool fits = false;
  int too_full = 0;
};

GpuFit GpuFitOf(const NodeState& node, const Shape& shape) {
  const auto share = static_cast<int>(shape.share.value());
  int fitting = 0;
  int too_full = 0;
  for (const int free : node.free) {  // also beyond the node's GPUs, where nothing is free
    fitting += free >= share ? 1 : 0;
    too_full += free >= share ? 0 : free;
  }
  return {fitting >= shape.gpus, too_full};
}

}  // namespace

std::vector<TypicalShape> FindTypicalShapes(std::span<const Shape> requests) {
  constexpr double kCovered = 0.95;
  // Most CPU first among equally frequent ones; a share of nothing for a request without GPUs.
  using Key = std::tuple<std::int64_t, std::int64_t, int, ModelSet>;
  std::map<Key, std::int64_t> counts;
  for (const Shape& shape : requests) {
    const std::int64_t share = shape.gpus == 0 ? 0 : shape.share.value();
    ++counts[{-shape.cpu.value(), -share, -shape.gpus, shape.models}];
  }
  std::vector<std::pair<Key, std::int64_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<TypicalShape> typical;
  std::int64_t covered = 0;
  const auto all = static_cast<double>(requests.size());
  for (const auto& [key, count] : order) {
    if (static_cast<double>(covered) >= kCovered * all) break;
    covered += count;
    const auto& [cpu, share, gpus, models] = key;
    typical.push_back({{base::MilliCpu(-cpu), base::MiB(0), -gpus, base::MilliGpu(-share), models},
                       static_cast<double>(count) / all});
  }
  // Two roundings, as in the published simulator.
  const double share = static_cast<double>(covered) / all;
  for (TypicalShape& shape : typical) shape.popularity /= share;
  return typical;
}

double FragmentOf(const NodeState& node, std::span<const TypicalShape> typical) {
  const auto free = static_cast<double>(FreeMilli(node));
  double no_cpu_no_gpu = 0;
  double no_gpu = 0;
  double no_cpu = 0;
  double asks_none = 0;
  double asks_none_no_cpu = 0;
  double other_model = 0;
  for (const auto& [shape, popularity] : typical) {
    const bool cpu = node.cpu >= shape.cpu;
    if (shape.gpus == 0) {
      (cpu ? asks_none : asks_none_no_cpu) += popularity * free;
      continue;
    }
    if (!node.has_model_of(shape)) {
      other_model += popularity * free;
      continue;
    }
    const GpuFit gpu = GpuFitOf(node, shape);
    if (gpu.fits) {
      cpu ? no_gpu += popularity * static_cast<double>(gpu.too_full) : no_cpu += popularity * free;
    } else {
      (cpu ? no_gpu : no_cpu_no_gpu) += popularity * free;
    }
  }
  return no_cpu_no_gpu + no_gpu + no_cpu + asks_none + asks_none_no_cpu + other_model;
}

}  // namespace tangram::plan
