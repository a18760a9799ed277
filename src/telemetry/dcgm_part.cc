#include "telemetry/dcgm_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "telemetry/dcgm.h"
#include "telemetry/dcgm_merge.h"

namespace tangram::telemetry {
namespace {

// The identity, and whose exporter it was: enough to read a holder from, far less than a series
// has.
std::vector<std::string> SummaryLabels() {
  const auto identity = IdentityLabels();
  std::vector<std::string> labels(identity.begin(), identity.end());
  for (const char* label :
       {"job", "instance", "Hostname", "hostname", "node", "kubernetes_node", "gpu", "modelName"}) {
    labels.emplace_back(label);
  }
  return labels;
}

struct Summary {
  double count = 0;
  double sum = 0;
  double max = 0;
};
using Summaries = std::map<Labels, Summary>;

base::Result<Summaries> Summarize(const PartReader& reader, const Part& part,
                                  const std::vector<std::string>& queries) {
  Summaries summaries;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto values = reader.asker.Values(queries[i], part.to);
    if (!values) return tl::unexpected(values.error());
    if (values->empty()) return Summaries();
    for (const auto& [labels, value] : *values) {
      Summary& summary = summaries[labels];
      (i == 0 ? summary.count : i == 1 ? summary.sum : summary.max) = value;
    }
  }
  return summaries;
}

bool AllWithin(const Summaries& summaries, double high) {
  return std::all_of(summaries.begin(), summaries.end(), [high](const auto& entry) {
    const Summary& is = entry.second;
    return std::isfinite(is.sum) && is.sum >= 0 && is.max <= high;
  });
}

// Count, sum and maximum of `metric` by the summary labels. Where a sample lies outside [0, high],
// which a healthy exporter never writes, all is asked again with those samples left out.
base::Result<Summaries> ReadSummaries(const PartReader& reader, const Part& part,
                                      const std::string& metric, double high) {
  const Selector selector(metric, reader.matchers);
  const std::string by = By(SummaryLabels());
  const Promql& promql = reader.plain;
  const auto summaries =
      Summarize(reader, part,
                {fmt::format("sum {} ({})", by, promql.Over("count_over_time", selector, part)),
                 fmt::format("sum {} ({})", by, promql.Over("sum_over_time", selector, part)),
                 fmt::format("max {} ({})", by, promql.Over("max_over_time", selector, part))});
  if (!summaries || AllWithin(*summaries, high)) return summaries;
  const std::string good = promql.Fresh(selector, fmt::format(">= 0 <= {}", NumberText(high)));
  return Summarize(reader, part,
                   {fmt::format("sum {} ({})", by, promql.OverSteps("count_over_time", good, part)),
                    fmt::format("sum {} ({})", by, promql.OverSteps("sum_over_time", good, part)),
                    fmt::format("max {} ({})", by, promql.OverSteps("max_over_time", good, part))});
}

void AddSummaries(const Summaries& summaries, const ScrapeTargets& targets, Auxiliary& identities,
                  std::map<RecordKey, Tally>& into) {
  for (const auto& [labels, summary] : summaries) {
    if (labels.Get("UUID").empty() || !(summary.count >= 1 && summary.count < 9e15)) continue;
    const RecordKey key = KeyOf(labels, FormOf(labels, targets));
    const std::int64_t count = std::llround(summary.count);
    into[key].Add({count, count, summary.sum, summary.max});
    Identity& identity = identities.identities[key];
    if (count > identity.samples) identity = {labels, count};
  }
}

std::vector<const Labels*> LabelsOf(const Summaries& summaries) {
  std::vector<const Labels*> labels;
  for (const auto& entry : summaries) labels.push_back(&entry.first);
  return labels;
}

// The newest XID that is not zero, asked for only where the cheap maximum says that there is one.
base::Result<void> ReadXid(const PartReader& reader, const Part& part, const ScrapeTargets& targets,
                           Auxiliary& into) {
  const Selector selector(kXidErrors, reader.matchers);
  const std::string by = By(SummaryLabels());
  const auto largest = reader.asker.Values(
      fmt::format("max {} ({}) > 0", by, reader.plain.Over("max_over_time", selector, part)),
      part.to);
  if (!largest) return tl::unexpected(largest.error());
  if (largest->empty()) return {};
  const auto last = reader.asker.Values(
      fmt::format(
          "max {} ({})", by,
          reader.plain.OverSteps("last_over_time", reader.plain.Fresh(selector, "> 0"), part)),
      part.to);
  if (!last) return tl::unexpected(last.error());
  for (const auto& [labels, value] : *last) {
    const bool is_code = value >= 1 && value < 1e6;
    if (is_code) into.last_xid[KeyOf(labels, FormOf(labels, targets))] = std::llround(value);
  }
  return {};
}

}  // namespace

