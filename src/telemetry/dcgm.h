// How busy GPUs were, by device and by the pod that held them, from DCGM's series in Prometheus.
//
// Sources: dcgm-exporter's default metrics and labels; docs/usage.md says what each series means
// and why these were chosen.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "telemetry/prometheus.h"

namespace tangram::telemetry {

inline constexpr const char* kEngineActive = "DCGM_FI_PROF_GR_ENGINE_ACTIVE";  // share, 0 to 1
inline constexpr const char* kGpuUtil = "DCGM_FI_DEV_GPU_UTIL";                // percent, 0 to 100
inline constexpr const char* kFbUsed = "DCGM_FI_DEV_FB_USED";                  // MiB
inline constexpr const char* kFbFree = "DCGM_FI_DEV_FB_FREE";                  // MiB
inline constexpr const char* kPowerUsage = "DCGM_FI_DEV_POWER_USAGE";          // W
inline constexpr const char* kSmClock = "DCGM_FI_DEV_SM_CLOCK";                // MHz
inline constexpr const char* kXidErrors = "DCGM_FI_DEV_XID_ERRORS";            // the last XID

enum class DcgmMetric { kNone, kEngine, kUtilization };

// One device while one holder held it.
struct DcgmRecord {
  std::string uuid;         // of the physical card
  std::string instance_id;  // GPU_I_ID; empty: the whole card
  std::string profile;      // GPU_I_PROFILE
  std::string ns;           // of the holder; empty with `pod`: no series named one
  std::string pod;
  std::string container;

  std::string node;        // as the series named it; may be a host name or an address
  std::string node_label;  // the label that said so; "instance" is a guess
  int gpu_index = -1;      // on its node; -1 unknown
  std::string model;       // modelName
  std::string claim_ns;    // dra_claim_*: empty without DRA
  std::string claim;

  DcgmMetric metric = DcgmMetric::kNone;
  std::int64_t samples = 0;   // good ones, of the activity metric
  std::int64_t rejected = 0;  // NaN, infinite, or outside the unit
  base::PartsPerMillion active_mean;
  base::PartsPerMillion active_max;
  base::PartsPerMillion busy_share;       // samples above 5 % of all good ones
  std::optional<base::Time> last_active;  // of the last sample above 5 %

  std::optional<base::MiB> memory_mean;
  std::optional<base::MiB> memory_max;
  std::optional<base::MiB> memory_total;         // of the device: used + free
  std::optional<std::int64_t> power_milliwatts;  // mean; of the whole card
  std::optional<std::int64_t> sm_clock_mhz;      // mean
  std::int64_t last_xid = 0;                     // the newest that is not zero

  std::chrono::milliseconds interval{0};  // between two samples, learned
  // Samples of any holder of this device, good ones, of those that the window would hold.
  base::PartsPerMillion device_coverage;

  // The series reads in another unit than its name says (percent for a share); nothing of it is
  // good then: samples is 0 and all are rejected.
  enum class Unit { kAsNamed, kWrong } unit = Unit::kAsNamed;
  // A row of the device without a pod was there for the same time and was left out (dcgm-exporter
  // with --kubernetes-virtual-gpus). The rows of all pods on the device may then be copies of one
  // another: DCGM sees the card, not the pod.
  enum class DeviceRow { kOnlyOne, kDuplicated } device_row = DeviceRow::kOnlyOne;

  bool operator==(const DcgmRecord&) const = default;
};

struct DcgmUsage {
  base::Time from;  // as asked, rounded down to the interval
  base::Time to;
  std::chrono::milliseconds interval{30'000};  // the most common one
  std::vector<DcgmRecord> records;             // by uuid, instance, profile, ns, pod, container
  std::vector<std::string> warnings;           // for a person; each once
  // Not empty where no series of DCGM was found: what was looked for, and the remedy.
  std::string nothing_found;
  int requests = 0;  // that were sent
};

struct DcgmProgress {
  base::PartsPerMillion done;  // of the window's length
  base::Time reading_from;     // the part that was just read
  base::Time reading_to;
  int requests = 0;
};

struct DcgmOptions {
  base::Time from;
  base::Time to;                                           // not in the future
  std::optional<std::chrono::milliseconds> interval_hint;  // used only where it cannot be learned
  std::vector<std::string> nodes;                          // empty: all; by any of the node labels
  // Label equals value, on every series: one cluster of many in a Thanos, say.
  std::vector<std::pair<std::string, std::string>> matchers;
  std::chrono::milliseconds part{std::chrono::hours(24)};  // longest part asked for at once
  std::chrono::milliseconds smallest_part{std::chrono::minutes(30)};
  std::chrono::milliseconds timeout{60'000};          // of one query
  std::chrono::milliseconds slow_after{20'000};       // a slower part halves the next ones
  std::function<void(const DcgmProgress&)> progress;  // may be empty
};

// Reads usage over (from, to].
//
// No raw samples travel: the server aggregates within parts of the window, and the parts are added
// up (counts and sums add, maxima and last times take the larger), so that the answer does not
// depend on how the window was cut. A part that the server refuses or does not finish is halved
// and asked again, down to `smallest_part`; then the error is returned.
//
// A window of more than 8,000 steps is sampled (docs/usage.md): busy shares, and the counts and
// means of merged series, are then approximate to about one percent.
//
// Series of one device and holder that exist at the same time (replicas of Prometheus, two
// scrapers, two exporters) are merged, not added: one sample an interval. Series that follow one
// another (a restarted exporter) add.
base::Result<DcgmUsage> ReadDcgm(const Prometheus& prometheus, const DcgmOptions& options);

}  // namespace tangram::telemetry
