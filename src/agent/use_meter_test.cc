#include "agent/use_meter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tangram::agent {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

TEST(UseMeter, TheFirstSampleIsWhereCountingBegins) {
  UseMeter meter;
  meter.Add({{1, 100 * kSecond, 50}});
  EXPECT_EQ(meter.Take()[1], 0);
  meter.Add({{1, 101 * kSecond, 50}});
  EXPECT_DOUBLE_EQ(meter.Take()[1], 0.5);
  EXPECT_TRUE(meter.Take().empty());
}

TEST(UseMeter, ThePeriodIsWhatLiesBetweenSamples) {
  UseMeter meter;
  meter.Add({{1, 100 * kSecond, 50}, {1, 100 * kSecond + 200'000, 50}});
  EXPECT_DOUBLE_EQ(meter.Take()[1], 0.2);
}

TEST(UseMeter, TimeInWhichNobodyRanIsNobodys) {
  UseMeter meter;
  meter.Add({{1, 100 * kSecond, 100}, {1, 101 * kSecond, 100}});
  meter.Add({{1, 160 * kSecond, 100}});
  EXPECT_DOUBLE_EQ(meter.Take()[1], 3);
}

TEST(UseMeter, SamplesThatComeTwiceCountOnce) {
  UseMeter meter;
  meter.Add({{1, 100 * kSecond, 100}, {1, 101 * kSecond, 100}});
  meter.Add({{1, 101 * kSecond, 100}, {1, 100 * kSecond, 100}});
  EXPECT_DOUBLE_EQ(meter.Take()[1], 2);
}

// The law: four processes share a card, with any pattern of bursts, any sampling period of NVML's,
// samples that come late and in any order; each gets what it used, within two points.
TEST(UseMeter, FourProcessesGetWhatTheyUsed) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto dice = [&](int most) {
      return static_cast<int>(random() % static_cast<unsigned>(most));
    };
    const std::uint64_t period = 166'667 + static_cast<std::uint64_t>(dice(833'333));
    std::vector<std::vector<int>> patterns(4);
    for (auto& pattern : patterns) {
      const int length = 1 + dice(9);
      const int most = 1 + dice(25);
      for (int i = 0; i < length; ++i) pattern.push_back(dice(3) == 0 ? 0 : dice(most + 1));
    }
    UseMeter meter;
    const int periods = static_cast<int>(60 * kSecond / period);
    std::vector<double> used(4);
    std::vector<ProcessSample> late;
    for (int p = 0; p <= periods; ++p) {
      const std::uint64_t end = 1000 * kSecond + static_cast<std::uint64_t>(p) * period +
                                static_cast<std::uint64_t>(dice(2000));
      for (std::size_t pid = 0; pid < 4; ++pid) {
        const int percent = patterns[pid][static_cast<std::size_t>(p) % patterns[pid].size()];
        if (p > 0) used[pid] += percent / 100.0 * static_cast<double>(period) / 1e6;
        if (percent > 0) {
          late.push_back({static_cast<std::int64_t>(pid),
                          end + static_cast<std::uint64_t>(dice(500)), percent});
        }
      }
      if (dice(4) != 0) continue;
      std::shuffle(late.begin(), late.end(), random);
      meter.Add(std::exchange(late, {}));
    }
    meter.Add(late);
    auto told = meter.Take();
    for (std::size_t pid = 0; pid < 4; ++pid) {
      const double seconds = static_cast<double>(periods) * static_cast<double>(period) / 1e6;
      EXPECT_NEAR(told[static_cast<std::int64_t>(pid)] / seconds, used[pid] / seconds, 0.02)
          << "seed " << seed << " pid " << pid << " period " << period;
    }
  }
}

}  // namespace
}  // namespace tangram::agent
