#include "plan/place/placer.h"

#include <algorithm>
#include <functional>

namespace tangram::plan {

Placer::Placer(std::vector<NodeState> nodes, const Policy& policy)
    : policy_(policy), nodes_(std::move(nodes)), class_of_(nodes_.size()) {
  for (std::size_t rank = 0; rank < nodes_.size(); ++rank) {
    Enter(static_cast<Rank>(rank), ClassOf(Canonical(nodes_[rank])));
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
  NodeState& node = nodes_[best->rank];
  const Choice choice = policy_.Choose(node, queue.shape);
  Leave(best->rank);
  node = After(node, queue.shape, choice.gpus);
  Enter(best->rank, ClassOf(Canonical(node)));
  return Placement{best->rank, choice.gpus};
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
  if (lowest) news_.push_back(into);
}

void Placer::Leave(Rank node) {
  Class& from = classes_[class_of_[node]];
  class_of_[node] = static_cast<ClassId>(-1);
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

void Placer::CatchUp(Queue& queue) {
  if (!queue.begun || news_.size() - queue.seen > alive_.size()) {
    queue.heap.clear();
    for (const ClassId id : alive_) Push(queue, id);
  } else {
    for (std::size_t i = queue.seen; i < news_.size(); ++i) {
      if (classes_[news_[i]].size > 0) Push(queue, news_[i]);
    }
  }
  queue.begun = true;
  queue.seen = news_.size();
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
