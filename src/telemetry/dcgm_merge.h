// Devices with several series for the same time: merged by the server, one sample an interval.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/dcgm_part.h"

namespace tangram::telemetry {

// One series' own statistics in one part.
struct ActivityRow {
  const Labels* labels = nullptr;  // into `owner`
  std::shared_ptr<const std::map<Labels, double>> owner;
  HolderForm form;
  RecordKey key;
  std::int64_t seen = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
};

struct ActivityQuestion {
  const ActivityUnit& unit;
  Selector selector;
  Part part;
  const Settled& settled;
};

// Adds the devices of `rows` to `into`. At each interval the series of one device and holder count
// as one sample, their mean; a row without pod counts only where no row with a pod is there;
// samples outside the unit are left out and counted.
base::Result<void> AddMerged(const PartReader& reader, const ActivityQuestion& question,
                             const std::vector<ActivityRow>& rows, Activity& into);

// "0.05"; no exponent, no locale.
std::string NumberText(double value);
// A time in seconds as the server computed it, if it lies in the part.
std::optional<base::Time> TimeWithin(const Part& part, double seconds);

}  // namespace tangram::telemetry
