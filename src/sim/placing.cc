#include "sim/placing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/random_placer.h"

namespace tangram::sim {
namespace {

using plan::NodeState;
using plan::Placement;
using plan::Shape;

using Nodes = std::span<const NodeState>;
using Shapes = std::span<const Shape>;
// Of the empty nodes, and of requests that stand for what is asked.
using MakePolicy = std::unique_ptr<plan::Policy> (*)(Nodes, Shapes);

constexpr std::array<std::pair<std::string_view, MakePolicy>, 6> kPolicies = {{
    {"tangram", plan::MakeTangram},
    {"fgd", [](Nodes, Shapes s) { return plan::MakeFgd(plan::FindTypicalShapes(s)); }},
    {"best-fit", [](Nodes, Shapes) { return plan::MakeBestFit(); }},
    {"dot-product", [](Nodes, Shapes) { return plan::MakeDotProduct(); }},
    {"gpu-packing", [](Nodes, Shapes) { return plan::MakeGpuPacking(); }},
    {"gpu-clustering", [](Nodes, Shapes) { return plan::MakeGpuClustering(); }},
}};

constexpr std::string_view kRandom = "random";  // not a Policy: random_placer.h

class ByPolicy final : public Placing {
 public:
  ByPolicy(std::vector<NodeState> nodes, std::unique_ptr<plan::Policy> policy)
      : policy_(std::move(policy)), placer_(std::move(nodes), *policy_) {}

  std::optional<Placement> Place(const Shape& shape) override {
    return placer_.Place(placer_.Intern(shape));
  }
  void Hold(const Shape& shape, const Placement& at) override {
    placer_.Hold(placer_.Intern(shape), at);
  }
  void Release(const Shape& shape, const Placement& at) override {
    placer_.Release(placer_.Intern(shape), at);
  }
  void Close(std::size_t node) override { placer_.Close(node); }
  void Open(std::size_t node) override { placer_.Open(node); }
  const std::vector<NodeState>& nodes() const override { return placer_.nodes(); }

 private:
  std::unique_ptr<plan::Policy> policy_;
  plan::Placer placer_;
};

class AtRandom final : public Placing {
 public:
  AtRandom(std::vector<NodeState> nodes, std::uint64_t seed) : placer_(std::move(nodes), seed) {}

  std::optional<Placement> Place(const Shape& shape) override { return placer_.Place(shape); }
  void Hold(const Shape& shape, const Placement& at) override { placer_.Hold(shape, at); }
  void Release(const Shape& shape, const Placement& at) override { placer_.Release(shape, at); }
  void Close(std::size_t node) override { placer_.Close(node); }
  void Open(std::size_t node) override { placer_.Open(node); }
  const std::vector<NodeState>& nodes() const override { return placer_.nodes(); }

 private:
  RandomPlacer placer_;
};

}  // namespace

std::vector<std::string_view> PolicyNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, make] : kPolicies) names.push_back(name);
  names.push_back(kRandom);
  return names;
}

tl::unexpected<base::Error> NoSuchPolicy(std::string_view policy) {
  return base::Fail(base::ErrorCode::kInvalid,
                    fmt::format("there is no policy {}; the policies are {}", policy,
                                fmt::join(PolicyNames(), ", ")));
}

std::unique_ptr<Placing> MakePlacing(std::vector<NodeState> nodes, const PlacingOptions& options) {
  if (options.policy == kRandom) return std::make_unique<AtRandom>(std::move(nodes), options.seed);
  const auto made = std::find_if(kPolicies.begin(), kPolicies.end(),
                                 [&](const auto& known) { return known.first == options.policy; });
  if (made == kPolicies.end()) return nullptr;
  auto policy = made->second(nodes, options.requests);
  return std::make_unique<ByPolicy>(std::move(nodes), std::move(policy));
}

}  // namespace tangram::sim
