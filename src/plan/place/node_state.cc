#include "plan/place/node_state.h"

#include <algorithm>
#include <numeric>

namespace tangram::plan {

std::int64_t FreeMilli(const NodeState& node) {
  return std::accumulate(node.free.begin(), node.free.begin() + node.gpus, std::int64_t{0});
}

int IdleGpus(const NodeState& node) {
  return static_cast<int>(
      std::count(node.free.begin(), node.free.begin() + node.gpus, kWholeGpu.value()));
}

bool Fits(const NodeState& node, const Shape& shape) {
  if (node.cpu < shape.cpu || node.memory < shape.memory) return false;
  if (!node.has_model_of(shape)) return false;
  if (shape.gpus == 0) return true;
  if (shape.gpus > node.gpus) return false;
  const auto share = static_cast<int>(shape.share.value());
  int fitting = 0;
  for (const int free : node.free) fitting += free >= share ? 1 : 0;  // nothing beyond its GPUs
  return fitting >= shape.gpus;
}

GpuSet FirstIdle(const NodeState& node, int gpus) {
  GpuSet set = 0;
  for (std::size_t i = 0; i < node.gpus && gpus > 0; ++i) {
    if (node.free[i] != kWholeGpu.value()) continue;
    set = static_cast<GpuSet>(set | (1U << i));
    --gpus;
  }
  return set;
}

GpuSet TightestGpu(const NodeState& node, base::MilliGpu share) {
  std::size_t best = kMostGpusPerNode;
  for (std::size_t i = 0; i < node.gpus; ++i) {
    if (node.free[i] < share.value()) continue;
    if (best == kMostGpusPerNode || node.free[i] < node.free[best]) best = i;
  }
  return static_cast<GpuSet>(1U << best);
}

NodeState After(const NodeState& node, const Shape& shape, GpuSet gpus) {
  NodeState after = node;
  after.cpu -= shape.cpu;
  after.memory -= shape.memory;
  after.kinds |= shape.kind();
  for (std::size_t i = 0; i < node.gpus; ++i) {
    if (((gpus >> i) & 1U) == 0) continue;
    after.free[i] = static_cast<std::int16_t>(after.free[i] - shape.share.value());
  }
  return after;
}

NodeState Before(const NodeState& node, const Shape& shape, GpuSet gpus) {
  NodeState before = node;
  before.cpu += shape.cpu;
  before.memory += shape.memory;
  for (std::size_t i = 0; i < node.gpus; ++i) {
    if (((gpus >> i) & 1U) == 0) continue;
    before.free[i] = static_cast<std::int16_t>(before.free[i] + shape.share.value());
  }
  return before;
}

NodeState Canonical(NodeState node) {
  std::sort(node.free.begin(), node.free.begin() + node.gpus);
  return node;
}

namespace {

class Hash {
 public:
  void Add(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9E3779B97F4A7C15U;
    value_ ^= value_ >> 32U;
  }
  std::size_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace

std::size_t NodeStateHash::operator()(const NodeState& node) const {
  Hash hash;
  hash.Add(static_cast<std::uint64_t>(node.cpu.value()));
  hash.Add(static_cast<std::uint64_t>(node.memory.value()));
  hash.Add((std::uint64_t{node.kinds} << 16U) | (std::uint64_t{node.model} << 8U) | node.gpus);
  for (std::size_t i = 0; i < node.gpus; i += 4) {
    std::uint64_t four = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      four = (four << 16U) | static_cast<std::uint16_t>(node.free[i + j]);
    }
    hash.Add(four);
  }
  return hash.value();
}

std::size_t ShapeHash::operator()(const Shape& shape) const {
  Hash hash;
  hash.Add(static_cast<std::uint64_t>(shape.cpu.value()));
  hash.Add(static_cast<std::uint64_t>(shape.memory.value()));
  hash.Add(static_cast<std::uint64_t>(shape.share.value() * 64 + shape.gpus));
  hash.Add(shape.models);
  return hash.value();
}

}  // namespace tangram::plan
