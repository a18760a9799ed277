#include "adapter/read_demand.h"

#include <chrono>
#include <utility>

#include "plan/forecast/forecast.h"

namespace tangram::adapter {

cluster::List<cluster::Demand> DemandOf(const std::vector<telemetry::WantedHours>& wanted) {
  cluster::List<cluster::Demand> rows;
  for (const telemetry::WantedHours& one : wanted) {
    cluster::Demand row;
    for (const auto& [from, peak] : one.hours) {
      const bool goes_on =
          !row.peaks.empty() && from == row.from + std::chrono::hours(std::ssize(row.peaks));
      if (!goes_on && !row.peaks.empty()) rows.push_back(row);
      if (!goes_on) row = {.pool = one.pool, .profile = one.profile, .from = from, .peaks = {}};
      row.peaks.push_back(peak);
    }
    if (!row.peaks.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

base::Result<cluster::List<cluster::Demand>> DemandBefore(base::Time now,
                                                          const telemetry::Prometheus& prometheus,
                                                          const Matchers& matchers) {
  const auto wanted = telemetry::ReadWanted(
      prometheus, {.now = now, .weeks = plan::kWeeksOfHistory, .matchers = matchers});
  if (!wanted) return tl::unexpected(wanted.error());
  return DemandOf(*wanted);
}

cluster::Snapshot ReadDemand(cluster::Snapshot snapshot, const telemetry::Prometheus& prometheus,
                             const Matchers& matchers) {
  auto demand = DemandBefore(snapshot.taken_at, prometheus, matchers);
  if (demand) {
    snapshot.demand = *std::move(demand);
  } else if (cluster::GapIn(snapshot, "usage") == nullptr) {
    snapshot.gaps.push_back(GapOfDemand(demand.error().message));
  }
  cluster::Normalize(snapshot);
  return snapshot;
}

cluster::Gap GapOfDemand(const std::string& why) {
  return {"demand", why,
          "let the cluster's Prometheus scrape the controller, or name one with --prometheus URL"};
}

}  // namespace tangram::adapter
