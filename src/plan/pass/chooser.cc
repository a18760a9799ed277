#include "plan/pass/chooser.h"

#include <algorithm>

#include "cluster/schedulable.h"
#include "plan/mig/room_left.h"
#include "plan/pass/shared_devices.h"
#include "plan/share/asks.h"

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

// Slices of placements that the best card loses by one more instance of the kind.
std::int64_t LossByInstance(const NodeRoom& node, const ResourceKind& kind) {
  std::optional<std::int64_t> least;
  for (const CardRoom& card : node.cards) {
    if (card.model == nullptr || !card.may_change) continue;
    std::vector<gpu::Occupied> occupied;
    const SeatRoom* free = nullptr;
    const gpu::MigProfile* profile = gpu::ProfileNamed(*card.model, kind.profile);
    for (const SeatRoom& seat : card.seats) {
      if (seat.facts == nullptr || !seat.start) continue;
      if (seat.held > 0) occupied.push_back({seat.facts, *seat.start});
      if (seat.held == 0 && seat.facts == profile && free == nullptr) free = &seat;
    }
    if (free == nullptr) continue;
    const int before = mig::RoomLeft(*card.model, occupied);
    occupied.push_back({free->facts, *free->start});
    const std::int64_t loss = before - mig::RoomLeft(*card.model, occupied);
    least = std::min(least.value_or(loss), loss);
  }
  return least.value_or(0);
}

// What the node's cards could hold, and no longer could once the pod is there: large placements
// that its instances, or a card that nobody shares yet, take away.
std::int64_t LossOn(const NodeRoom& node, std::string_view resource) {
  const ResourceKind kind = KindOf(resource);
  if (kind.unit == ResourceKind::Unit::kInstance) return LossByInstance(node, kind);
  return kind.unit == ResourceKind::Unit::kCard && kind.shared && node.held() == 0 ? 1 : 0;
}

}  // namespace

Chooser::Chooser(World& world)
    : world_(world), willing_(NodesOf(world)), versions_(world.nodes().size()) {
  FindModels();
  for (const NodeRoom& node : world.nodes()) {
    whole_.push_back(OffersWholeCards(node));
    cpu_.push_back(node.cpu.value());
    memory_.push_back(node.memory.value());
  }
  FindKeptEmpty();
}

void Chooser::MakePolicy() {
  std::vector<NodeState> empty;
  for (std::size_t at = 0; at < whole_.size(); ++at) {
    const NodeRoom& node = world_.nodes()[at];
    if (!whole_[at]) continue;
    const NodeState state{.cpu = node.like->cpu, .memory = node.like->memory, .model = models_[at]};
    const auto cards = static_cast<std::int64_t>(node.cards.size());
    empty.push_back(WithGpus(state, cards, cards));
  }
  std::vector<Shape> asked;
  for (const cluster::Pod& pod : world_.snapshot().pods) {
    if (WholeCardsOf(pod) > 0) asked.push_back(ShapeOf(pod));
  }
  world_.prices().policy = MakeTangram(empty, asked);
}

// Models beyond those that placement tells apart count as the last.
void Chooser::FindModels() {
  std::vector<std::string_view> products;
  for (const NodeRoom& node : world_.nodes()) products.push_back(ProductOf(node));
  std::sort(products.begin(), products.end());
  products.erase(std::unique(products.begin(), products.end()), products.end());
  for (const NodeRoom& node : world_.nodes()) {
    const auto at = std::lower_bound(products.begin(), products.end(), ProductOf(node));
    models_.push_back(static_cast<std::uint8_t>(
        std::min<std::ptrdiff_t>(at - products.begin(), kMostModels - 1)));
  }
}

NodeState Chooser::StateOf(std::size_t at) const {
  const NodeRoom& node = world_.nodes()[at];
  const NodeState state{.cpu = node.cpu, .memory = node.memory, .model = models_[at]};
  return WithGpus(state, static_cast<std::int64_t>(node.cards.size()),
                  CountIn(node.free, kCardResource));
}

