#include "telemetry/dcgm.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/time_text.h"
#include "telemetry/dcgm_cutter.h"
#include "telemetry/dcgm_learn.h"
#include "telemetry/dcgm_part.h"
#include "telemetry/dcgm_records.h"

namespace tangram::telemetry {
namespace {

using base::ErrorCode;
using base::Fail;
using std::chrono::milliseconds;

bool IsLabelName(const std::string& name) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), ok);
}

base::Result<void> Check(const DcgmOptions& options) {
  if (options.to <= options.from) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("usage window: from {} is not before to {}",
                            base::FormatTime(options.from), base::FormatTime(options.to)));
  }
  if (options.from.time_since_epoch() < milliseconds(0)) {
    return Fail(ErrorCode::kInvalid, "usage window: begins before 1970");
  }
  if (options.part <= milliseconds(0) || options.smallest_part <= milliseconds(0)) {
    return Fail(ErrorCode::kInvalid, "usage window: parts must be longer than zero");
  }
  if (options.interval_hint && *options.interval_hint < milliseconds(100)) {
    return Fail(ErrorCode::kInvalid, "usage: an interval hint below 100ms is no scrape interval");
  }
  for (const auto& matcher : options.matchers) {
    if (IsLabelName(matcher.first)) continue;
    return Fail(ErrorCode::kInvalid,
                fmt::format("usage matcher: \"{}\" is no label name", matcher.first));
  }
  return {};
}

std::string NothingFound(const DcgmOptions& options) {
  return fmt::format(
      "no GPU series between {} and {}: looked for {}, {} and {}{}. Install dcgm-exporter (it is "
      "part of the NVIDIA GPU operator) and let Prometheus scrape it; if it is there, check that "
      "its ServiceMonitor is picked up and that the series reach back far enough",
      base::FormatTime(options.from), base::FormatTime(options.to), kEngineActive, kGpuUtil,
      kFbUsed, options.matchers.empty() ? "" : " with the labels asked for");
}

class Reading {
 public:
  Reading(const Prometheus& prometheus, const DcgmOptions& options)
      : options_(options),
        asker_(prometheus, options.timeout),
        cutter_({options.part, options.smallest_part, options.slow_after, milliseconds(1)}) {
    usage_.from = options.from;
    usage_.to = options.to;
  }

  base::Result<DcgmUsage> Run() {
    auto found = Discover();
    if (!found) return tl::unexpected(found.error());
    if (*found) {
      if (auto read = ReadAll(); !read) return tl::unexpected(read.error());
    }
    if (usage_.records.empty() && options_.nodes.empty())
      usage_.nothing_found = NothingFound(options_);
    for (const std::string& notice : asker_.notices()) {
      usage_.warnings.push_back("Prometheus says: " + notice);
    }
    usage_.requests = asker_.requests();
    return std::move(usage_);
  }

 private:
  // The UUIDs that have `metric`, from the index; nothing where the server has no such endpoint.
  base::Result<std::optional<std::vector<std::string>>> Uuids(const char* metric) {
    asker_.CountOne();
    auto values = asker_.prometheus().LabelValues(
        "UUID", Selector(metric, options_.matchers).Text(), options_.from, options_.to);
    if (values) {
      std::sort(values->begin(), values->end());
      return std::optional(std::move(*values));
    }
    const ErrorCode code = values.error().code;
    if (code == ErrorCode::kNotFound || code == ErrorCode::kInvalid) {
      return std::optional<std::vector<std::string>>();
    }
    return base::Wrap(values.error(), fmt::format("looking for {}", metric));
  }

  // Finds which metric to learn from; false where there is certainly nothing.
  base::Result<bool> Discover() {
    for (const char* metric : {kEngineActive, kGpuUtil, kFbUsed}) {
      auto uuids = Uuids(metric);
      if (!uuids) return tl::unexpected(uuids.error());
      if (metric == kGpuUtil && *uuids) utilization_uuids_ = **uuids;
      if (metric == kEngineActive && *uuids) engine_uuids_ = **uuids;
      if (!*uuids || !(*uuids)->empty()) learn_from_.push_back(metric);
    }
    return !learn_from_.empty();
  }

  base::Result<void> ReadAll() {
    const auto left_end = LearnLeftEnd(asker_, options_.to);
    if (!left_end) return base::Wrap(left_end.error(), "probing Prometheus");
    const auto cadence = Learn(*left_end);
    if (!cadence) return tl::unexpected(cadence.error());
    if (!*cadence) return {};
    const int sampling = SamplingOf(**cadence);
    Align((*cadence)->smallest * sampling);
    const PartReader reader{asker_, Promql(*left_end, (*cadence)->step * sampling),
                            Promql(*left_end, (*cadence)->smallest * sampling), sampling,
                            options_.matchers};
    if (auto read = ReadEngine(reader); !read) return tl::unexpected(read.error());
    const DeviceFilter lacking = LackingEngine(gathered_, utilization_uuids_);
    if (!lacking.empty()) {
      if (auto read = ReadUtilization(reader, lacking); !read) return tl::unexpected(read.error());
    }
    usage_.warnings = (*cadence)->warnings;
    MakeRecords(gathered_, **cadence, options_, usage_);
    return {};
  }

