// The cards of a node as seats that nobody has taken yet: part of seats.h.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {

// What claims take of a device of DRA by capacity, each a seat, in the order of claims.
struct Shares {
  std::vector<const cluster::Claim*> claims{};
  std::vector<std::int64_t> memory{};  // MiB; 0: not known
};
using SharesByDevice = std::map<std::string_view, Shares>;  // of one node

// By node. Borrows the snapshot.
std::unordered_map<std::string_view, SharesByDevice> FindShares(const cluster::Snapshot& snapshot);

// Remembers what depends on a card's product or layout alone: a cluster of 80,000 cards has a few
// dozen of them. Borrows the nodes that it is asked about.
class CardMaker {
 public:
  // The node's price over its cards; what rounding leaves goes to the last.
  std::vector<Card> CardsOf(const cluster::Node& node, const SharesByDevice& shares);

 private:
  void AddSeats(Card& card, const SharesByDevice& shares);
  const gpu::Model* ModelOf(const cluster::Gpu& card);
  int FreeSlices(const gpu::Model& model, const cluster::Gpu& card);

  std::map<std::pair<std::string_view, std::int64_t>, const gpu::Model*> models_;
  std::map<std::pair<const gpu::Model*, std::vector<std::string_view>>, int> free_;
};

}  // namespace tangram::plan
