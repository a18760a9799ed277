// Decides where requests go, one after the other, by a policy; its own model of the nodes counts
// each decision at once.
//
// Nodes whose free amounts are equal form a *class*; a policy scores classes, and each shape keeps
// them in a queue, best first. A decision scores only the classes that came into being since the
// shape was last asked for, so it costs what changed, not what there is: O(changes log classes).
// Pure and deterministic. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "plan/place/node_state.h"
#include "plan/place/policy.h"

namespace tangram::plan {

struct Placement {
  std::size_t node = 0;  // its rank
  GpuSet gpus = 0;
  bool operator==(const Placement&) const = default;
};

class Placer {
 public:
  using ShapeId = std::size_t;

  // Nodes in order of their rank: of nodes that a policy likes equally the first is taken. Borrows
  // `policy`.
  Placer(std::vector<NodeState> nodes, const Policy& policy);

  // Equal shapes get the same id.
  ShapeId Intern(const Shape& shape);

  // Takes the best node for the shape; nothing where none has room.
  std::optional<Placement> Place(ShapeId shape);

  // Takes what the caller chose: it fits there. The node may be closed.
  void Hold(ShapeId shape, const Placement& at);

  // Gives back what Place or Hold took, at most once each.
  void Release(ShapeId shape, const Placement& at);

  // A closed node gets nothing from Place; what is there stays until it is released. Nodes that are
  // still to come are closed too. Closing a closed node, or opening an open one, changes nothing.
  void Close(std::size_t node);
  void Open(std::size_t node);
  bool is_open(std::size_t node) const { return class_of_[node] != kClosed; }

  const std::vector<NodeState>& nodes() const { return nodes_; }
  std::size_t classes() const { return alive_.size(); }

 private:
  using ClassId = std::uint32_t;
  using Rank = std::uint32_t;
  static constexpr ClassId kClosed = ~ClassId{0};
  // How many requests of each kind (Shape::kind) are on a node.
  using KindCounts = std::array<std::uint16_t, kMostGpusPerNode + 1>;

  struct Class {
    NodeState state;
    // A heap, lowest first; may hold nodes that have left, and some twice.
    std::vector<Rank> ranks{};
    std::uint32_t size = 0;   // nodes in it
    std::uint32_t place = 0;  // in alive_, where size is not 0
  };

  // A class as a shape sees it. Out of date where another rank is now the class's lowest.
  struct Entry {
    std::int64_t score = 0;
    Rank rank = 0;
    ClassId of = 0;
    // For a heap with the best on top.
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.score != b.score ? a.score < b.score : a.rank > b.rank;
    }
  };

  struct Queue {
    Shape shape;
    std::vector<Entry> heap{};
    std::size_t seen = 0;  // news, those forgotten included
    bool begun = false;
  };

  ClassId ClassOf(const NodeState& canonical);
  // The node is as `state` says now.
  void Change(Rank node, const NodeState& state);
  void Enter(Rank node, ClassId into);
  void Leave(Rank node);
  Rank LowestRank(Class& of);
  void Tell(ClassId news);
  void DropLeft(Class& of);
  void CatchUp(Queue& queue);
  void Push(Queue& queue, ClassId id);
  std::optional<Entry> Best(Queue& queue);

  const Policy& policy_;
  std::vector<NodeState> nodes_;   // by rank
  std::vector<ClassId> class_of_;  // by rank; kClosed: in none
  std::vector<KindCounts> kinds_;  // by rank
  std::vector<Class> classes_;
  std::unordered_map<NodeState, ClassId, NodeStateHash> known_;
  std::vector<ClassId> alive_;  // classes with nodes
  std::vector<ClassId> news_;   // classes that came to life or got a lower lowest rank
  std::size_t forgotten_ = 0;   // news that came before those
  std::vector<Queue> queues_;   // by ShapeId
  std::unordered_map<Shape, ShapeId, ShapeHash> shapes_;
};

}  // namespace tangram::plan