base::Result<std::vector<Series>> Asker::Ask(const std::string& promql, base::Time time) {
  ++requests_;
  auto answer = prometheus_.Query(promql, time, timeout_);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->kind != AnswerKind::kVector) {
    return base::Fail(base::ErrorCode::kInvalid, "Prometheus did not answer with a vector");
  }
  notices_.insert(answer->notices.begin(), answer->notices.end());
  return std::move(answer->series);
}

base::Result<std::map<Labels, double>> Asker::Values(const std::string& promql, base::Time time) {
  auto series = Ask(promql, time);
  if (!series) return tl::unexpected(series.error());
  std::map<Labels, double> values;
  for (Series& one : *series) values.emplace(std::move(one.labels), one.samples.front().value);
  return values;
}

base::Result<ScrapeTargets> ReadTargets(const PartReader& reader, const Part& part,
                                        const std::vector<const Labels*>& series) {
  std::set<std::string> jobs;
  for (const Labels* labels : series) {
    const bool unclear = !labels->Get("pod").empty() && !labels->Get("job").empty();
    if (unclear) jobs.insert(std::string(labels->Get("job")));
  }
  ScrapeTargets targets;
  if (jobs.empty()) return targets;
  const Selector up =
      Selector("up", reader.matchers).With("job=~" + Quoted(AnyOf({jobs.begin(), jobs.end()})));
  const auto found =
      reader.asker.Ask(fmt::format("max by (job,instance,namespace,pod,container) ({})",
                                   reader.plain.Over("count_over_time", up, part)),
                       part.to);
  if (!found) return tl::unexpected(found.error());
  for (const Series& target : *found) targets.Add(target.labels);
  return targets;
}

base::Result<Auxiliary> ReadAuxiliary(const PartReader& reader, const Part& part) {
  struct Question {
    const char* metric;
    double high;  // beyond any device; DCGM's own "blank" values are above
    std::map<RecordKey, Tally> Auxiliary::* into;
  };
  constexpr Question kQuestions[] = {{kFbUsed, 1e9, &Auxiliary::memory_used},
                                     {kFbFree, 1e9, &Auxiliary::memory_free},
                                     {kPowerUsage, 1e5, &Auxiliary::power},
                                     {kSmClock, 1e5, &Auxiliary::sm_clock}};
  Auxiliary auxiliary;
  std::optional<ScrapeTargets> targets;
  for (const Question& question : kQuestions) {
    const auto summaries = ReadSummaries(reader, part, question.metric, question.high);
    if (!summaries) return tl::unexpected(summaries.error());
    if (summaries->empty()) continue;
    if (!targets) {
      auto read = ReadTargets(reader, part, LabelsOf(*summaries));
      if (!read) return tl::unexpected(read.error());
      targets = std::move(*read);
    }
    AddSummaries(*summaries, *targets, auxiliary, auxiliary.*question.into);
  }
  if (!targets) return auxiliary;
  if (auto read = ReadXid(reader, part, *targets, auxiliary); !read) {
    return tl::unexpected(read.error());
  }
  return auxiliary;
}

}  // namespace tangram::telemetry
