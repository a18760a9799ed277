// Snapshots made from a number, for laws over many inputs and for the benchmarks.
#pragma once

#include <cstdint>

#include "cluster/snapshot.h"

namespace tangram::cluster {

// Names and values: as clusters have them, or with every character that a text may hold (quotes,
// control characters, other scripts).
enum class RandomText { kUsual, kAnyCharacter };

struct RandomSize {
  int nodes = 6;
  int gpus_per_node = 8;
  int pods = 24;
  int usage_rows = 12;  // 0: no usage
  RandomText text = RandomText::kUsual;
};

// The same for equal arguments, on every machine. Normalised; every name is unique in its list;
// pods name nodes, claims name pods, and usage names nodes, cards and pods that are there. Every
// field is at its default in some snapshots and not in others.
Snapshot RandomSnapshot(std::uint64_t seed, const RandomSize& size = {});

}  // namespace tangram::cluster
