// Which layouts the cards of a node may have, where only the node's count of each MIG profile is
// known.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/node.h"
#include "gpu/gpu.h"

namespace tangram::adapter {

struct ProfileCount {
  const gpu::MigProfile* profile = nullptr;  // of the node's model
  std::int64_t count = 0;
};

// The instances of each of `cards` equal cards, by start. Equal cards where the counts allow it,
// else dealt out evenly, else any split that fits. Deterministic. Nothing where no split fits, or
// none was found within a fixed amount of work.
std::optional<std::vector<std::vector<cluster::Instance>>> Spread(
    const gpu::Model& model, const std::vector<ProfileCount>& counts, int cards);

// How many instances of `profile` one card holds at most.
int MostOnOneCard(const gpu::Model& model, const gpu::MigProfile& profile);

}  // namespace tangram::adapter
