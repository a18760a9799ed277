// The node for a pod.
//
// A pod is looked up among the nodes that admit it, in columns of what they have free. Pods that
// ask for the same and say the same share a queue of nodes, best first, in which only nodes that
// changed since are looked at again: the second of ten thousand equal pods costs as much as the
// changes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plan/pass/willing.h"
#include "plan/pass/world.h"
#include "plan/place/policy.h"

namespace tangram::plan {

// Empty nodes that the policy keeps are taken last. Of the others, one that the pod prefers
// (preferred node affinity). Of those, one in use before an empty one that could be given back: so
// that as few nodes as can be are paid for. Of those, whole GPUs go where the placement policy
// `tangram` wants them, priced by what the pods of the cluster ask for; an instance goes where the
// fewest large placements are lost by it (mig/room_left.h; of devices of DRA, claims/room.h), and a
// share to a node in use; then
// where least is left of what it asks for, then where the fewest cards are free. Ties go to the
// first name.
class Chooser {
 public:
  // Borrows the world, whose nodes stay as many as they are.
  explicit Chooser(World& world);

  // Of the world's nodes that the pod fits; nullptr: none.
  NodeRoom* Best(const cluster::Pod& pod);
  // Of `nodes`, places in the world's, ascending.
  NodeRoom* BestOf(const std::vector<std::size_t>& nodes, const cluster::Pod& pod);
  // Has to be called for a node whose room is no longer what it was.
  void Changed(const NodeRoom& node);

 private:
  struct Score {
    bool open = true;    // the node is not one that is to be kept empty
    int preference = 0;  // of the pod: preferred node affinity
    bool paid = true;    // whatever becomes of the pod: not an empty node that can be given back
    std::int64_t first = 0;
    std::int64_t second = 0;
    std::int64_t third = 0;
    friend auto operator<=>(const Score&, const Score&) = default;
  };
  // A node as it was when it was looked at. Of equal ones the first name is best.
  struct Entry {
    Score score;
    std::size_t node = 0;
    int version = 0;
    // For a heap with the best on top.
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.score != b.score ? a.score < b.score : a.node > b.node;
    }
  };
  // Of pods that are alike.
  struct Queue {
    bool begun = false;
    std::size_t seen = 0;  // of changes_
    std::vector<Entry> heap{};
  };
  using Column = std::vector<std::int64_t>;  // by node
  // Of a node, as it was when it was last looked at for that.
  struct Known {
    int version = -1;
    std::optional<std::int64_t> value{};
  };
  using KnownByNode = std::vector<Known>;
  // What nodes are worth to the policy for one shape.
  struct Worth {
    Shape shape;
    KnownByNode by_node;
    Prices::ByState* by_state = nullptr;
  };

  // What is looked at for one pod.
  struct Request {
    const cluster::Pod& pod;
    const Willing& willing;
    std::vector<const Column*> free;  // as the pod's devices
    std::vector<KnownByNode*> loss;   // likewise: of large placements
    Shape shape;                      // of whole cards; without GPUs: it asks otherwise
    Worth* worth = nullptr;
    bool by_claim = false;  // devices of DRA may serve it
  };
  Request RequestOf(const cluster::Pod& pod);
  const Column& FreeOf(const std::string& resource);
  bool HasRoom(const Request& request, std::size_t node) const;
  Score ScoreOf(const Request& request, std::size_t node) const;
  std::int64_t LossOf(const Request& request, std::size_t node) const;
  // Nothing where whole cards do not fit.
  std::optional<std::int64_t> WorthOf(const Request& request, std::size_t node) const;
  std::optional<Entry> Scan(const Request& request, const std::vector<std::size_t>& nodes) const;
  std::optional<Entry> Top(const Request& request, Queue& queue);
  void Push(const Request& request, Queue& queue, std::size_t node) const;
  void FindKeptEmpty();
  void FindModels();
  void MakePolicy();
  NodeState StateOf(std::size_t node) const;

  World& world_;
  WillingNodes willing_;
  std::map<std::string, Column, std::less<>> free_;       // by resource
  std::map<std::string, KnownByNode, std::less<>> loss_;  // likewise
  std::unordered_map<Shape, Worth, ShapeHash> worth_;
  Column cpu_;
  Column memory_;
  std::vector<bool> whole_;           // nodes that offer whole cards
  std::vector<std::uint8_t> models_;  // of nodes: of their cards
  std::vector<bool> kept_;            // empty nodes that are to stay so
  std::vector<int> versions_;         // of nodes
  std::vector<std::size_t> changes_;
  std::unordered_map<std::string, Queue> queues_;
};

}  // namespace tangram::plan
