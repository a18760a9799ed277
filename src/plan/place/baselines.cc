// The baselines of the FGD paper. Numbers as in the published simulator: the largest node it knows
// has 128 cores and 8 GPUs, scores are whole numbers from 0 to 100.
#include <algorithm>
#include <bit>

#include "plan/place/policy.h"

namespace tangram::plan {
namespace {

constexpr double kMostCpu = 128'000;
constexpr double kMostGpu = 8'000;

// Where a policy says nothing about the GPUs on the node.
GpuSet UsualGpus(const NodeState& node, const Shape& shape) {
  return shape.is_share() ? TightestGpu(node, shape.share) : FirstIdle(node, shape.gpus);
}

double AskedMilli(const Shape& shape) {
  return static_cast<double>(shape.share.value() * shape.gpus);
}

class BestFit final : public Policy {
 public:
  std::string_view name() const override { return "best-fit"; }
  Choice Choose(const NodeState& node, const Shape& shape) const override {
    const auto cpu_left = static_cast<double>((node.cpu - shape.cpu).value());
    const double gpu_left = static_cast<double>(FreeMilli(node)) - AskedMilli(shape);
    const double worth = 1.0 - 0.5 * cpu_left / kMostCpu - 0.5 * gpu_left / kMostGpu;
    return {static_cast<std::int64_t>(100.0 * worth), UsualGpus(node, shape)};
  }
};

class DotProduct final : public Policy {
 public:
  std::string_view name() const override { return "dot-product"; }
  Choice Choose(const NodeState& node, const Shape& shape) const override {
    const double cpu = static_cast<double>(node.cpu.value()) / kMostCpu *
                       (static_cast<double>(shape.cpu.value()) / kMostCpu);
    const double gpu =
        static_cast<double>(FreeMilli(node)) / kMostGpu * (AskedMilli(shape) / kMostGpu);
    return {static_cast<std::int64_t>(100.0 * (1.0 - (cpu + gpu) / 2)), UsualGpus(node, shape)};
  }
};

class GpuPacking final : public Policy {
 public:
  std::string_view name() const override { return "gpu-packing"; }
  Choice Choose(const NodeState& node, const Shape& shape) const override {
    return {shape.gpus == 0 ? 0 : ScoreOf(node, shape), UsualGpus(node, shape)};
  }

 private:
  // GPUs in use: 50 to 100; idle ones of a node in use: 33 to 50; of an idle node: below.
  static std::int64_t ScoreOf(const NodeState& node, const Shape& shape) {
    const std::int64_t idle = IdleGpus(node);
    if (idle == node.gpus) return std::max<std::int64_t>(33 - idle, idle);
    if (!shape.is_share()) return std::max<std::int64_t>(50 - shape.gpus, 33);
    const auto gpu = static_cast<std::size_t>(std::countr_zero(TightestGpu(node, shape.share)));
    if (node.free[gpu] == kWholeGpu.value()) return 49;
    return std::max<std::int64_t>(100 - node.free[gpu] * 100 / 1000 / 10, 50);
  }
};

class GpuClustering final : public Policy {
 public:
  std::string_view name() const override { return "gpu-clustering"; }
  Choice Choose(const NodeState& node, const Shape& shape) const override {
    return {shape.gpus == 0 ? 0 : ScoreOf(node, shape), UsualGpus(node, shape)};
  }

 private:
  // A quarter of the scale for each: only its kind, its kind and others, none, others only.
  static std::int64_t ScoreOf(const NodeState& node, const Shape& shape) {
    const std::int64_t used = 25 * (8000 - FreeMilli(node)) / 8000;
    if ((node.kinds & shape.kind()) != 0) return used + (node.kinds == shape.kind() ? 75 : 50);
    return used + (node.kinds == 0 ? 25 : 0);
  }
};

}  // namespace

std::unique_ptr<Policy> MakeBestFit() { return std::make_unique<BestFit>(); }
std::unique_ptr<Policy> MakeDotProduct() { return std::make_unique<DotProduct>(); }
std::unique_ptr<Policy> MakeGpuPacking() { return std::make_unique<GpuPacking>(); }
std::unique_ptr<Policy> MakeGpuClustering() { return std::make_unique<GpuClustering>(); }

}  // namespace tangram::plan
