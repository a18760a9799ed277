#include "adapter/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace tangram::adapter {
namespace {

using cluster::Instance;
using testing::SizeIs;

std::vector<ProfileCount> CountsOf(const gpu::Model& model,
                                   const std::map<std::string, std::int64_t>& counts) {
  std::vector<ProfileCount> profiles;
  for (const auto& [name, count] : counts) {
    profiles.push_back({gpu::ProfileNamed(model, name), count});
  }
  return profiles;
}

TEST(Spread, FindsATightSplitThatDealingOutMisses) {
  const gpu::Model* model = gpu::ModelNamed("A100-40GB");
  ASSERT_NE(model, nullptr);
  // Two full cards: 4g + 3g, and 3g + 2g + 1g + 1g.
  const auto layouts = Spread(
      *model, CountsOf(*model, {{"4g.20gb", 1}, {"3g.20gb", 2}, {"2g.10gb", 1}, {"1g.5gb", 2}}), 2);
  ASSERT_TRUE(layouts);
  EXPECT_THAT(*layouts, SizeIs(2));
}

// Random layouts of random cards: their counts always fit again, and the split keeps them.
TEST(Spread, WhateverWasOnTheCardsFitsOnThem) {
  std::mt19937 random(7);
  for (const char* name : {"A100-40GB", "H100-80GB", "A30-24GB"}) {
    const gpu::Model* model = gpu::ModelNamed(name);
    ASSERT_NE(model, nullptr) << name;
    for (int round = 0; round < 60; ++round) {
      const int cards = 1 + static_cast<int>(random() % 4);
      std::map<std::string, std::int64_t> counts;
      for (int card = 0; card < cards; ++card) {
        std::vector<gpu::Occupied> occupied;
        for (int attempt = 0; attempt < 12; ++attempt) {
          const gpu::MigProfile& profile = model->profiles[random() % model->profiles.size()];
          const int start = profile.starts[random() % profile.starts.size()];
          if (!gpu::Fits(*model, occupied, profile, start)) continue;
          occupied.push_back({&profile, start});
          ++counts[std::string(profile.name)];
        }
      }
      const auto layouts = Spread(*model, CountsOf(*model, counts), cards);
      ASSERT_TRUE(layouts) << name << " round " << round;
      std::map<std::string, std::int64_t> spread;
      for (const auto& layout : *layouts) {
        std::vector<gpu::Occupied> occupied;
        for (const Instance& instance : layout) {
          const gpu::MigProfile* profile = gpu::ProfileNamed(*model, instance.profile);
          ASSERT_TRUE(gpu::Fits(*model, occupied, *profile, instance.start.value()));
          occupied.push_back({profile, *instance.start});
          ++spread[instance.profile];
        }
      }
      EXPECT_EQ(spread, counts);
    }
  }
}

TEST(Spread, RefusesWhatIsTooMuch) {
  const gpu::Model* model = gpu::ModelNamed("A100-40GB");
  EXPECT_FALSE(Spread(*model, CountsOf(*model, {{"7g.40gb", 3}}), 2));
  EXPECT_FALSE(Spread(*model, CountsOf(*model, {{"1g.5gb", 15}}), 2));
  EXPECT_FALSE(Spread(*model, CountsOf(*model, {{"1g.5gb", 1'000'000'000'000}}), 64));
  EXPECT_FALSE(Spread(*model, CountsOf(*model, {{"1g.5gb", 1}}), 0));
}

}  // namespace
}  // namespace tangram::adapter
