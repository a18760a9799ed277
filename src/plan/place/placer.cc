#include "plan/place/placer.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace tangram::plan {
namespace {

// Leftovers that are not worth a sweep.
constexpr std::size_t kFew = 64;

std::size_t KindNumber(const Shape& shape) {
  return static_cast<std::size_t>(std::countr_zero(shape.kind()));
}

}  // namespace

Placer::Placer(std::vector<NodeState> nodes, const Policy& policy)
    : policy_(policy),
      nodes_(std::move(nodes)),
      class_of_(nodes_.size(), kClosed),
      kinds_(nodes_.size()) {
  for (std::size_t rank = 0; rank < nodes_.size(); ++rank) {
    // What was there before never leaves.
    for (std::size_t kind = 0; kind < kinds_[rank].size(); ++kind) {
      kinds_[rank][kind] = static_cast<std::uint16_t>((nodes_[rank].kinds >> kind) & 1U);
    }
    Open(rank);
  }
  news_.clear();  // a shape begins with every class
}

Placer::ShapeId Placer::Intern(const Shape& shape) {
  const auto [known, fresh] = shapes_.try_emplace(shape, queues_.size());
  if (fresh) queues_.push_back({.shape = shape});
  return known->second;
}

std::optional<Placement> Placer::Place(ShapeId id) {
  Queue& queue = queues_[id];
  CatchUp(queue);
  const auto best = Best(queue);
  if (!best) return std::nullopt;
  const Placement placement{best->rank, policy_.Choose(nodes_[best->rank], queue.shape).gpus};
  Hold(id, placement);
  return placement;
}

void Placer::Hold(ShapeId id, const Placement& at) {
  const Shape& shape = queues_[id].shape;
  if (shape.kind() != 0) ++kinds_[at.node][KindNumber(shape)];
  Change(static_cast<Rank>(at.node), After(nodes_[at.node], shape, at.gpus));
}

void Placer::Release(ShapeId id, const Placement& at) {
  const Shape& shape = queues_[id].shape;
  NodeState state = Before(nodes_[at.node], shape, at.gpus);
  if (shape.kind() != 0 && --kinds_[at.node][KindNumber(shape)] == 0) state.kinds &= ~shape.kind();
  Change(static_cast<Rank>(at.node), state);
}

void Placer::Close(std::size_t node) {
  if (!is_open(node)) return;
  Leave(static_cast<Rank>(node));
}

void Placer::Open(std::size_t node) {
  if (is_open(node)) return;
  Enter(static_cast<Rank>(node), ClassOf(Canonical(nodes_[node])));
}

void Placer::Change(Rank node, const NodeState& state) {
  const bool open = is_open(node);
  if (open) Leave(node);
  nodes_[node] = state;
  if (open) Enter(node, ClassOf(Canonical(state)));
}

Placer::ClassId Placer::ClassOf(const NodeState& canonical) {
  const auto [found, fresh] = known_.try_emplace(canonical, static_cast<ClassId>(classes_.size()));
  if (fresh) classes_.push_back({.state = canonical});
  return found->second;
}

void Placer::Enter(Rank node, ClassId into) {
  Class& to = classes_[into];
  const bool lowest = to.size == 0 || node < LowestRank(to);
  class_of_[node] = into;
  if (to.size == 0) {
    to.ranks.clear();
    to.place = static_cast<std::uint32_t>(alive_.size());
    alive_.push_back(into);
  }
  ++to.size;
  to.ranks.push_back(node);
  std::push_heap(to.ranks.begin(), to.ranks.end(), std::greater<>());
  if (to.ranks.size() > 2 * to.size + kFew) DropLeft(to);
  if (lowest) Tell(into);
}

void Placer::Leave(Rank node) {
  Class& from = classes_[class_of_[node]];
  class_of_[node] = kClosed;
  if (--from.size > 0) return;
  const ClassId last = alive_.back();
  alive_[from.place] = last;
  classes_[last].place = from.place;
  alive_.pop_back();
}

Placer::Rank Placer::LowestRank(Class& of) {
  const auto id = static_cast<ClassId>(&of - classes_.data());
  while (class_of_[of.ranks.front()] != id) {
    std::pop_heap(of.ranks.begin(), of.ranks.end(), std::greater<>());
    of.ranks.pop_back();
  }
  return of.ranks.front();
}

// Where every class is looked at anyway, old news are of no use.
void Placer::Tell(ClassId news) {
  news_.push_back(news);
  if (news_.size() <= 4 * alive_.size() + kFew) return;
  const std::size_t old = news_.size() - alive_.size();
  news_.erase(news_.begin(), news_.begin() + static_cast<std::ptrdiff_t>(old));
  forgotten_ += old;
}

void Placer::DropLeft(Class& of) {
  const auto id = static_cast<ClassId>(&of - classes_.data());
  std::erase_if(of.ranks, [&](Rank rank) { return class_of_[rank] != id; });
  std::sort(of.ranks.begin(), of.ranks.end());  // a sorted list is a heap
  of.ranks.erase(std::unique(of.ranks.begin(), of.ranks.end()), of.ranks.end());
}

void Placer::CatchUp(Queue& queue) {
  const std::size_t told = forgotten_ + news_.size();
  const bool outgrown = queue.heap.size() > 4 * alive_.size() + kFew;
  if (!queue.begun || outgrown || queue.seen < forgotten_ || told - queue.seen > alive_.size()) {
    queue.heap.clear();
    for (const ClassId id : alive_) Push(queue, id);
  } else {
    for (std::size_t i = queue.seen - forgotten_; i < news_.size(); ++i) {
      if (classes_[news_[i]].size > 0) Push(queue, news_[i]);
    }
  }
  queue.begun = true;
  queue.seen = told;
}

void Placer::Push(Queue& queue, ClassId id) {
  Class& candidate = classes_[id];
  if (!Fits(candidate.state, queue.shape)) return;
  const std::int64_t score = policy_.Choose(candidate.state, queue.shape).score;
  queue.heap.push_back({score, LowestRank(candidate), id});
  std::push_heap(queue.heap.begin(), queue.heap.end());
}

std::optional<Placer::Entry> Placer::Best(Queue& queue) {
  while (!queue.heap.empty()) {
    const Entry top = queue.heap.front();
    Class& candidate = classes_[top.of];
    if (candidate.size > 0 && LowestRank(candidate) == top.rank) return top;
    std::pop_heap(queue.heap.begin(), queue.heap.end());
    queue.heap.pop_back();
    // The class lost its lowest node: it is still here, further back.
    if (candidate.size > 0 && LowestRank(candidate) > top.rank) {
      queue.heap.push_back({top.score, LowestRank(candidate), top.of});
      std::push_heap(queue.heap.begin(), queue.heap.end());
    }
  }
  return std::nullopt;
}

}  // namespace tangram::plan
