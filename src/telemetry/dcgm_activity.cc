// ReadActivity: how busy each device was for each holder, in one part of the window.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "telemetry/dcgm_merge.h"
#include "telemetry/dcgm_part.h"

namespace tangram::telemetry {
namespace {

// A regular expression of more UUIDs than this costs more than reading every device.
constexpr std::size_t kLargestFilter = 200;

// A count of samples, as the server's floating-point number; what is no count is none.
std::int64_t Count(double value) { return value >= 0 && value < 9e15 ? std::llround(value) : 0; }

Selector SelectorOf(const PartReader& reader, const ActivityUnit& unit,
                    const DeviceFilter& devices) {
  const Selector all(unit.metric, reader.matchers);
  if (devices.empty() || devices.size() > kLargestFilter) return all;
  return all.With("UUID=~" + Quoted(AnyOf({devices.begin(), devices.end()})));
}

double ValueAt(const std::map<Labels, double>& values, const Labels& labels) {
  const auto at = values.find(labels);
  return at == values.end() ? std::nan("") : at->second;
}

base::Result<std::vector<ActivityRow>> ReadRows(const PartReader& reader, const Selector& selector,
                                                const Part& part, const DeviceFilter& devices) {
  std::map<std::string_view, std::map<Labels, double>> answers;
  for (const std::string_view function :
       {"count_over_time", "sum_over_time", "min_over_time", "max_over_time"}) {
    auto values = reader.asker.Values(reader.plain.Over(function, selector, part), part.to);
    if (!values) return tl::unexpected(values.error());
    if (values->empty()) return std::vector<ActivityRow>();
    answers[function] = std::move(*values);
  }
  std::vector<ActivityRow> rows;
  for (const auto& [labels, count] : answers["count_over_time"]) {
    if (!devices.empty() && !devices.contains(std::string(labels.Get("UUID")))) continue;
    ActivityRow row;
    row.labels = &labels;
    row.seen = Count(count);
    row.sum = ValueAt(answers["sum_over_time"], labels);
    row.min = ValueAt(answers["min_over_time"], labels);
    row.max = ValueAt(answers["max_over_time"], labels);
    rows.push_back(row);
  }
  // The rows point into the counts; these must live as long.
  auto owner = std::make_shared<std::map<Labels, double>>(std::move(answers["count_over_time"]));
  for (ActivityRow& row : rows) row.owner = owner;
  return rows;
}

bool IsClean(const ActivityRow& row, const ActivityUnit& unit) {
  return std::isfinite(row.sum) && row.min >= unit.bounds.low && row.max <= unit.bounds.high;
}

// Devices whose series cannot simply be taken one by one: two series of one holder, rows both with
// and without a pod, or samples outside the unit.
std::set<Device> Contested(const std::vector<ActivityRow>& rows, const ActivityUnit& unit) {
  struct Seen {
    std::set<RecordKey> keys;
    std::size_t rows = 0;
    bool held = false;
    bool free = false;
    bool clean = true;
  };
  std::map<Device, Seen> seen;
  for (const ActivityRow& row : rows) {
    Seen& device = seen[row.key.device];
    device.keys.insert(row.key);
    ++device.rows;
    (row.form.pod.empty() ? device.free : device.held) = true;
    device.clean = device.clean && IsClean(row, unit);
  }
  std::set<Device> contested;
  for (const auto& [device, is] : seen) {
    const bool mixed = is.held && is.free;
    if (mixed || !is.clean || is.keys.size() < is.rows) contested.insert(device);
  }
  return contested;
}

// Rows that stand alone: their range functions are the answer; only "above 5 %" is asked for.
base::Result<void> AddPlain(const PartReader& reader, const ActivityQuestion& question,
                            const std::vector<ActivityRow>& rows, Activity& into) {
  std::map<Labels, const ActivityRow*> busy_rows;
  for (const ActivityRow& row : rows) {
    ActivityTally tally;
    tally.all = {row.seen, row.seen, row.sum, row.max};
    into.tallies[row.key].Add(tally);
    if (row.max > question.unit.busy_above) busy_rows[*row.labels] = &row;
  }
  if (busy_rows.empty()) return {};
  const std::string above = "> " + NumberText(question.unit.busy_above);
  const auto busy = reader.asker.Values(
      reader.plain.OverSteps("count_over_time", reader.plain.Fresh(question.selector, above),
                             question.part),
      question.part.to);
  if (!busy) return tl::unexpected(busy.error());
  bool all_settled = true;
  for (const auto& [labels, row] : busy_rows) {
    ActivityTally& tally = into.tallies[row->key];
    tally.busy = std::min(tally.all.good, Count(ValueAt(*busy, labels)) * reader.sampling);
    all_settled = all_settled && question.settled.contains(row->key);
  }
  if (all_settled) return {};
  const auto last = reader.asker.Values(
      reader.plain.OverSteps("max_over_time", Promql::Times(question.selector, above),
                             question.part),
      question.part.to);
  if (!last) return tl::unexpected(last.error());
  for (const auto& [labels, row] : busy_rows) {
    into.tallies[row->key].last_busy = TimeWithin(question.part, ValueAt(*last, labels));
  }
  return {};
}

}  // namespace

void Tally::Add(const Tally& other) {
  max = good == 0 ? other.max : other.good == 0 ? max : std::max(max, other.max);
  seen += other.seen;
  good += other.good;
  sum += other.sum;
}

void ActivityTally::Add(const ActivityTally& other) {
  all.Add(other.all);
  busy += other.busy;
  too_high += other.too_high;
  if (other.last_busy && (!last_busy || *last_busy < *other.last_busy)) last_busy = other.last_busy;
}

ActivityUnit EngineUnit() { return {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", {0, 1}, 0.05}; }
ActivityUnit UtilizationUnit() { return {"DCGM_FI_DEV_GPU_UTIL", {0, 100}, 5}; }

base::Result<Activity> ReadActivity(const PartReader& reader, const ActivityUnit& unit,
                                    const Part& part, const DeviceFilter& devices,
                                    const Settled& settled) {
  const ActivityQuestion question{unit, SelectorOf(reader, unit, devices), part, settled};
  auto read = ReadRows(reader, question.selector, part, devices);
  if (!read) return tl::unexpected(read.error());
  Activity activity;
  std::vector<ActivityRow> rows;
  std::vector<const Labels*> labels;
  for (const ActivityRow& row : *read) {
    const bool named = !row.labels->Get("UUID").empty();
    activity.without_uuid += named ? 0 : 1;
    if (!named || row.seen == 0) continue;
    rows.push_back(row);
    labels.push_back(row.labels);
  }
  if (rows.empty()) return activity;
  const auto targets = ReadTargets(reader, part, labels);
  if (!targets) return tl::unexpected(targets.error());
  for (ActivityRow& row : rows) {
    row.form = FormOf(*row.labels, *targets);
    row.key = KeyOf(*row.labels, row.form);
    Identity& identity = activity.identities[row.key];
    if (row.seen > identity.samples) identity = {*row.labels, row.seen};
  }
  const std::set<Device> contested = Contested(rows, unit);
  const auto middle = std::stable_partition(
      rows.begin(), rows.end(),
      [&contested](const auto& row) { return !contested.contains(row.key.device); });
  const std::vector<ActivityRow> alone(rows.begin(), middle);
  const std::vector<ActivityRow> together(middle, rows.end());
  if (auto added = AddPlain(reader, question, alone, activity); !added) {
    return tl::unexpected(added.error());
  }
  if (auto added = AddMerged(reader, question, together, activity); !added) {
    return tl::unexpected(added.error());
  }
  return activity;
}

}  // namespace tangram::telemetry
