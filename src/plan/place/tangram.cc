// The default policy: give a request the room whose loss costs least, at shadow prices.
#include <algorithm>
#include <bit>
#include <cmath>

#include "plan/place/best_choice.h"
#include "plan/place/node_value.h"
#include "plan/place/policy.h"
#include "plan/place/pricing.h"

namespace tangram::plan {
namespace {

// What counts beside the price, in GPUs. One set for every workload; fitted on shuffled orders of
// the openb traces, kUsedNode also on loads with departures. Half or twice of one costs at most
// 1.4 % of the GPUs that FGD leaves free, but half of kLargeRoom or twice kShortOfCpu rejects some
// large requests early (docs/benchmarks.md).
constexpr double kFragment = 0.088;   // a GPU that typical requests cannot use
constexpr double kShortOfCpu = 0.5;   // a free GPU without the CPU that requests ask beside one
constexpr double kEnoughCpu = 0.95;   // of what they ask on average: below it CPU is short
constexpr double kStep = 0.004;       // below it two nodes cost the same
constexpr double kUsedNode = 0.001;   // a free GPU: nodes in use are filled first
constexpr double kUsedGpu = 0.0034;   // what is left of the share's GPU
constexpr double kLargeRoom = 0.045;  // a GPU of room for a request of several GPUs
constexpr double kWantedModel = 0.1;  // a GPU of a model that others have to have

double Gpus(std::int64_t milli) { return static_cast<double>(milli) / 1000.0; }
double Gpus(const Shape& shape) { return Gpus(shape.share.value()) * shape.gpus; }
double Cores(base::MilliCpu cpu) { return static_cast<double>(cpu.value()) / 1000.0; }

bool Allows(const Shape& shape, std::size_t model) { return ((shape.models >> model) & 1U) != 0; }

std::size_t ModelsOf(std::span<const NodeState> nodes) {
  std::size_t models = 0;
  for (const NodeState& node : nodes) models = std::max<std::size_t>(models, node.model + 1U);
  return models;
}

class Tangram final : public Policy {
 public:
  Tangram(std::span<const NodeState> nodes, std::span<const Shape> requests)
      : Tangram(nodes, PriceRequests(nodes, requests), FindTypicalShapes(requests)) {}

  std::string_view name() const override { return "tangram"; }

  Choice Choose(const NodeState& node, const Shape& shape) const override {
    const Parts before = PartsOf(node);
    return BestChoice(node, shape, [&](GpuSet gpus) { return ScoreOf(before, node, shape, gpus); });
  }

 private:
  Tangram(std::span<const NodeState> nodes, const std::vector<PricedShape>& prices,
          std::vector<TypicalShape> typical)
      : typical_(std::move(typical)), value_(prices, ModelsOf(nodes)) {
    FindCoresPerGpu(prices);
    FindLarge(nodes, prices);
    FindWanted(nodes, prices);
  }

  // A request of several GPUs, and what room for one is worth for that alone.
  struct Large {
    Shape shape;
    double worth = 0;
  };

  // What a node is worth, part by part.
  struct Parts {
    double value = 0;
    double fragment = 0;
    double large = 0;
    double short_of_cpu = 0;
  };

  void FindCoresPerGpu(const std::vector<PricedShape>& prices) {
    double cores = 0;
    double gpus = 0;
    for (const auto& [shape, expected, worth] : prices) {
      if (shape.gpus == 0) continue;
      cores += expected * Cores(shape.cpu);
      gpus += expected * Gpus(shape);
    }
    cores_per_gpu_ = gpus > 0 ? kEnoughCpu * cores / gpus : 0;
  }

  // Room is worth more the less of it there is for as many requests.
  void FindLarge(std::span<const NodeState> nodes, const std::vector<PricedShape>& prices) {
    for (const auto& [shape, expected, worth] : prices) {
      if (shape.gpus < 2) continue;
      std::int64_t rooms = 0;
      for (const NodeState& node : nodes) rooms += RoomsOf(node, IdleGpus(node), shape);
      if (rooms == 0) continue;
      const double each = std::min(1.0, expected / static_cast<double>(rooms));
      large_.push_back({shape, kLargeRoom * each * shape.gpus});
    }
  }

  // How much of each model is asked for by requests that may run on some models only.
  void FindWanted(std::span<const NodeState> nodes, const std::vector<PricedShape>& prices) {
    wanted_.assign(ModelsOf(nodes), 0.0);
    std::vector<double> gpus(wanted_.size(), 0.0);
    for (const NodeState& node : nodes) gpus[node.model] += node.gpus;
    for (const auto& [shape, expected, worth] : prices) {
      if (shape.gpus == 0 || shape.models == kAnyModel) continue;
      double allowed = 0;
      for (std::size_t m = 0; m < gpus.size(); ++m) allowed += Allows(shape, m) ? gpus[m] : 0;
      if (allowed <= 0) continue;
      const double asked = expected * Gpus(shape);
      for (std::size_t m = 0; m < gpus.size(); ++m) {
        wanted_[m] += Allows(shape, m) ? asked / allowed : 0;
      }
    }
    for (double& wanted : wanted_) wanted = kWantedModel * std::min(1.0, wanted);
  }

  // How many requests of whole GPUs the node takes, but for memory. Not only whether it takes one:
  // the first GPU of an idle node has to cost more than that of a half empty one, which becomes
  // half empty again far sooner than the other becomes idle where requests leave.
  static std::int64_t RoomsOf(const NodeState& node, int idle, const Shape& shape) {
    if (!node.has_model_of(shape) || shape.cpu > node.cpu) return 0;
    const std::int64_t by_gpus = idle / shape.gpus;
    if (shape.cpu.value() <= 0) return by_gpus;
    return std::min(by_gpus, node.cpu.value() / shape.cpu.value());
  }

  Parts PartsOf(const NodeState& node) const {
    Parts parts;
    parts.value = value_.Of(node);
    parts.fragment = FragmentOf(node, typical_) / 1000.0;
    const int idle = IdleGpus(node);
    for (const auto& [shape, worth] : large_) {
      parts.large += worth * static_cast<double>(RoomsOf(node, idle, shape));
    }
    if (cores_per_gpu_ > 0) {
      const double gpus = Gpus(FreeMilli(node));
      parts.short_of_cpu = std::max(0.0, gpus - Cores(node.cpu) / cores_per_gpu_);
    }
    return parts;
  }

  std::int64_t ScoreOf(const Parts& before, const NodeState& node, const Shape& shape,
                       GpuSet gpus) const {
    const NodeState left = After(node, shape, gpus);
    const Parts after = PartsOf(left);
    const double lost = before.value - after.value + kFragment * (after.fragment - before.fragment);
    double cost = std::round(lost / kStep) * kStep;
    cost += kShortOfCpu * (after.short_of_cpu - before.short_of_cpu);
    cost += before.large - after.large;
    cost += wanted_[node.model] * Gpus(shape);
    cost += kUsedNode * Gpus(FreeMilli(left));
    if (shape.is_share()) {
      cost += kUsedGpu * Gpus(left.free[static_cast<std::size_t>(std::countr_zero(gpus))]);
    }
    return -std::llround(cost * 1e9);
  }

  std::vector<TypicalShape> typical_;
  NodeValue value_;
  double cores_per_gpu_ = 0;
  std::vector<Large> large_;
  std::vector<double> wanted_;  // GPUs a GPU, by model
};

}  // namespace

std::unique_ptr<Policy> MakeTangram(std::span<const NodeState> nodes,
                                    std::span<const Shape> requests) {
  return std::make_unique<Tangram>(nodes, requests);
}

}  // namespace tangram::plan
