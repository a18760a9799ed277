// What labels and allocatable resources say of a node's GPUs.
//
// Source: NVIDIA's feature discovery (k8s-device-plugin v0.20.0, internal/lm) and GKE's labels. Of
// the first:
//   - gpu.count is the number of cards; under the single strategy with MIG on, that of MIG devices,
//     and gpu.memory is then one device's.
//   - gpu.replicas: 1 not shared, N shared, 0 where every card has MIG on.
//   - gpu.product ends in -SHARED where shared and not renamed, in -MIG-<profile> under the single
//     strategy, in -MIG-INVALID where its cards are not alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapter/spread.h"
#include "cluster/node.h"
#include "gpu/gpu.h"

namespace tangram::adapter {

// Instances of one profile on the whole node.
struct MigDevices {
  std::string profile;  // NVIDIA's spelling where the model is known
  std::int64_t count = 0;
  std::int64_t replicas = 1;
  cluster::Sharing sharing = cluster::Sharing::kNone;
};

struct GpuLabels {
  cluster::MigStrategy strategy = cluster::MigStrategy::kNone;
  std::string product;                                 // the board; empty unknown
  const gpu::Model* model = nullptr;                   // nullptr unknown
  base::MiB memory;                                    // of the card; 0 unknown
  std::optional<std::int64_t> cards;                   // physical; absent where nothing says
  std::optional<std::int64_t> whole;                   // cards that are offered whole
  std::int64_t replicas = 1;                           // of a whole card
  cluster::Sharing sharing = cluster::Sharing::kNone;  // of a whole card
  std::vector<MigDevices> mig;                         // by profile
  std::int64_t offered = 0;                            // allocatable devices of every kind
  bool invalid_mix = false;                            // -MIG-INVALID
  bool any = false;                                    // something says that there are GPUs
};

// Counts that cannot be true of one node (more than kMostCards cards) are taken as not said.
inline constexpr std::int64_t kMostCards = 64;
GpuLabels ReadGpuLabels(const cluster::Node& node);

}  // namespace tangram::adapter
