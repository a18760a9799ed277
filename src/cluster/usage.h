// What was measured, over a window that ends when the snapshot was taken.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"

namespace tangram::cluster {

// Which series said how busy a device was.
enum class ActivityMetric {
  kNone,         // none was there
  kEngine,       // DCGM_FI_PROF_GR_ENGINE_ACTIVE: share of time the engine ran; right on MIG too
  kUtilization,  // DCGM_FI_DEV_GPU_UTIL: any kernel ran; 0 or absent on MIG, never used there
};

// One device (a card or a MIG instance) while one pod held it. A device that two pods held one
// after the other gives two records; time in which no pod held it gives one with an empty pod.
struct DeviceUsage {
  std::string node;         // empty where the series named no node that is known
  std::string uuid;         // of the physical card, "GPU-..."
  int gpu_index = -1;       // on its node; -1 unknown
  std::string instance_id;  // GPU_I_ID; empty: the whole card
  std::string profile;      // GPU_I_PROFILE
  std::string ns;           // the pod that held it; empty: none was named
  std::string pod;
  std::string container;

  ActivityMetric metric = ActivityMetric::kNone;
  std::int64_t samples = 0;           // that were good, of the activity metric
  std::int64_t rejected = 0;          // NaN, infinite, or outside the unit
  base::PartsPerMillion active_mean;  // of 1.0
  base::PartsPerMillion active_max;
  base::PartsPerMillion busy_share;       // share of the samples above 5 % activity
  std::optional<base::Time> last_active;  // last time above 5 %, to the nearest part of the window

  std::optional<base::MiB> memory_mean;
  std::optional<base::MiB> memory_max;
  std::optional<base::MiB> memory_total;         // used + free
  std::optional<std::int64_t> power_milliwatts;  // mean; of the whole card
  std::optional<std::int64_t> sm_clock_mhz;      // mean
  std::int64_t last_xid = 0;                     // 0: no error seen
  bool operator==(const DeviceUsage&) const = default;
};

struct Usage {
  base::Time from;
  base::Time to;
  std::chrono::milliseconds interval{30'000};  // expected time between two samples
  std::string source;                          // "prometheus", and how it was found; no credentials
  std::vector<DeviceUsage> devices;  // by node, gpu_index, instance_id, ns, pod, container
  bool operator==(const Usage&) const = default;
};

// How many samples the whole window would hold.
inline std::int64_t ExpectedSamples(const Usage& usage) {
  return usage.interval.count() <= 0 ? 0 : (usage.to - usage.from) / usage.interval;
}

}  // namespace tangram::cluster
