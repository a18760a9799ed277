#include "telemetry/dcgm_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/text.h"

namespace tangram::telemetry {
namespace {

using std::chrono::milliseconds;

void Merge(std::map<RecordKey, Tally>& into, const std::map<RecordKey, Tally>& part) {
  for (const auto& [key, tally] : part) into[key].Add(tally);
}

void Merge(std::map<RecordKey, Identity>& into, const std::map<RecordKey, Identity>& part) {
  for (const auto& [key, identity] : part) {
    Identity& now = into[key];
    if (identity.samples > now.samples) now = identity;
  }
}

base::PartsPerMillion Share(double part, double whole) {
  if (!(whole > 0) || !std::isfinite(part)) return base::PartsPerMillion(0);
  return base::PartsPerMillion(std::llround(std::clamp(part / whole, 0.0, 1.0) * 1e6));
}

std::optional<double> Mean(const std::map<RecordKey, Tally>& tallies, const RecordKey& key) {
  const auto at = tallies.find(key);
  if (at == tallies.end() || at->second.good == 0) return std::nullopt;
  return at->second.sum / static_cast<double>(at->second.good);
}

// A share read as percent, or percent read as a share. Where most of what is not idle lies above
// the unit, the series is in percent; a stray reading among many good ones is just rejected.
bool IsWrongUnit(const ActivityTally& tally, DcgmMetric metric) {
  if (metric == DcgmMetric::kEngine) return tally.too_high > 0 && tally.too_high >= tally.busy;
  // DCGM writes whole percents.
  const auto has_fraction = [](double v) { return std::abs(v - std::round(v)) > 1e-6; };
  return tally.all.good > 0 && tally.all.max > 0 && tally.all.max <= 1 &&
         (has_fraction(tally.all.max) || has_fraction(tally.all.sum));
}

void SetActivity(const ActivityTally& tally, DcgmMetric metric, DcgmRecord& record) {
  record.metric = metric;
  if (IsWrongUnit(tally, metric)) {
    record.unit = DcgmRecord::Unit::kWrong;
    record.rejected = tally.all.seen;
    return;
  }
  const double unit = metric == DcgmMetric::kEngine ? 1.0 : 100.0;
  const auto good = static_cast<double>(tally.all.good);
  record.samples = tally.all.good;
  record.rejected = std::max<std::int64_t>(tally.all.seen - tally.all.good, 0);
  if (tally.all.good == 0) return;
  record.active_mean = Share(tally.all.sum, good * unit);
  record.active_max = Share(tally.all.max, unit);
  record.busy_share = Share(static_cast<double>(tally.busy), good);
  record.last_active = tally.last_busy;
}

void SetAuxiliary(const Auxiliary& auxiliary, const RecordKey& key, DcgmRecord& record) {
  if (const auto mean = Mean(auxiliary.memory_used, key)) {
    record.memory_mean = base::MiB(std::llround(*mean));
    record.memory_max = base::MiB(std::llround(auxiliary.memory_used.at(key).max));
  }
  if (const auto watts = Mean(auxiliary.power, key)) {
    record.power_milliwatts = std::llround(*watts * 1000);
  }
  if (const auto clock = Mean(auxiliary.sm_clock, key)) record.sm_clock_mhz = std::llround(*clock);
  const auto xid = auxiliary.last_xid.find(key);
  if (xid != auxiliary.last_xid.end()) record.last_xid = xid->second;
}

void SetIdentity(const RecordKey& key, const Labels& labels, DcgmRecord& record) {
  record.uuid = key.device.uuid;
  record.instance_id = key.device.instance_id;
  record.profile = key.device.profile;
  record.ns = key.holder.ns;
  record.pod = key.holder.pod;
  record.container = key.holder.container;
  const NodeName node = NodeOf(labels);
  record.node = node.name;
  record.node_label = node.label;
  const auto index = base::ParseInteger(labels.Get("gpu"));
  if (index && *index >= 0 && *index < 1024) record.gpu_index = static_cast<int>(*index);
  record.model = labels.Get("modelName");
  record.claim = labels.Get("dra_claim_name");
  record.claim_ns = labels.Get("dra_claim_namespace");
}

// The memory of a device does not depend on who holds it; with per-pod figures (virtual GPUs) only
// its own row adds up, which is the largest sum.
std::map<Device, base::MiB> MemoryTotals(const Auxiliary& auxiliary) {
  std::map<Device, base::MiB> totals;
  for (const auto& [key, used] : auxiliary.memory_used) {
    const auto mean = Mean(auxiliary.memory_used, key);
    const auto free = Mean(auxiliary.memory_free, key);
    if (!mean || !free) continue;
    base::MiB& total = totals[key.device];
    total = std::max(total, base::MiB(std::llround(*mean + *free)));
  }
  return totals;
}

class Builder {
 public:
  Builder(const Gathered& gathered, const Cadence& cadence, const DcgmOptions& options,
          DcgmUsage& usage)
      : gathered_(gathered),
        cadence_(cadence),
        options_(options),
        usage_(usage),
        memory_totals_(MemoryTotals(gathered.auxiliary)) {
    for (const auto& entry : gathered.engine.tallies) engine_devices_.insert(entry.first.device);
    for (const auto& entry : gathered.utilization.tallies) {
      utilization_devices_.insert(entry.first.device);
    }
  }

