#include "telemetry/dcgm_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tangram::telemetry {
namespace {

// Each expression names its selectors up to six times; a URL must stay below 8 KiB.
constexpr std::size_t kBatchAsForm = 100;
constexpr std::size_t kBatchInUrl = 12;

const std::vector<std::string> kDeviceLabels = {"UUID", "GPU_I_ID", "GPU_I_PROFILE"};

struct Batch {
  std::set<std::string> uuids;
  std::vector<const ActivityRow*> rows;
  std::set<HolderForm> forms;
  std::vector<std::string> exporter_pods;  // in the plain pod label of rows that nobody holds
  bool clean = true;                       // no sample is outside the unit
};

// The series whose holder is named by `form`.
Selector SelectorOf(const Selector& device_rows, const HolderForm& form, const Batch& batch) {
  const std::string own = AnyOf(batch.exporter_pods);
  if (form.pod == "exported_pod") return device_rows.With("exported_pod!=\"\"");
  const Selector others = device_rows.With("exported_pod=\"\"");
  if (form.pod == "pod_name") return others.With("pod_name!=\"\"");
  const Selector plain = others.With("pod_name=\"\"");
  if (form.pod == "pod") {
    const Selector some = plain.With("pod!=\"\"");
    return own.empty() ? some : some.With("pod!~" + Quoted(own));
  }
  return own.empty() ? plain.With("pod=\"\"") : plain.With("pod=~" + Quoted("|" + own));
}

std::vector<std::string> IdentityOf(const HolderForm& form) {
  std::vector<std::string> labels = kDeviceLabels;
  for (const std::string& label : {form.ns, form.pod, form.container}) {
    if (!label.empty()) labels.push_back(label);
  }
  return labels;
}

// The expressions for the rows of one form. What nobody holds is asked for "unless" a holder's row
// of the same device is there at the same step.
class Expressions {
 public:
  Expressions(const PartReader& reader, const ActivityQuestion& question, const Batch& batch,
              const HolderForm& form)
      : promql_(reader.merging),
        unit_(question.unit),
        rows_(Rows(question, batch, form)),
        by_(By(IdentityOf(form))) {
    if (!form.pod.empty()) return;
    for (const HolderForm& other : batch.forms) {
      if (other.pod.empty()) continue;
      held_ += held_.empty() ? "" : " or ";
      held_ += promql_.Fresh(Rows(question, batch, other));
    }
    if (!held_.empty()) held_ = fmt::format(" unless count {} ({})", by_, held_);
  }

  std::string Seen() const { return Merge("count", ""); }
  std::string Good() const { return Merge("avg", Promql::Within(unit_.bounds)); }
  std::string Largest() const { return Merge("max", Promql::Within(unit_.bounds)); }
  std::string TooHigh() const {
    return Merge("max", fmt::format("> {} <= 100", unit_.bounds.high));
  }
  std::string Busy() const {
    return fmt::format("({}) > {}", Good(), NumberText(unit_.busy_above));
  }
  std::string BusyTimes() const {
    return fmt::format("(max {} (timestamp({}))) and ({})", by_, rows_.Text(), Busy());
  }

 private:
  static Selector Rows(const ActivityQuestion& question, const Batch& batch,
                       const HolderForm& form) {
    const std::vector<std::string> uuids(batch.uuids.begin(), batch.uuids.end());
    return SelectorOf(question.selector.With("UUID=~" + Quoted(AnyOf(uuids))), form, batch);
  }
  std::string Merge(std::string_view how, const std::string& filter) const {
    return fmt::format("({} {} ({})){}", how, by_, promql_.Fresh(rows_, filter), held_);
  }

