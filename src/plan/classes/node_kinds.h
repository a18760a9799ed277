// What one node offers, by kind of device: what is there, and what could be made of its cards.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/classes/kind.h"
#include "plan/pass/node_room.h"

namespace tangram::plan::classes {

struct NodeKind {
  Kind kind{};
  std::int64_t total = 0;  // devices, held or free
  std::int64_t free = 0;
  std::int64_t could = 0;       // that could be made of cards which nobody holds
  std::int64_t could_ever = 0;  // that could be made of all its cards
};

// A card that DRA shares out by memory.
struct SharedOut {
  base::MiB left{};
  bool in_use = false;
};
using SharedCards = std::map<std::string_view, SharedOut>;  // of one node, by name of the device
// By node. Borrows the snapshot.
std::unordered_map<std::string_view, SharedCards> FindSharedCards(
    const cluster::Snapshot& snapshot);

// Each kind once. Where the cards of a node differ, a device is counted as the least of what it may
// be: the device plugin chooses.
std::vector<NodeKind> KindsOf(const NodeRoom& node, const SharedCards& shared);

}  // namespace tangram::plan::classes