  void Build() {
    std::set<RecordKey> keys;
    for (const auto& entry : gathered_.engine.tallies) keys.insert(entry.first);
    for (const auto& entry : gathered_.utilization.tallies) keys.insert(entry.first);
    for (const auto& entry : gathered_.auxiliary.identities) {
      if (!IsCopy(entry.first)) keys.insert(entry.first);
    }
    for (const RecordKey& key : keys) AddRecord(key);
    SetCoverage();
    Warn();
  }

 private:
  // The pod-less memory and power rows of a device whose activity is known by holder.
  bool IsCopy(const RecordKey& key) const {
    const bool known =
        engine_devices_.contains(key.device) || utilization_devices_.contains(key.device);
    return key.holder == Holder() && known;
  }

  const Labels* LabelsOf(const RecordKey& key) const {
    for (const auto* identities : {&gathered_.engine.identities, &gathered_.utilization.identities,
                                   &gathered_.auxiliary.identities}) {
      const auto at = identities->find(key);
      if (at != identities->end()) return &at->second.labels;
    }
    return nullptr;
  }

  bool IsAskedFor(const Labels& labels) const {
    if (options_.nodes.empty()) return true;
    return std::any_of(options_.nodes.begin(), options_.nodes.end(), [&](const std::string& node) {
      if (NodeOf(labels).name == node) return true;
      for (const char* label : {"Hostname", "hostname", "node", "kubernetes_node", "instance"}) {
        if (labels.Get(label) == node) return true;
      }
      return false;
    });
  }

  void AddRecord(const RecordKey& key) {
    const Labels* labels = LabelsOf(key);
    if (labels == nullptr || !IsAskedFor(*labels)) return;
    DcgmRecord record;
    SetIdentity(key, *labels, record);
    record.interval = cadence_.Of(labels->Get("job"));
    ++intervals_[record.interval];
    if (const auto at = gathered_.engine.tallies.find(key); at != gathered_.engine.tallies.end()) {
      SetActivity(at->second, DcgmMetric::kEngine, record);
    } else if (const auto other = gathered_.utilization.tallies.find(key);
               other != gathered_.utilization.tallies.end()) {
      SetActivity(other->second, DcgmMetric::kUtilization, record);
    }
    SetAuxiliary(gathered_.auxiliary, key, record);
    const bool duplicated = gathered_.engine.duplicated.contains(key.device) ||
                            gathered_.utilization.duplicated.contains(key.device);
    if (duplicated) record.device_row = DcgmRecord::DeviceRow::kDuplicated;
    if (duplicated && key.holder == Holder()) {
      // The device's row was there while pods held it too, so its means are of both times.
      record.memory_mean = record.memory_max = std::nullopt;
      record.power_milliwatts = record.sm_clock_mhz = std::nullopt;
    }
    const auto total = memory_totals_.find(key.device);
    if (total != memory_totals_.end()) record.memory_total = total->second;
    usage_.records.push_back(std::move(record));
  }

