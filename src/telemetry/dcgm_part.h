// Reading one part of a window: DCGM's series, aggregated by the server, by device and holder.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/dcgm_labels.h"
#include "telemetry/dcgm_promql.h"
#include "telemetry/prometheus.h"

namespace tangram::telemetry {

// A sum that parts add up to. `low` and `high` are of good samples.
struct Tally {
  std::int64_t seen = 0;  // samples, good or not
  std::int64_t good = 0;
  double sum = 0;  // of the good ones
  double max = 0;
  void Add(const Tally& other);
};

struct ActivityTally {
  Tally all;
  std::int64_t busy = 0;      // good ones above 5 %
  std::int64_t too_high = 0;  // above the unit and up to 100: percent where a share should be?
  std::optional<base::Time> last_busy;
  void Add(const ActivityTally& other);
};

struct ActivityUnit {
  std::string metric;
  Bounds bounds;
  double busy_above = 0;
};
ActivityUnit EngineUnit();
ActivityUnit UtilizationUnit();

// What is known of a record beside numbers; from the series with most samples.
struct Identity {
  Labels labels;
  std::int64_t samples = 0;
};

struct Activity {
  std::map<RecordKey, ActivityTally> tallies;
  std::map<RecordKey, Identity> identities;
  std::set<Device> duplicated;  // a row without pod was left out for some time
  std::int64_t without_uuid = 0;
};

struct Auxiliary {
  std::map<RecordKey, Tally> memory_used;
  std::map<RecordKey, Tally> memory_free;
  std::map<RecordKey, Tally> power;
  std::map<RecordKey, Tally> sm_clock;
  std::map<RecordKey, std::int64_t> last_xid;  // not zero
  std::map<RecordKey, Identity> identities;
};

// Sends queries and counts them. Borrows the Prometheus.
class Asker {
 public:
  Asker(const Prometheus& prometheus, std::chrono::milliseconds timeout)
      : prometheus_(prometheus), timeout_(timeout) {}

  base::Result<std::vector<Series>> Ask(const std::string& promql, base::Time time);
  // The same as values by labels.
  base::Result<std::map<Labels, double>> Values(const std::string& promql, base::Time time);

  const Prometheus& prometheus() const { return prometheus_; }
  int requests() const { return requests_; }
  const std::set<std::string>& notices() const { return notices_; }
  void CountOne() { ++requests_; }

 private:
  const Prometheus& prometheus_;
  std::chrono::milliseconds timeout_;
  int requests_ = 0;
  std::set<std::string> notices_;
};

// How every part is read; learned once.
struct PartReader {
  Asker& asker;
  Promql plain;    // step of the subqueries over single series
  Promql merging;  // one step an interval: series of one holder meet in it
  // Subqueries of a long window look at every `sampling`th sample: what they count is multiplied
  // by it. Counts, sums and maxima over raw samples stay exact.
  int sampling = 1;
  std::vector<std::pair<std::string, std::string>> matchers{};
};

// Which devices to read: empty, all. More than a few hundred are filtered after reading.
using DeviceFilter = std::set<std::string>;  // of UUIDs

// Keys whose last busy time is known from a newer part: no need to ask for it again.
using Settled = std::set<RecordKey>;

base::Result<Activity> ReadActivity(const PartReader& reader, const ActivityUnit& unit,
                                    const Part& part, const DeviceFilter& devices,
                                    const Settled& settled);

// `part` must have been read with the same targets; errors as ReadActivity.
base::Result<Auxiliary> ReadAuxiliary(const PartReader& reader, const Part& part);

// The exporters' own labels during `part`, for the jobs of these series. Empty where Prometheus
// does not store `up`.
base::Result<ScrapeTargets> ReadTargets(const PartReader& reader, const Part& part,
                                        const std::vector<const Labels*>& series);

}  // namespace tangram::telemetry