  // A subquery costs a look-up for each step and series, so a long window is sampled: some 4,000
  // steps tell a share to about one percent. Prometheus forgets a sample after five minutes, so a
  // step is never longer.
  int SamplingOf(const Cadence& cadence) const {
    constexpr std::int64_t kExactUpTo = 8'000;
    constexpr std::int64_t kSteps = 4'000;
    constexpr milliseconds kLongest{300'000};
    const std::int64_t steps = (options_.to - options_.from) / cadence.smallest;
    if (steps <= kExactUpTo || cadence.smallest >= kLongest) return 1;
    const std::int64_t wanted = (steps + kSteps - 1) / kSteps;
    return static_cast<int>(std::min<std::int64_t>(wanted, kLongest / cadence.smallest));
  }

  base::Result<std::optional<Cadence>> Learn(LeftEnd left_end) {
    for (const char* metric : learn_from_) {
      auto cadence = LearnCadence(
          asker_, cutter_, {options_.from, options_.to},
          {metric, options_.matchers, left_end, options_.interval_hint.value_or(usage_.interval)});
      if (!cadence || *cadence) return cadence;
    }
    return std::optional<Cadence>();
  }

  // Subqueries step at multiples of the interval since 1970: so must every border.
  void Align(milliseconds interval) {
    const auto down = [interval](base::Time time) {
      return base::Time(time.time_since_epoch() / interval * interval);
    };
    usage_.from = down(options_.from);
    usage_.to = std::max(down(options_.to), usage_.from + interval);
    cutter_.SetMultiple(interval);
  }

  base::Result<void> ReadEngine(const PartReader& reader) {
    const bool covered = std::includes(engine_uuids_.begin(), engine_uuids_.end(),
                                       utilization_uuids_.begin(), utilization_uuids_.end());
    passes_ = covered ? 1 : 2;
    return cutter_.Walk({usage_.from, usage_.to}, [&](const Part& part) -> base::Result<Next> {
      auto activity = ReadActivity(reader, EngineUnit(), part, {}, SettledIn(gathered_.engine));
      if (!activity) return tl::unexpected(activity.error());
      auto auxiliary = ReadAuxiliary(reader, part);
      if (!auxiliary) return tl::unexpected(auxiliary.error());
      AddTo(gathered_.engine, std::move(*activity));
      AddTo(gathered_.auxiliary, std::move(*auxiliary));
      Report(part, 0);
      return Next::kGoOn;
    });
  }

  base::Result<void> ReadUtilization(const PartReader& reader, const DeviceFilter& devices) {
    return cutter_.Walk({usage_.from, usage_.to}, [&](const Part& part) -> base::Result<Next> {
      auto activity =
          ReadActivity(reader, UtilizationUnit(), part, devices, SettledIn(gathered_.utilization));
      if (!activity) return tl::unexpected(activity.error());
      // 0 or absent on MIG, so never believed there.
      std::erase_if(activity->tallies,
                    [](const auto& entry) { return !entry.first.device.instance_id.empty(); });
      AddTo(gathered_.utilization, std::move(*activity));
      Report(part, passes_ - 1);
      return Next::kGoOn;
    });
  }

  // Parts come newest first: a last busy time that is known is final.
  static Settled SettledIn(const Activity& activity) {
    Settled settled;
    for (const auto& [key, tally] : activity.tallies) {
      if (tally.last_busy) settled.insert(key);
    }
    return settled;
  }

  void Report(const Part& part, int pass) {
    if (!options_.progress) return;
    const std::int64_t whole = (usage_.to - usage_.from).count();
    const base::PartsPerMillion of_pass = base::Ratio((usage_.to - part.from).count(), whole);
    options_.progress(
        {(base::kWhole * pass + of_pass) / passes_, part.from, part.to, asker_.requests()});
  }

  const DcgmOptions& options_;
  Asker asker_;
  Cutter cutter_;
  DcgmUsage usage_;
  Gathered gathered_;
  std::vector<const char*> learn_from_;
  std::vector<std::string> engine_uuids_;
  std::vector<std::string> utilization_uuids_;
  int passes_ = 1;
};

}  // namespace

base::Result<DcgmUsage> ReadDcgm(const Prometheus& prometheus, const DcgmOptions& options) {
  if (auto checked = Check(options); !checked) return tl::unexpected(checked.error());
  return Reading(prometheus, options).Run();
}

}  // namespace tangram::telemetry