  void SetCoverage() {
    std::map<Device, std::int64_t> good;
    const auto device = [](const DcgmRecord& record) {
      return Device{record.uuid, record.instance_id, record.profile};
    };
    for (const DcgmRecord& record : usage_.records) good[device(record)] += record.samples;
    for (DcgmRecord& record : usage_.records) {
      const double expected =
          record.interval.count() <= 0
              ? 0
              : static_cast<double>((usage_.to - usage_.from) / record.interval);
      record.device_coverage = Share(static_cast<double>(good[device(record)]), expected);
    }
    std::size_t most = 0;
    for (const auto& [interval, records] : intervals_) {
      if (records > most) usage_.interval = interval;
      most = std::max(most, records);
    }
  }

  void WarnOf(const std::vector<const DcgmRecord*>& records, const std::string& what) {
    if (records.empty()) return;
    usage_.warnings.push_back(fmt::format("{} record{} (first: {} {}): {}", records.size(),
                                          records.size() == 1 ? "" : "s", records.front()->uuid,
                                          records.front()->instance_id, what));
  }

  void Warn() {
    std::vector<const DcgmRecord*> percent, share, blind;
    for (const DcgmRecord& record : usage_.records) {
      const bool wrong = record.unit == DcgmRecord::Unit::kWrong;
      if (wrong) (record.metric == DcgmMetric::kEngine ? percent : share).push_back(&record);
      const bool mig = !record.instance_id.empty();
      if (mig && record.metric == DcgmMetric::kNone) blind.push_back(&record);
    }
    WarnOf(percent, fmt::format("{} goes above 1 and looks like percent; it should be a share from "
                                "0 to 1. All its samples are rejected: take away the rule that "
                                "scales it",
                                kEngineActive));
    WarnOf(share, fmt::format("{} stays within 1 and has fractions, so it looks like a share; it "
                              "should be 0 to 100. All its samples are rejected",
                              kGpuUtil));
    WarnOf(blind, fmt::format("a MIG instance without {}: its activity is unknown, and {} does not "
                              "tell it. Enable the profiling metrics of dcgm-exporter",
                              kEngineActive, kGpuUtil));
    const std::int64_t unnamed = gathered_.engine.without_uuid + gathered_.utilization.without_uuid;
    if (unnamed > 0) {
      usage_.warnings.push_back(
          "some DCGM series have no label UUID and were left out; a relabelling "
          "rule may drop it");
    }
  }

  const Gathered& gathered_;
  const Cadence& cadence_;
  const DcgmOptions& options_;
  DcgmUsage& usage_;
  std::map<Device, base::MiB> memory_totals_;
  std::set<Device> engine_devices_;
  std::set<Device> utilization_devices_;
  std::map<milliseconds, std::size_t> intervals_;
};

}  // namespace

void AddTo(Activity& into, Activity part) {
  for (const auto& [key, tally] : part.tallies) into.tallies[key].Add(tally);
  Merge(into.identities, part.identities);
  into.duplicated.merge(part.duplicated);
  into.without_uuid += part.without_uuid;
}

void AddTo(Auxiliary& into, Auxiliary part) {
  Merge(into.memory_used, part.memory_used);
  Merge(into.memory_free, part.memory_free);
  Merge(into.power, part.power);
  Merge(into.sm_clock, part.sm_clock);
  Merge(into.identities, part.identities);
  into.last_xid.merge(part.last_xid);
}

DeviceFilter LackingEngine(const Gathered& gathered, const std::vector<std::string>& utilization) {
  DeviceFilter lacking(utilization.begin(), utilization.end());
  for (const auto& entry : gathered.auxiliary.identities) lacking.insert(entry.first.device.uuid);
  for (const auto& entry : gathered.auxiliary.identities) {
    if (!entry.first.device.instance_id.empty()) lacking.erase(entry.first.device.uuid);
  }
  for (const auto& entry : gathered.engine.tallies) lacking.erase(entry.first.device.uuid);
  lacking.erase("");
  return lacking;
}

void MakeRecords(const Gathered& gathered, const Cadence& cadence, const DcgmOptions& options,
                 DcgmUsage& usage) {
  Builder(gathered, cadence, options, usage).Build();
}

}  // namespace tangram::telemetry
