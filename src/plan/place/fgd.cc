#include <cmath>

#include "plan/place/policy.h"

namespace tangram::plan {
namespace {

class Fgd final : public Policy {
 public:
  explicit Fgd(std::vector<TypicalShape> typical) : typical_(std::move(typical)) {}
  std::string_view name() const override { return "fgd"; }

  Choice Choose(const NodeState& node, const Shape& shape) const override {
    const double before = FragmentOf(node, typical_);
    if (!shape.is_share()) {
      const GpuSet gpus = FirstIdle(node, shape.gpus);
      return {ScoreOf(before, node, shape, gpus), gpus};
    }
    Choice best{-1, 0};
    for (std::size_t i = 0; i < node.gpus; ++i) {
      if (node.free[i] < shape.share.value() || IsSeen(node, i)) continue;
      const auto gpu = static_cast<GpuSet>(1U << i);
      const std::int64_t score = ScoreOf(before, node, shape, gpu);
      if (score > best.score) best = {score, gpu};
    }
    return best;
  }

 private:
  // An earlier GPU has as much left, and so the same score.
  static bool IsSeen(const NodeState& node, std::size_t gpu) {
    for (std::size_t i = 0; i < gpu; ++i) {
      if (node.free[i] == node.free[gpu]) return true;
    }
    return false;
  }

  std::int64_t ScoreOf(double before, const NodeState& node, const Shape& shape,
                       GpuSet gpus) const {
    const double gain = before - FragmentOf(After(node, shape, gpus), typical_);
    const double sigmoid = 1.0 / (1.0 + std::exp(-gain / 1000.0));
    return static_cast<std::int64_t>(sigmoid * 100.0);
  }

  std::vector<TypicalShape> typical_;
};

}  // namespace

std::unique_ptr<Policy> MakeFgd(std::vector<TypicalShape> typical) {
  return std::make_unique<Fgd>(std::move(typical));
}

}  // namespace tangram::plan
