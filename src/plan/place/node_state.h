// What placement knows of a node and of a request: free amounts, and nothing else.
//
// Nodes whose states are equal are interchangeable, so a decision costs what the number of distinct
// states costs (placer.h). A state is a plain value of 72 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace tangram::plan {

inline constexpr int kMostGpusPerNode = 16;
inline constexpr base::MilliGpu kWholeGpu{1000};

// GPU models by number, as the caller counts them; a request names those it may run on by bits.
using ModelSet = std::uint64_t;
inline constexpr int kMostModels = 64;
inline constexpr ModelSet kAnyModel = ~ModelSet{0};

// What pods on a node are to each other for GPU clustering: 0 holds a share, n holds n whole GPUs.
using Kinds = std::uint32_t;  // a bit each

// A request: what one pod asks of one node. Equal requests are one *shape*.
struct Shape {
  base::MilliCpu cpu;
  base::MiB memory;
  int gpus = 0;
  // Of each of its GPUs, 1 to 1000; below a whole one only where gpus is 1.
  base::MilliGpu share = kWholeGpu;
  ModelSet models = kAnyModel;
  bool is_share() const { return gpus == 1 && share < kWholeGpu; }
  Kinds kind() const { return gpus == 0 ? 0 : Kinds{1} << (is_share() ? 0 : gpus); }
  bool operator==(const Shape&) const = default;
};

struct NodeState {
  base::MilliCpu cpu;                                 // free
  base::MiB memory;                                   // free
  std::uint8_t model = 0;                             // number of its GPUs' model
  std::uint8_t gpus = 0;                              // that it has
  Kinds kinds = 0;                                    // of the pods on it
  std::array<std::int16_t, kMostGpusPerNode> free{};  // thousandths of each GPU, 0 beyond `gpus`
  bool operator==(const NodeState&) const = default;

  bool has_model_of(const Shape& shape) const { return ((shape.models >> model) & 1U) != 0; }
};

// GPUs by bit, as the node counts them.
using GpuSet = std::uint16_t;

// Free GPU of the node, summed.
std::int64_t FreeMilli(const NodeState& node);
int IdleGpus(const NodeState& node);

bool Fits(const NodeState& node, const Shape& shape);

// The first idle GPUs that a request for whole ones takes. It fits.
GpuSet FirstIdle(const NodeState& node, int gpus);
// The GPU with the least left that holds the share; of equal ones the first. It fits.
GpuSet TightestGpu(const NodeState& node, base::MilliGpu share);

// The node once `shape` holds `gpus` of it. `kinds` gains the shape's.
NodeState After(const NodeState& node, const Shape& shape, GpuSet gpus);
// The node once `shape` no longer holds them. `kinds` stays: others of the kind may be there.
NodeState Before(const NodeState& node, const Shape& shape, GpuSet gpus);

// The same node with its GPUs in order of what is free: what makes two nodes equal.
NodeState Canonical(NodeState node);

struct NodeStateHash {
  std::size_t operator()(const NodeState& node) const;
};

struct ShapeHash {
  std::size_t operator()(const Shape& shape) const;
};

}  // namespace tangram::plan
