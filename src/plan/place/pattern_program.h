// The linear program of pricing.h. Private to it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "plan/place/node_state.h"

namespace tangram::plan {

// Equal empty nodes.
struct NodeKind {
  std::uint8_t model = 0;
  int gpus = 0;         // of one node
  double cores = 0;     // of one node
  double all_gpus = 0;  // of all
  double all_cores = 0;
};

struct ExpectedShape {
  Shape shape;
  double count = 0;
  double gpus() const { return shape.gpus * static_cast<double>(shape.share.value()) / 1000.0; }
  double cores() const { return static_cast<double>(shape.cpu.value()) / 1000.0; }
};

// Whether an empty node of the kind has room for the shape, but for memory.
bool Hosts(const NodeKind& kind, const ExpectedShape& shape);

enum class CpuOnly {
  kAlways,   // accepted to the end; CPU that this lacks is bought at a price above all others
  kMayStop,  // as any other kind
};

struct PatternSolution {
  std::vector<double> worth;  // dual of packed(s), by shape; 0 where no node can host the shape
  double most_gpus = 0;       // no solution uses more GPUs, within the tolerance of the solver
};

// Nothing where the solver finds no optimum. The shapes are distinct.
std::optional<PatternSolution> SolvePatterns(std::span<const NodeKind> kinds,
                                             std::span<const ExpectedShape> shapes,
                                             CpuOnly cpu_only);

}  // namespace tangram::plan
