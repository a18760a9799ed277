#include <cmath>

#include "plan/place/best_choice.h"
#include "plan/place/policy.h"

namespace tangram::plan {
namespace {

class Fgd final : public Policy {
 public:
  explicit Fgd(std::vector<TypicalShape> typical) : typical_(std::move(typical)) {}
  std::string_view name() const override { return "fgd"; }

  Choice Choose(const NodeState& node, const Shape& shape) const override {
    const double before = FragmentOf(node, typical_);
    return BestChoice(node, shape, [&](GpuSet gpus) { return ScoreOf(before, node, shape, gpus); });
  }

 private:
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
