// Nodes and requests, for tests.
#pragma once

#include <random>
#include <vector>

#include "plan/place/node_state.h"

namespace tangram::plan::testing {

inline NodeState MakeNode(int cores, int gpus, std::uint8_t model = 0) {
  NodeState node;
  node.cpu = base::MilliCpu(cores * 1000);
  node.memory = base::MiB(64 * 1024);
  node.model = model;
  node.gpus = static_cast<std::uint8_t>(gpus);
  for (int i = 0; i < gpus; ++i) node.free[static_cast<std::size_t>(i)] = 1000;
  return node;
}

inline Shape MakeShape(int cores, int gpus, int share = 1000) {
  Shape shape;
  shape.cpu = base::MilliCpu(cores * 1000);
  shape.gpus = gpus;
  shape.share = base::MilliGpu(share);
  return shape;
}

// Forty nodes of three models, some without GPUs.
inline std::vector<NodeState> RandomNodes(std::mt19937& random) {
  std::vector<NodeState> nodes;
  for (int i = 0; i < 40; ++i) {
    const int gpus = std::vector{0, 1, 2, 4, 8}[random() % 5];
    nodes.push_back(MakeNode(std::vector{8, 32, 96}[random() % 3], gpus,
                             static_cast<std::uint8_t>(random() % 3)));
  }
  return nodes;
}

// 400 requests of a dozen shapes.
inline std::vector<Shape> RandomRequests(std::mt19937& random) {
  std::vector<Shape> shapes;
  for (int i = 0; i < 12; ++i) {
    const int gpus = std::vector{0, 1, 1, 1, 2, 4, 8}[random() % 7];
    const int share = gpus == 1 && random() % 2 ? static_cast<int>(100 + random() % 800) : 1000;
    shapes.push_back(MakeShape(static_cast<int>(1 + random() % 12), gpus, share));
    if (random() % 4 == 0) shapes.back().models = 1U << (random() % 3);
  }
  std::vector<Shape> requests;
  for (int i = 0; i < 400; ++i) requests.push_back(shapes[random() % shapes.size()]);
  return requests;
}

}  // namespace tangram::plan::testing