const Chooser::Column& Chooser::FreeOf(const std::string& resource) {
  const auto [known, fresh] = free_.try_emplace(resource);
  if (fresh) {
    for (const NodeRoom& node : world_.nodes()) {
      known->second.push_back(CountIn(node.free, resource));
    }
  }
  return known->second;
}

void Chooser::Changed(const NodeRoom& node) {
  const auto at = static_cast<std::size_t>(&node - world_.nodes().data());
  cpu_[at] = node.cpu.value();
  memory_[at] = node.memory.value();
  for (auto& [resource, column] : free_) column[at] = CountIn(node.free, resource);
  ++versions_[at];
  changes_.push_back(at);
}

Chooser::Request Chooser::RequestOf(const cluster::Pod& pod) {
  Request request{.pod = pod,
                  .willing = willing_.For(pod),
                  .free = {},
                  .loss = {},
                  .shape = ShapeOf(pod),
                  .by_claim = world_.book().Concerns(pod)};
  for (const auto& [resource, count] : pod.devices) {
    request.free.push_back(&FreeOf(resource));
    request.loss.push_back(&loss_.try_emplace(resource, versions_.size()).first->second);
  }
  Shape shape = request.shape;
  shape.memory = {};
  const auto [worth, fresh] =
      worth_.try_emplace(shape, Worth{.shape = shape, .by_node = {}, .by_state = nullptr});
  if (fresh) {
    worth->second.by_node.resize(versions_.size());
    worth->second.by_state = &world_.prices().worth[shape];
  }
  request.worth = &worth->second;
  if (shape.gpus > 0 && world_.prices().policy == nullptr) MakePolicy();
  return request;
}

bool Chooser::HasRoom(const Request& request, std::size_t node) const {
  const NodeRoom& room = world_.nodes()[node];
  for (std::size_t i = 0; i < request.free.size(); ++i) {
    if ((*request.free[i])[node] >= request.pod.devices[i].count) continue;
    if (!request.by_claim || !room.has_free(request.pod, request.pod.devices[i])) return false;
  }
  return cpu_[node] >= request.pod.cpu.value() && memory_[node] >= request.pod.memory.value() &&
         !room.given_back && HasGpuMemory(room, request.pod);
}

Chooser::Score Chooser::ScoreOf(const Request& request, std::size_t at) const {
  const NodeRoom& node = world_.nodes()[at];
  const int preference = cluster::PreferenceFor(*node.self, request.pod);
  const bool paid = !node.policy->give_back || !node.is_empty();
  if (const auto worth = WorthOf(request, at)) return {!kept_[at], preference, paid, *worth, 0, 0};
  std::int64_t left = 0;
  bool by_claim = !request.pod.claims.empty();
  for (std::size_t i = 0; i < request.free.size(); ++i) {
    const auto& [resource, count] = request.pod.devices[i];
    if (request.by_claim && node.book->IsByClaim(node.site(), request.pod, resource)) {
      by_claim = true;
    } else {
      left += (*request.free[i])[at] - count;
    }
  }
  std::int64_t loss = LossOf(request, at);
  if (by_claim) {
    left += node.book->FreeOn(*node.self);
    loss += node.book->LossBy(node.site(), request.pod);
  }
  return {!kept_[at], preference, paid, -loss, -left, -CountIn(node.free, kCardResource)};
}

// This and LossOf are known until the node changes.
std::optional<std::int64_t> Chooser::WorthOf(const Request& request, std::size_t at) const {
  if (request.shape.gpus == 0 || !whole_[at]) return std::nullopt;
  Known& known = request.worth->by_node[at];
  if (known.version == versions_[at]) return known.value;
  known = {.version = versions_[at]};
  NodeState state = StateOf(at);
  if (!plan::Fits(state, request.shape)) return std::nullopt;
  state.memory = {};
  const auto [worth, fresh] = request.worth->by_state->try_emplace(state);
  if (fresh) worth->second = world_.prices().policy->Choose(state, request.worth->shape).score;
  known.value = worth->second;
  return known.value;
}

