#include "plan/place/pricing.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "plan/place/pattern_program.h"

namespace tangram::plan {
namespace {

// GPUs asked for over the time that prices look at, of those there are: the experiment of the FGD
// paper. Prices hardly depend on it.
constexpr double kAsked = 1.3;
// The time of the program grows with their product and more.
constexpr std::size_t kMostShapes = 400;
constexpr std::size_t kMostKinds = 100;

enum class Pool { kEqualNodes, kEqualGpus };

std::vector<NodeKind> KindsOf(std::span<const NodeState> nodes, Pool pool) {
  std::map<std::tuple<int, int, base::MilliCpu>, NodeKind> kinds;
  for (const NodeState& node : nodes) {
    const base::MilliCpu cpu = pool == Pool::kEqualNodes ? node.cpu : base::MilliCpu(0);
    const double cores = static_cast<double>(node.cpu.value()) / 1000.0;
    NodeKind& kind = kinds[{node.model, node.gpus, cpu}];
    kind.model = node.model;
    kind.gpus = node.gpus;
    kind.cores = std::max(kind.cores, cores);
    kind.all_gpus += node.gpus;
    kind.all_cores += cores;
  }
  std::vector<NodeKind> list;
  for (const auto& [key, kind] : kinds) list.push_back(kind);
  return list;
}

std::vector<NodeKind> KindsOf(std::span<const NodeState> nodes) {
  auto kinds = KindsOf(nodes, Pool::kEqualNodes);
  return kinds.size() <= kMostKinds ? kinds : KindsOf(nodes, Pool::kEqualGpus);
}

// Without what the program does not look at.
Shape Priced(Shape shape) {
  shape.memory = base::MiB(0);
  if (shape.gpus == 0) {
    shape.models = kAnyModel;
    shape.share = base::MilliGpu(0);
  }
  return shape;
}

struct Asked {
  std::vector<ExpectedShape> shapes;
  double gpus_beyond = 0;  // by shapes beyond kMostShapes, which are left out
};

bool ComesFirst(const ExpectedShape& a, const ExpectedShape& b) {
  const auto key = [](const Shape& s) { return std::tie(s.cpu, s.gpus, s.share, s.models); };
  return key(a.shape) < key(b.shape);
}

void LeaveOutTheRarest(Asked& asked) {
  if (asked.shapes.size() <= kMostShapes) return;
  std::sort(asked.shapes.begin(), asked.shapes.end(),
            [](const ExpectedShape& a, const ExpectedShape& b) {
              return a.count != b.count ? a.count > b.count : ComesFirst(a, b);
            });
  for (std::size_t i = kMostShapes; i < asked.shapes.size(); ++i) {
    asked.gpus_beyond += asked.shapes[i].gpus() * asked.shapes[i].count;
  }
  asked.shapes.resize(kMostShapes);
}

Asked AskedBy(std::span<const Shape> requests) {
  std::vector<ExpectedShape> all;
  Asked asked;
  for (const Shape& request : requests) all.push_back({Priced(request), 1});
  std::sort(all.begin(), all.end(), ComesFirst);
  for (const ExpectedShape& one : all) {
    if (asked.shapes.empty() || asked.shapes.back().shape != one.shape) {
      asked.shapes.push_back({one.shape, 0});
    }
    asked.shapes.back().count += 1;
  }
  LeaveOutTheRarest(asked);
  return asked;
}

bool IsHosted(std::span<const NodeKind> kinds, const ExpectedShape& shape) {
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](const NodeKind& kind) { return Hosts(kind, shape); });
}

double GpusOf(std::span<const NodeState> nodes) {
  double gpus = 0;
  for (const NodeState& node : nodes) gpus += node.gpus;
  return gpus;
}

}  // namespace

std::vector<PricedShape> PriceRequests(std::span<const NodeState> nodes,
                                       std::span<const Shape> requests) {
  const auto kinds = KindsOf(nodes);
  auto shapes = AskedBy(requests).shapes;
  std::erase_if(shapes, [&](const ExpectedShape& shape) { return !IsHosted(kinds, shape); });
  double asked = 0;
  for (const ExpectedShape& shape : shapes) asked += shape.gpus() * shape.count;
  if (asked <= 0) return {};
  const double scale = GpusOf(nodes) / asked;
  for (ExpectedShape& shape : shapes) shape.count *= kAsked * scale;
  const auto solution = SolvePatterns(kinds, shapes, CpuOnly::kAlways);
  std::vector<PricedShape> prices;
  for (std::size_t s = 0; s < shapes.size(); ++s) {
    prices.push_back({shapes[s].shape, shapes[s].count / kAsked,
                      solution ? solution->worth[s] : shapes[s].gpus()});
  }
  return prices;
}

double AllocationBound(std::span<const NodeState> nodes, std::span<const Shape> requests) {
  const double gpus = GpusOf(nodes);
  if (gpus <= 0) return 0;
  const Asked asked = AskedBy(requests);
  const auto solution = SolvePatterns(KindsOf(nodes), asked.shapes, CpuOnly::kMayStop);
  if (!solution) return 1;
  return std::clamp((solution->most_gpus + asked.gpus_beyond) / gpus, 0.0, 1.0);
}

}  // namespace tangram::plan