  const Promql& promql_;
  const ActivityUnit& unit_;
  Selector rows_;
  std::string by_;
  std::string held_;
};

std::int64_t Count(double value) { return value >= 0 && value < 9e15 ? std::llround(value) : 0; }

using Tallies = std::map<RecordKey, ActivityTally>;

// Asks for FUNCTION over the steps of `expression` and hands each value to `take`.
template <class Take>
base::Result<void> Collect(const PartReader& reader, const ActivityQuestion& question,
                           const std::string& promql, const HolderForm& form, Take take) {
  const auto values = reader.asker.Values(promql, question.part.to);
  if (!values) return tl::unexpected(values.error());
  for (const auto& [labels, value] : *values) take(KeyOf(labels, form), value);
  return {};
}

bool NeedsLastBusy(const Tallies& tallies, const Settled& settled) {
  return std::any_of(tallies.begin(), tallies.end(), [&settled](const auto& entry) {
    return entry.second.busy > 0 && !settled.contains(entry.first);
  });
}

base::Result<Tallies> ReadForm(const PartReader& reader, const ActivityQuestion& question,
                               const Batch& batch, const HolderForm& form) {
  const Expressions ask(reader, question, batch, form);
  const std::int64_t each = reader.sampling;
  Tallies tallies;
  const auto over = [&](std::string_view function, const std::string& expression, auto take) {
    return Collect(reader, question, reader.merging.OverSteps(function, expression, question.part),
                   form, take);
  };
  auto done = over("count_over_time", ask.Seen(), [&](const RecordKey& key, double value) {
    tallies[key].all.seen = Count(value) * each;
  });
  if (done && !tallies.empty()) {
    done = over("count_over_time", ask.Good(), [&](const RecordKey& key, double value) {
      tallies[key].all.good = Count(value) * each;
    });
  }
  if (done && !tallies.empty()) {
    done = over("sum_over_time", ask.Good(), [&](const RecordKey& key, double value) {
      tallies[key].all.sum = value * static_cast<double>(each);
    });
  }
  if (done && !tallies.empty()) {
    done = over("max_over_time", ask.Largest(),
                [&tallies](const RecordKey& key, double value) { tallies[key].all.max = value; });
  }
  if (done && !tallies.empty()) {
    done = over("count_over_time", ask.Busy(), [&](const RecordKey& key, double value) {
      tallies[key].busy = Count(value) * each;
    });
  }
  if (done && !batch.clean && question.unit.bounds.high < 100) {
    done = over("count_over_time", ask.TooHigh(), [&](const RecordKey& key, double value) {
      tallies[key].too_high = Count(value) * each;
    });
  }
  if (done && NeedsLastBusy(tallies, question.settled)) {
    done = over("max_over_time", ask.BusyTimes(), [&](const RecordKey& key, double value) {
      tallies[key].last_busy = TimeWithin(question.part, value);
    });
  }
  if (!done) return tl::unexpected(done.error());
  return tallies;
}

// A sampled maximum can miss a burst; the rows' own is exact where every sample is in its unit.
void TakeExactMaxima(const Batch& batch, Tallies& merged) {
  for (const ActivityRow* row : batch.rows) {
    const auto at = merged.find(row->key);
    if (at == merged.end() || at->second.all.good == 0) continue;
    at->second.all.max = std::max(at->second.all.max, row->max);
  }
}

// Marks devices of whose pod-less rows some were left out; a little slack for jittering scrapes.
void MarkDuplicated(const PartReader& reader, const Batch& batch, const Tallies& merged,
                    Activity& into) {
  for (const ActivityRow* row : batch.rows) {
    if (!row->form.pod.empty()) continue;
    const auto at = merged.find(row->key);
    const std::int64_t left = at == merged.end() ? 0 : at->second.all.seen;
    if (left + 2 * reader.sampling - 1 + row->seen / 50 < row->seen)
      into.duplicated.insert(row->key.device);
  }
}

base::Result<void> AddBatch(const PartReader& reader, const ActivityQuestion& question,
                            const Batch& batch, Activity& into) {
  std::map<HolderForm, std::set<RecordKey>> expected;
  for (const ActivityRow* row : batch.rows) expected[row->form].insert(row->key);
  Tallies merged;
  for (const auto& [form, keys] : expected) {
    const auto tallies = ReadForm(reader, question, batch, form);
    if (!tallies) return tl::unexpected(tallies.error());
    for (const auto& [key, tally] : *tallies) {
      if (!keys.contains(key)) continue;
      ActivityTally& now = merged[key];
      // One holder named in two ways is two scrapers of one exporter: the fuller one counts.
      if (tally.all.seen > now.all.seen) now = tally;
    }
  }
  if (batch.clean) TakeExactMaxima(batch, merged);
  MarkDuplicated(reader, batch, merged, into);
  for (const auto& [key, tally] : merged) into.tallies[key].Add(tally);
  return {};
}

std::vector<Batch> Batches(const PartReader& reader, const ActivityUnit& unit,
                           const std::vector<ActivityRow>& rows) {
  const bool long_ones =
      reader.asker.prometheus().long_queries() == Prometheus::LongQueries::kAccepted;
  std::map<std::string, std::vector<const ActivityRow*>> by_uuid;
  for (const ActivityRow& row : rows) by_uuid[row.key.device.uuid].push_back(&row);
  std::vector<Batch> batches;
  for (const auto& [uuid, members] : by_uuid) {
    const std::size_t limit = long_ones ? kBatchAsForm : kBatchInUrl;
    if (batches.empty() || batches.back().uuids.size() >= limit) batches.emplace_back();
    Batch& batch = batches.back();
    batch.uuids.insert(uuid);
    for (const ActivityRow* row : members) {
      batch.rows.push_back(row);
      batch.forms.insert(row->form);
      const std::string own(row->form.pod.empty() ? row->labels->Get("pod") : "");
      const bool known =
          std::count(batch.exporter_pods.begin(), batch.exporter_pods.end(), own) > 0;
      if (!own.empty() && !known) batch.exporter_pods.push_back(own);
      batch.clean = batch.clean && std::isfinite(row->sum) && row->max <= unit.bounds.high;
    }
  }
  return batches;
}

}  // namespace

std::string NumberText(double value) { return fmt::format("{}", value); }

std::optional<base::Time> TimeWithin(const Part& part, double seconds) {
  if (!(seconds > 0 && seconds < 253402300800.0)) return std::nullopt;
  const base::Time time{base::Milliseconds(std::llround(seconds * 1000))};
  return time > part.from && time <= part.to ? std::optional(time) : std::nullopt;
}

base::Result<void> AddMerged(const PartReader& reader, const ActivityQuestion& question,
                             const std::vector<ActivityRow>& rows, Activity& into) {
  for (const Batch& batch : Batches(reader, question.unit, rows)) {
    if (auto added = AddBatch(reader, question, batch, into); !added) {
      return tl::unexpected(added.error());
    }
  }
  return {};
}

}  // namespace tangram::telemetry
