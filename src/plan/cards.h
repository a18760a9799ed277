// Who holds what on the cards before a plan, and after it: for pictures.
//
// The actions are carried out on the seats of the snapshot (leaks/seats.h). Which card a pod gets
// is not for a plan to say, unless it holds it already: pods are counted onto free seats of the
// right kind, on cards in use first, as the world of the planner counts them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/snapshot.h"
#include "gpu/gpu.h"
#include "plan/plan.h"

namespace tangram::plan {

// A thing on a card that one pod can hold: the card, an instance, or a replica of either.
struct CardSeat {
  std::string profile{};  // NVIDIA's spelling; empty: the whole card
  std::optional<int> start{};
  int memory_slices = 0;  // of the instance; 0: the whole card, or not known
  int replica = 0;        // from 0
  std::optional<PodName> pod{};
  bool operator==(const CardSeat&) const = default;
};

struct CardChange {
  int gpu = 0;                        // index on the node
  const gpu::Model* model = nullptr;  // null: unknown
  std::vector<CardSeat> before{};     // nothing on a node that is added
  std::vector<CardSeat> after{};      // nothing on a node that is given back
};

struct NodeChange {
  std::string name{};
  const cluster::Node* like = nullptr;  // itself or, where it is added, the one it is like
  bool added = false;
  bool given_back = false;
  bool exact = true;  // the cluster says which card each pod holds now
  std::vector<CardChange> cards{};
};

// The nodes that actions of the plan name, by name, added ones last. Pointers lead into `snapshot`,
// which must outlive the result. The plan has to hold against it (validate.h).
std::vector<NodeChange> ChangesOf(const Plan& plan, const cluster::Snapshot& snapshot);

}  // namespace tangram::plan
