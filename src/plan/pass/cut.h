// Cards that change their layout, before the actions that say so.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "plan/pass/world.h"

namespace tangram::plan {

// The layouts of cards as they were before they were first changed, by node and place in its cards.
class Cuts {
 public:
  explicit Cuts(World& world);

  // The instances of the card become `layout`; what pods hold has to be among them. The node offers
  // what its cards are then.
  void Recut(std::size_t node, std::size_t card, std::vector<SeatRoom> layout);
  // The same, by what stands where; what stands there already stays as it is.
  void Recut(std::size_t node, std::size_t card, const std::vector<gpu::Occupied>& layout);
  // Cards on which nothing is held become again what they were.
  void UndoUnused();
  // Whether the layout of the node may change, as far as its policy and that of its pool say: who
  // changes it, and on how many nodes of the pool already.
  bool MayRecut(std::size_t node) const;
  // Nodes of the pool that may change their layout, beside those that do; nothing: any number.
  std::optional<int> NodesLeft(const Pool* pool) const;
  bool Touches(std::size_t node) const;
  // One action for each changed card that has none yet.
  void Act(const std::string& reason);
  // The same for one card; nothing where it has one, or did not change.
  std::optional<int> Act(std::size_t node, std::size_t card, const std::string& reason,
                         Pass pass = Pass::kPartition);

 private:
  World& world_;
  std::map<const Pool*, int> touched_;  // nodes
  std::map<std::pair<std::size_t, std::size_t>, std::vector<SeatRoom>> before_;
};

// Whether the policy of the node lets instances of the profile be made there.
bool MayMake(const NodeRoom& node, const gpu::Model& model, const gpu::MigProfile& profile);

SeatRoom SeatOf(const gpu::MigProfile& profile, int start);

// A card of the model that nobody holds or shares.
bool IsFree(const CardRoom& card, const gpu::Model& model);

// Whether instances can be made beside what is held: it is known where that stands, and nothing on
// the card is shared.
bool HeldIsKnown(const CardRoom& card);

}  // namespace tangram::plan
