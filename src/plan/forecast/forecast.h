// How many of something will be wanted at once, by what was wanted in the same hours before.
//
// No model of the demand: order statistics. Of n values and the next one, drawn alike and
// independently, the next one does not surpass the k-th smallest with a probability of at least
// k / (n + 1), however they are distributed (S. S. Wilks, Determination of sample sizes for setting
// tolerance limits, Ann. Math. Statist. 12, 1941). So four weeks cannot promise more than 80 % for
// an hour of the week, and a forecast says what it promises. Hours are those of UTC: where clocks
// change, habits come an hour early or late for a week or two.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/units.h"

namespace tangram::plan {

using Hour = std::int64_t;  // whole hours since the epoch
Hour HourOf(base::Time time);

// The most that was wanted at once in each hour from `first` on: held, or waited for.
struct DemandHistory {
  Hour first = 0;
  std::vector<std::optional<std::int64_t>> peaks{};  // absent: nothing is known of the hour

  // `count` were wanted at a time of this hour; what is long before the first hour is dropped.
  void Add(Hour hour, std::int64_t count);
  std::optional<std::int64_t> PeakIn(Hour hour) const;
};

// Which hours before were taken to be like the one that is asked for.
enum class Basis {
  kNone,           // nothing is known
  kSameHour,       // of any day
  kSameKindOfDay,  // the same hour of working days (Monday to Friday), or of weekends
  kSameHourOfWeek,
};

struct Forecast {
  std::int64_t count = 0;
  base::PartsPerMillion promise;  // at least so probably no more is wanted
  Basis basis = Basis::kNone;
  int samples = 0;  // hours that were looked at
  bool operator==(const Forecast&) const = default;
};

// Hours longer ago do not count.
inline constexpr int kWeeksOfHistory = 8;

// For one hour, from the hours before `hour`. By the narrowest basis with enough hours for the
// promise `asked`; where none has, by the one with the most, and the promise is below.
Forecast ForecastOf(const DemandHistory& history, Hour hour, base::PartsPerMillion asked);

struct ReadyOptions {
  base::PartsPerMillion promise{800'000};
  // What is expected is ready so long before its hour begins.
  base::Milliseconds ahead = std::chrono::minutes(30);
  // And stays so long after what was wanted or expected last. Where there is no room for what was
  // and for what will be, that costs more changes than it saves (docs/benchmarks.md).
  base::Milliseconds keep{};
  bool operator==(const ReadyOptions&) const = default;
};

// What should be ready at `now`: the most that is expected from `now - keep` to `now + ahead`, or
// was wanted since `now - keep`. Its promise and basis are those of the hour that asks for most.
Forecast ReadyAt(const DemandHistory& history, base::Time now, const ReadyOptions& options);
// When that may be another, though nothing more is known: an hour more is looked at, or one less.
base::Time NextReadyAt(base::Time now, const ReadyOptions& options);

}  // namespace tangram::plan
