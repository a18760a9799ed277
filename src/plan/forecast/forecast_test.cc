#include "plan/forecast/forecast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tangram::plan {
namespace {

using namespace std::chrono_literals;
using base::PartsPerMillion;

constexpr Hour kDay = 24;
constexpr Hour kWeek = 7 * kDay;
// 2026-11-23T00:00:00Z, a Monday.
constexpr Hour kMonday = 20'780 * kDay;

base::Time At(Hour hour) { return base::Time(std::chrono::hours(hour)); }

// Each hour of some weeks before kMonday.
DemandHistory Weeks(int weeks, std::int64_t (*demand)(Hour)) {
  DemandHistory history;
  for (Hour hour = kMonday - weeks * kWeek; hour < kMonday; ++hour) history.Add(hour, demand(hour));
  return history;
}

TEST(HourOfTest, IsTheHourThatBegan) {
  EXPECT_EQ(HourOf(base::Time(59min)), 0);
  EXPECT_EQ(HourOf(base::Time(60min)), 1);
  EXPECT_EQ(HourOf(base::Time(-1ms)), -1);
  using namespace std::chrono;
  EXPECT_EQ(HourOf(sys_days(2026y / November / 23)), kMonday);
}

TEST(DemandHistoryTest, KeepsTheMostOfEachHour) {
  DemandHistory history;
  history.Add(10, 3);
  history.Add(10, 7);
  history.Add(10, 5);
  history.Add(12, 1);
  history.Add(9, 2);
  EXPECT_EQ(history.PeakIn(8), std::nullopt);
  EXPECT_EQ(history.PeakIn(9), 2);
  EXPECT_EQ(history.PeakIn(10), 7);
  EXPECT_EQ(history.PeakIn(11), std::nullopt);
  EXPECT_EQ(history.PeakIn(12), 1);
  EXPECT_EQ(history.PeakIn(13), std::nullopt);
}

TEST(DemandHistoryTest, ForgetsWhatIsLongAgo) {
  DemandHistory history;
  for (Hour hour = 0; hour < 40 * kWeek; ++hour) history.Add(hour, 1);
  EXPECT_EQ(std::ssize(history.peaks), (kWeeksOfHistory + 1) * kWeek);
  EXPECT_EQ(history.PeakIn(40 * kWeek - 1), 1);
  history.Add(1'000'000'000, 4);  // a clock that jumped
  EXPECT_LE(std::ssize(history.peaks), (kWeeksOfHistory + 1) * kWeek);
  EXPECT_EQ(history.PeakIn(1'000'000'000), 4);
  history.Add(0, 9);
  EXPECT_EQ(history.PeakIn(0), std::nullopt);
}

struct Case {
  std::string name;
  int weeks;
  std::int64_t (*demand)(Hour);
  Hour hour;
  std::int64_t asked;
  Forecast expected;
};

std::int64_t ByDay(Hour hour) { return hour % kDay >= 9 && hour % kDay < 17 ? 40 : 4; }
std::int64_t OnWorkdays(Hour hour) {
  return (hour - kMonday + 100 * kWeek) % kWeek < 5 * kDay ? 30 : 2;
}
std::int64_t OnMondays(Hour hour) { return (hour - kMonday + 100 * kWeek) % kWeek < kDay ? 50 : 5; }
// Of k weeks ago, k.
std::int64_t ByAge(Hour hour) { return (kMonday - hour + kWeek - 1) / kWeek; }

const Case kCases[] = {
    {"NothingKnownIsNothingPromised", 0, ByDay, kMonday + 10, 800'000, {}},
    {"OneDayIsHalfAPromise",
     1,
     [](Hour hour) { return std::int64_t{hour >= kMonday - kDay ? 8 : 0}; },
     kMonday - kDay + kWeek + 3,
     500'000,
     {8, PartsPerMillion(500'000), Basis::kSameHourOfWeek, 1}},
    {"FourWeeksPromiseEightOfTen",
     4,
     OnMondays,
     kMonday + 10,
     800'000,
     {50, PartsPerMillion(800'000), Basis::kSameHourOfWeek, 4}},
    {"ThreeWeeksGoByTheKindOfDay",
     3,
     OnWorkdays,
     kMonday + 10,
     800'000,
     {30, PartsPerMillion(812'500), Basis::kSameKindOfDay, 15}},
    {"WeekendsAreAnotherKind",
     3,
     OnWorkdays,
     kMonday + 5 * kDay + 10,
     800'000,
     {2, PartsPerMillion(857'142), Basis::kSameKindOfDay, 6}},
    {"OneWeekOfAWeekendGoesByAnyDay",
     1,
     ByDay,
     kMonday + 5 * kDay + 10,
     800'000,
     {40, PartsPerMillion(875'000), Basis::kSameHour, 7}},
    {"WhatCannotBePromisedIsNotSaid",
     1,
     ByDay,
     kMonday + 10,
     950'000,
     {40, PartsPerMillion(875'000), Basis::kSameHour, 7}},
    {"TheSmallestThatPromises",
     8,
     ByAge,
     kMonday,
     500'000,
     {5, PartsPerMillion(555'555), Basis::kSameHourOfWeek, 8}},
    {"OlderWeeksDoNotCount",
     9,
     ByAge,
     kMonday,
     888'888,
     {8, PartsPerMillion(888'888), Basis::kSameHourOfWeek, 8}},
};

class ForecastTest : public testing::TestWithParam<Case> {};

TEST_P(ForecastTest, IsWhatHoursAlikeSay) {
  const Case& c = GetParam();
  const Forecast is = ForecastOf(Weeks(c.weeks, c.demand), c.hour, PartsPerMillion(c.asked));
  EXPECT_EQ(is.count, c.expected.count);
  EXPECT_EQ(is.promise, c.expected.promise);
  EXPECT_EQ(is.basis, c.expected.basis);
  EXPECT_EQ(is.samples, c.expected.samples);
}

INSTANTIATE_TEST_SUITE_P(, ForecastTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

// Whatever the distribution, as often as promised: here three, of which two are far from normal.
TEST(ForecastLaw, PromisesAreKept) {
  std::mt19937_64 dice(20);
  const auto draw = [&](int kind) -> std::int64_t {
    if (kind == 0) return static_cast<std::int64_t>(dice() % 100);
    if (kind == 1) return dice() % 10 == 0 ? 1000 : 1;
    return static_cast<std::int64_t>(1e6 / static_cast<double>(dice() % 1000 + 1));
  };
  for (int kind = 0; kind < 3; ++kind) {
    for (const std::int64_t asked : {500'000, 750'000, 800'000}) {
      int kept = 0;
      constexpr int kTries = 4000;
      std::int64_t promised = 0;
      for (int i = 0; i < kTries; ++i) {
        DemandHistory history;
        for (int week = 1; week <= 6; ++week) history.Add(kMonday - week * kWeek, draw(kind));
        const Forecast forecast = ForecastOf(history, kMonday, PartsPerMillion(asked));
        kept += draw(kind) <= forecast.count ? 1 : 0;
        promised = forecast.promise.value();
      }
      EXPECT_GE(promised, asked);
      EXPECT_GE(kept * 1e6 / kTries, static_cast<double>(promised) - 25'000)
          << kind << ' ' << asked;
    }
  }
}

TEST(ReadyAtTest, WhatTheNextHourNeedsIsReadyBeforeItBegins) {
  const auto history = Weeks(4, ByDay);
  const ReadyOptions options{.ahead = 30min, .keep = 0ms};
  EXPECT_EQ(ReadyAt(history, At(kMonday + 8), options).count, 4);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 8) + 29min, options).count, 4);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 8) + 30min, options).count, 40);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 8) + 30min, options).basis, Basis::kSameHourOfWeek);
}

TEST(ReadyAtTest, AndStaysForAWhile) {
  const auto history = Weeks(4, ByDay);
  const ReadyOptions options{.ahead = 30min, .keep = 2h};
  EXPECT_EQ(ReadyAt(history, At(kMonday + 18) + 59min, options).count, 40);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 19), options).count, 4);
}

TEST(ReadyAtTest, SoDoesWhatNobodyExpected) {
  auto history = Weeks(4, ByDay);
  history.Add(kMonday + 1, 60);
  const ReadyOptions options{.keep = 2h};
  EXPECT_EQ(ReadyAt(history, At(kMonday + 1) + 5min, options).count, 60);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 3) + 59min, options).count, 60);
  EXPECT_EQ(ReadyAt(history, At(kMonday + 4), options).count, 4);
}

// However demand jumps, what was made ready stays for as long as was asked.
TEST(ReadyAtLaw, WhatRoseStays) {
  std::mt19937_64 dice(21);
  for (int round = 0; round < 50; ++round) {
    DemandHistory history;
    for (Hour hour = kMonday - 4 * kWeek; hour < kMonday; ++hour) {
      history.Add(hour, static_cast<std::int64_t>(dice() % 20));
    }
    const ReadyOptions options{.ahead = 30min, .keep = std::chrono::hours(1 + dice() % 4)};
    std::int64_t before = ReadyAt(history, At(kMonday) - 10min, options).count;
    std::vector<std::pair<base::Time, std::int64_t>> rises;
    for (base::Time now = At(kMonday); now < At(kMonday + 3 * kDay); now += 10min) {
      const auto wanted = static_cast<std::int64_t>(dice() % 20);
      history.Add(HourOf(now), wanted);
      const std::int64_t ready = ReadyAt(history, now, options).count;
      EXPECT_GE(ready, wanted);
      for (const auto& [since, count] : rises) {
        if (now - since <= options.keep) {
          EXPECT_GE(ready, count);
        }
      }
      if (ready > before) rises.emplace_back(now, ready);
      before = ready;
    }
  }
}

// Whenever what should be ready changes with time alone, it was said when.
TEST(ReadyAtTest, ChangesOnlyWhenItSaidSo) {
  std::mt19937_64 dice(11);
  for (const ReadyOptions& options :
       {ReadyOptions{}, ReadyOptions{.ahead = 95min, .keep = 20min}, ReadyOptions{.ahead = 0min}}) {
    DemandHistory history;
    for (Hour hour = kMonday - 8 * kWeek; hour < kMonday; ++hour) {
      history.Add(hour, static_cast<std::int64_t>(dice() % 20));
    }
    base::Time now = At(kMonday);
    for (int i = 0; i < 60; ++i) {
      const base::Time next = NextReadyAt(now, options);
      ASSERT_GT(next, now);
      const Forecast before = ReadyAt(history, now, options);
      for (base::Time at = now; at < next; at += 1min) {
        EXPECT_EQ(ReadyAt(history, at, options), before);
      }
      now = next;
    }
  }
}

}  // namespace
}  // namespace tangram::plan