std::int64_t Chooser::LossOf(const Request& request, std::size_t at) const {
  std::int64_t loss = 0;
  for (std::size_t i = 0; i < request.loss.size(); ++i) {
    Known& known = (*request.loss[i])[at];
    if (known.version != versions_[at]) {
      known = {versions_[at], LossOn(world_.nodes()[at], request.pod.devices[i].name)};
    }
    loss += *known.value;
  }
  return loss;
}

void Chooser::FindKeptEmpty() {
  std::map<std::pair<const Pool*, std::string_view>, int> kept;
  for (const NodeRoom& node : world_.nodes()) {
    const std::string_view group = node.pool == nullptr ? node.like->pool : std::string_view();
    const bool keep = node.is_empty() && !node.cards.empty() && node.like->ready &&
                      node.like->schedulable && kept[{node.pool, group}] < node.policy->keep_empty;
    if (keep) ++kept[{node.pool, group}];
    kept_.push_back(keep);
  }
}

std::optional<Chooser::Entry> Chooser::Scan(const Request& request,
                                            const std::vector<std::size_t>& nodes) const {
  std::optional<Entry> best;
  for (const std::size_t node : nodes) {
    if (!HasRoom(request, node)) continue;
    const Entry entry{ScoreOf(request, node), node, versions_[node]};
    if (best && !(*best < entry)) continue;
    // These look at every pod there: only for a node that would be taken.
    const NodeRoom& room = world_.nodes()[node];
    if (!SharesWell(room, request.pod) || !room.book->Fits(room.site(), request.pod)) continue;
    if (world_.neighbours().Allow(*room.self, request.pod)) best = entry;
  }
  return best;
}

void Chooser::Push(const Request& request, Queue& queue, std::size_t node) const {
  if (!HasRoom(request, node)) return;
  queue.heap.push_back({ScoreOf(request, node), node, versions_[node]});
  std::push_heap(queue.heap.begin(), queue.heap.end());
}

std::optional<Chooser::Entry> Chooser::Top(const Request& request, Queue& queue) {
  if (!queue.begun) {
    for (const std::size_t node : request.willing.now) Push(request, queue, node);
  } else {
    for (std::size_t i = queue.seen; i < changes_.size(); ++i) {
      const auto& now = request.willing.now;
      if (std::binary_search(now.begin(), now.end(), changes_[i]))
        Push(request, queue, changes_[i]);
    }
  }
  queue.begun = true;
  queue.seen = changes_.size();
  while (!queue.heap.empty()) {
    const Entry top = queue.heap.front();
    const bool is_now = top.version == versions_[top.node];
    if (is_now && SharesWell(world_.nodes()[top.node], request.pod)) return top;
    std::pop_heap(queue.heap.begin(), queue.heap.end());
    queue.heap.pop_back();
  }
  return std::nullopt;
}

NodeRoom* Chooser::BestOf(const std::vector<std::size_t>& nodes, const cluster::Pod& pod) {
  const Request request = RequestOf(pod);
  std::vector<std::size_t> willing;
  std::set_intersection(nodes.begin(), nodes.end(), request.willing.now.begin(),
                        request.willing.now.end(), std::back_inserter(willing));
  const auto best = Scan(request, willing);
  return best ? &world_.nodes()[best->node] : nullptr;
}

NodeRoom* Chooser::Best(const cluster::Pod& pod) {
  const Request request = RequestOf(pod);
  // Where others go changes where it may, and what is free for its claims.
  if (world_.neighbours().Concern(pod) || request.by_claim) {
    const auto best = Scan(request, request.willing.now);
    return best ? &world_.nodes()[best->node] : nullptr;
  }
  const auto [queue, fresh] = queues_.try_emplace(WordsOf(pod));
  // A queue is worth its memory once a second pod of its kind comes.
  const auto best = fresh ? Scan(request, request.willing.now) : Top(request, queue->second);
  return best ? &world_.nodes()[best->node] : nullptr;
}

}  // namespace tangram::plan
