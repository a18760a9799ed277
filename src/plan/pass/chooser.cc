#include "plan/pass/chooser.h"

#include <algorithm>

namespace tangram::plan {
namespace {

// "nvidia.com/gpu" stands for whole cards there.
bool OffersWholeCards(const NodeRoom& node) {
  return CountIn(node.offers, kCardResource) == static_cast<std::int64_t>(node.cards.size()) &&
         std::none_of(node.cards.begin(), node.cards.end(),
                      [](const CardRoom& card) { return card.is_cut(); });
}

// The GPUs of a pod that asks for whole cards and for nothing else of a GPU; 0: it asks otherwise.
int WholeCardsOf(const cluster::Pod& pod) {
  if (!pod.claims.empty()) return 0;
  std::int64_t cards = 0;
  for (const auto& [resource, count] : pod.devices) {
    if (resource != kCardResource && KindOf(resource).unit != ResourceKind::Unit::kNotGpu) return 0;
    if (resource == kCardResource) cards += count;
  }
  return static_cast<int>(std::min<std::int64_t>(cards, kMostGpusPerNode));
}

Shape ShapeOf(const cluster::Pod& pod) {
  return {.cpu = pod.cpu, .memory = pod.memory, .gpus = WholeCardsOf(pod)};
}

std::string_view ProductOf(const NodeRoom& node) {
  if (node.like->gpus.empty()) return {};
  return node.like->gpus.front().product;
}

NodeState WithGpus(NodeState state, std::int64_t gpus, std::int64_t free) {
  const auto most = [](std::int64_t count) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, kMostGpusPerNode));
  };
  state.gpus = static_cast<std::uint8_t>(most(gpus));
  std::fill_n(state.free.begin(), std::min(most(free), most(gpus)),
              static_cast<std::int16_t>(kWholeGpu.value()));
  return state;
}

}  // namespace

Chooser::Chooser(const World& world) {
  for (const NodeRoom& node : world.nodes()) models_.push_back(ProductOf(node));
  std::sort(models_.begin(), models_.end());
  models_.erase(std::unique(models_.begin(), models_.end()), models_.end());
  std::vector<NodeState> empty;
  for (const NodeRoom& node : world.nodes()) {
    if (!OffersWholeCards(node)) continue;
    const NodeState state{
        .cpu = node.like->cpu, .memory = node.like->memory, .model = ModelOf(node)};
    const auto cards = static_cast<std::int64_t>(node.cards.size());
    empty.push_back(WithGpus(state, cards, cards));
  }
  std::vector<Shape> asked;
  for (const cluster::Pod& pod : world.snapshot().pods) {
    if (WholeCardsOf(pod) > 0) asked.push_back(ShapeOf(pod));
  }
  policy_ = MakeTangram(empty, asked);
}

// Models beyond those that placement tells apart count as the last.
std::uint8_t Chooser::ModelOf(const NodeRoom& node) const {
  const auto at = std::lower_bound(models_.begin(), models_.end(), ProductOf(node));
  return static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(at - models_.begin(), kMostModels - 1));
}

NodeState Chooser::StateOf(const NodeRoom& node) const {
  const NodeState state{.cpu = node.cpu, .memory = node.memory, .model = ModelOf(node)};
  return WithGpus(state, static_cast<std::int64_t>(node.cards.size()),
                  CountIn(node.free, kCardResource));
}

Chooser::Score Chooser::Of(const NodeRoom& node, const cluster::Pod& pod) const {
  if (WholeCardsOf(pod) > 0 && OffersWholeCards(node)) {
    const NodeState state = StateOf(node);
    const Shape shape = ShapeOf(pod);
    if (plan::Fits(state, shape)) return {policy_->Choose(state, shape).score, 0};
  }
  std::int64_t left = 0;
  for (const auto& [resource, count] : pod.devices) left += CountIn(node.free, resource) - count;
  return {-left, -CountIn(node.free, kCardResource)};
}

NodeRoom* Chooser::Best(World& world, const cluster::Pod& pod) const {
  NodeRoom* best = nullptr;
  Score best_score;
  for (NodeRoom& node : world.nodes()) {
    if (!plan::Fits(node, pod)) continue;
    const Score score = Of(node, pod);
    if (best == nullptr || score > best_score) {
      best = &node;
      best_score = score;
    }
  }
  return best;
}

}  // namespace tangram::plan
