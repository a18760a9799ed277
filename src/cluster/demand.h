// How many MIG instances were wanted at once, hour by hour: what a forecast goes by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tangram::cluster {

// Hours in a row. Where nothing is known of an hour the row ends, and another begins after it.
struct Demand {
  std::string pool;     // of the GpuPool
  std::string profile;  // in NVIDIA's spelling: 1g.5gb
  base::Time from;      // when the first hour began; hours are those of UTC
  // The most that pods held and waited for together, of each hour; not empty.
  std::vector<std::int64_t> peaks;
  bool operator==(const Demand&) const = default;
};

}  // namespace tangram::cluster
