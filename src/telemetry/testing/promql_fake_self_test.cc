#include <gtest/gtest.h>

#include "telemetry/testing/promql_fake.h"

namespace tangram::telemetry::fake {
namespace {

constexpr base::Time kStart{std::chrono::milliseconds(1'700'000'000'000 / 60'000 * 60'000)};

TEST(PromqlFake, ReadsRangesAsPrometheusDoes) {
  const std::vector<RawSeries> series = {
      {"m", {{"a", "x"}}, Samples({kStart, kStart + std::chrono::milliseconds(300'000)}, [](int i) {
         return i;
       })}};
  const base::Time at = kStart + std::chrono::milliseconds(60'000);
  const auto one = [&](LeftEnd end, const std::string& promql) {
    const FakeAnswer answer = Evaluate({series, end}, promql, at);
    EXPECT_EQ(answer.error, "");
    return answer.vector.size() == 1 ? answer.vector.begin()->second : -1;
  };
  EXPECT_EQ(one(LeftEnd::kClosed, "count_over_time(m[60s])"), 3);
  EXPECT_EQ(one(LeftEnd::kOpen, "count_over_time(m[60s])"), 2);
  EXPECT_EQ(one(LeftEnd::kClosed, "count_over_time((m > 0)[60s:30s])"), 2);
  EXPECT_EQ(one(LeftEnd::kClosed, "sum by (a) (sum_over_time(m{a=~\"x|y\"}[60s]))"), 3);
  EXPECT_EQ(one(LeftEnd::kClosed, "count_over_time(vector(1)[60s:60s])"), 2);
  EXPECT_EQ(one(LeftEnd::kOpen, "count_over_time(vector(1)[60s:60s])"), 1);
  EXPECT_EQ(
      one(LeftEnd::kOpen, "max_over_time((timestamp(m) and (m < 2))[60s:30s])"),
      static_cast<double>((kStart + std::chrono::milliseconds(30'000)).time_since_epoch().count()) /
          1000);
}

TEST(PromqlFake, RefusesWhatItDoesNotKnow) {
  const std::vector<RawSeries> none;
  EXPECT_NE(Evaluate({none, LeftEnd::kOpen}, "rate(m[1m])", kStart).error, "");
  EXPECT_NE(Evaluate({none, LeftEnd::kOpen}, "m[1m", kStart).error, "");
  EXPECT_NE(Evaluate({none, LeftEnd::kOpen}, "m + 1", kStart).error, "");
}

}  // namespace
}  // namespace tangram::telemetry::fake
