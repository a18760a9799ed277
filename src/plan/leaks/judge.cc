#include "plan/leaks/judge.h"

#include <algorithm>
#include <span>
#include <vector>

namespace tangram::plan {
namespace {

using cluster::ActivityMetric;
using cluster::DeviceUsage;

// Records weighted by their samples; maxima of maxima. Only records of the best metric count.
Evidence Combine(std::span<const DeviceUsage* const> records) {
  Evidence all;
  for (const DeviceUsage* record : records) {
    if (record->metric == ActivityMetric::kEngine) all.metric = ActivityMetric::kEngine;
    if (all.metric == ActivityMetric::kNone) all.metric = record->metric;
  }
  std::int64_t mean = 0;
  std::int64_t busy = 0;
  for (const DeviceUsage* record : records) {
    if (record->memory_max) all.memory_max = std::max(all.memory_max, record->memory_max);
    if (record->memory_total) all.memory_total = std::max(all.memory_total, record->memory_total);
    if (record->metric != all.metric || record->samples == 0) continue;
    all.samples += record->samples;
    mean += record->active_mean.value() * record->samples;
    busy += record->busy_share.value() * record->samples;
    all.active_max = std::max(all.active_max, record->active_max);
    if (record->last_active) all.last_active = std::max(all.last_active, record->last_active);
  }
  if (all.samples > 0) {
    all.active_mean = base::PartsPerMillion(mean / all.samples);
    all.busy_share = base::PartsPerMillion(busy / all.samples);
  }
  return all;
}

// Of the time in the window in which the pod was there.
base::PartsPerMillion CoverageOf(const cluster::Usage& usage, const cluster::Pod& pod,
                                 std::int64_t samples) {
  const base::Time from = std::max(usage.from, pod.started_at.value_or(pod.created_at));
  if (usage.interval.count() <= 0 || from >= usage.to) return {};
  const std::int64_t expected = (usage.to - from) / usage.interval;
  return std::min(base::kWhole, base::Ratio(samples, expected));
}

Level ConfidenceOf(base::PartsPerMillion coverage) {
  if (coverage >= base::PartsPerMillion(900'000)) return Level::kHigh;
  return coverage >= base::PartsPerMillion(500'000) ? Level::kMedium : Level::kLow;
}

bool IsIdle(const Evidence& evidence, base::Time now, const LeakPolicy& policy) {
  if (evidence.busy_share > policy.idle_busy_share) return false;
  if (evidence.active_mean >= policy.idle_below) return false;
  return !evidence.last_active || now - *evidence.last_active >= policy.idle_after;
}

std::optional<LeftAlone> WhyNotJudged(const cluster::Snapshot& snapshot, const Seat& seat,
                                      const std::optional<Evidence>& evidence,
                                      const LeakPolicy& policy) {
  const cluster::Pod& pod = *seat.pod;
  if (pod.phase != cluster::PodPhase::kRunning || !pod.ready) return LeftAlone::kNotReady;
  const base::Time since = pod.started_at.value_or(pod.created_at);
  if (snapshot.taken_at - since < policy.idle_after) return LeftAlone::kYoung;
  if (!evidence || evidence->metric == ActivityMetric::kNone) return LeftAlone::kNoUsage;
  if (seat.moved) return LeftAlone::kMoved;
  if (evidence->coverage < policy.least_coverage) return LeftAlone::kThinData;
  return std::nullopt;
}

}  // namespace

bool IsPinned(const cluster::Pod& pod) {
  const std::string_view hold = cluster::Find(pod.annotations, "karpenter.sh/do-not-disrupt");
  if (!hold.empty() && hold != "false") return true;
  return cluster::Find(pod.annotations, "cluster-autoscaler.kubernetes.io/safe-to-evict") ==
         "false";
}

Judgement Judge(const cluster::Snapshot& snapshot, const Card& card, const Seat& seat,
                const LeakPolicy& policy) {
  Judgement result;
  // Of a shared device DCGM names one pod: what it measured is of all of them.
  const bool shared = card.gpu->replicas > 1;
  const auto of_device = shared ? DeviceRecords(card, seat) : std::vector<const DeviceUsage*>();
  const std::span records(shared ? of_device : seat.usage);
  if (snapshot.usage && !records.empty()) {
    Evidence evidence = Combine(records);
    evidence.coverage = CoverageOf(*snapshot.usage, *seat.pod, evidence.samples);
    result.confidence = ConfidenceOf(evidence.coverage);
    result.idle = IsIdle(evidence, snapshot.taken_at, policy);
    result.evidence = evidence;
  }
  result.not_judged = WhyNotJudged(snapshot, seat, result.evidence, policy);
  return result;
}

}  // namespace tangram::plan
