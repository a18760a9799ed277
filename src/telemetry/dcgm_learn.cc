#include "telemetry/dcgm_learn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/time_text.h"

namespace tangram::telemetry {
namespace {

using std::chrono::milliseconds;

// Short enough that some such span of a day has no gap, long enough for ten samples a minute apart.
constexpr milliseconds kPiece{600'000};

base::Result<double> One(Asker& asker, const std::string& promql, base::Time time) {
  const auto values = asker.Values(promql, time);
  if (!values) return tl::unexpected(values.error());
  return values->empty() ? 0.0 : values->begin()->second;
}

Part Aligned(const Part& part, milliseconds unit) {
  const auto down = [unit](base::Time time) {
    return base::Time(time.time_since_epoch() / unit * unit);
  };
  return {down(part.from), down(part.to)};
}

// Shortens the step until the subquery meets every sample that is there.
base::Result<void> Calibrate(Asker& asker, const CadenceQuestion& question, const Part& part,
                             Cadence& cadence) {
  const Selector selector(question.metric, question.matchers);
  const Part aligned = Aligned(part, cadence.smallest);
  if (aligned.to <= aligned.from) return {};
  for (int halving = 0; halving < 3; ++halving) {
    const Promql promql(question.left_end, cadence.smallest / (1 << halving));
    const auto raw =
        One(asker, fmt::format("sum({})", promql.Over("count_over_time", selector, aligned)),
            aligned.to);
    if (!raw) return tl::unexpected(raw.error());
    const auto met = One(asker,
                         fmt::format("sum({})", promql.OverSteps("count_over_time",
                                                                 promql.Fresh(selector), aligned)),
                         aligned.to);
    if (!met) return tl::unexpected(met.error());
    cadence.step = promql.step();
    if (*met >= *raw * 0.999) return {};
  }
  cadence.warnings.push_back(fmt::format(
      "{}: samples are much less regular than every {}; the share of busy samples is approximate",
      question.metric, base::FormatSpan(cadence.smallest)));
  return {};
}

// Most samples that a series of each job has in any piece of the part, and in the whole of it.
struct Counts {
  std::map<Labels, double> in_piece;
  std::map<Labels, double> in_part;
};

base::Result<Counts> CountSamples(Asker& asker, const CadenceQuestion& question, const Part& part,
                                  milliseconds piece) {
  const Selector selector(question.metric, question.matchers);
  const Promql promql(question.left_end, piece);
  const Part last_piece{part.to - piece, part.to};
  auto in_piece = asker.Values(
      fmt::format("max by (job) ({})",
                  promql.OverSteps("max_over_time",
                                   promql.Over("count_over_time", selector, last_piece), part)),
      part.to);
  if (!in_piece) return tl::unexpected(in_piece.error());
  auto in_part = asker.Values(
      fmt::format("max by (job) ({})", promql.Over("count_over_time", selector, part)), part.to);
  if (!in_part) return tl::unexpected(in_part.error());
  return Counts{std::move(*in_piece), std::move(*in_part)};
}

Cadence CadenceFrom(const Counts& counts, milliseconds piece, const CadenceQuestion& question) {
  Cadence cadence;
  for (const auto& [labels, in_piece] : counts.in_piece) {
    const auto all = counts.in_part.find(labels);
    // Data of about one piece may fill it only in part; a count in it then says nothing.
    const bool enough =
        in_piece >= 2 && all != counts.in_part.end() && all->second > in_piece * 1.8;
    const milliseconds interval = enough ? IntervalFrom(piece, in_piece) : question.fallback;
    cadence.by_job[std::string(labels.Get("job"))] = interval;
    if (cadence.smallest == milliseconds(0) || interval < cadence.smallest) {
      cadence.smallest = interval;
    }
  }
  cadence.step = cadence.smallest;
  return cadence;
}

}  // namespace

base::Result<LeftEnd> LearnLeftEnd(Asker& asker, base::Time time) {
  const base::Time minute{time.time_since_epoch() / milliseconds(60'000) * milliseconds(60'000)};
  const auto points = One(asker, "count_over_time(vector(1)[60s:60s])", minute);
  if (!points) return tl::unexpected(points.error());
  return *points >= 2 ? LeftEnd::kClosed : LeftEnd::kOpen;
}

milliseconds Cadence::Of(std::string_view job) const {
  const auto at = by_job.find(std::string(job));
  return at == by_job.end() ? smallest : at->second;
}

milliseconds IntervalFrom(milliseconds span, double samples) {
  const double exact = static_cast<double>(span.count()) / std::max(samples, 1.0);
  constexpr double kUsual[] = {1e3,  2e3,  5e3,  10e3,  15e3,  20e3,  25e3,  30e3, 40e3,
                               45e3, 60e3, 90e3, 120e3, 150e3, 180e3, 240e3, 300e3};
  double nearest = 0;
  for (const double usual : kUsual) {
    const bool nearer =
        nearest == 0 || std::abs(std::log(exact / usual)) < std::abs(std::log(exact / nearest));
    if (nearer) nearest = usual;
  }
  constexpr double kTolerance = 0.08;
  if (std::abs(exact / nearest - 1) <= kTolerance) return milliseconds(std::llround(nearest));
  const std::int64_t seconds = std::llround(exact / 1000);
  return seconds >= 1 ? milliseconds(seconds * 1000)
                      : milliseconds(std::max<std::int64_t>(std::llround(exact), 100));
}

base::Result<std::optional<Cadence>> LearnCadence(Asker& asker, Cutter& cutter, const Part& window,
                                                  const CadenceQuestion& question) {
  std::optional<Cadence> learned;
  const auto read = [&](const Part& part) -> base::Result<Next> {
    const milliseconds piece = std::min<milliseconds>(kPiece, (part.to - part.from) / 2);
    if (piece < milliseconds(1000)) return Next::kGoOn;
    const auto counts = CountSamples(asker, question, part, piece);
    if (!counts) return tl::unexpected(counts.error());
    if (counts->in_piece.empty()) return Next::kGoOn;
    Cadence cadence = CadenceFrom(*counts, piece, question);
    if (auto done = Calibrate(asker, question, part, cadence); !done) {
      return tl::unexpected(done.error());
    }
    learned = std::move(cadence);
    return Next::kStop;
  };
  if (auto walked = cutter.Walk(window, read); !walked) return tl::unexpected(walked.error());
  return learned;
}

}  // namespace tangram::telemetry
