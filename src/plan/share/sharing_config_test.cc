#include "plan/share/sharing_config.h"

#include <gmock/gmock.h>

namespace tangram::plan {
namespace {

using cluster::MigStrategy;
using cluster::Sharing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kCard = "nvidia.com/gpu";

SharingConfig TimeSliced(std::map<std::string, int> replicas) {
  return {.strategy = Sharing::kTimeSlicing,
          .rename_by_default = false,
          .fail_requests_greater_than_one = false,
          .replicas = std::move(replicas)};
}

TEST(ResourceOf, IsAsTheDevicePluginSpellsIt) {
  EXPECT_EQ(ResourceOf("", MigStrategy::kMixed), "nvidia.com/gpu");
  EXPECT_EQ(ResourceOf("1g.10gb+me", MigStrategy::kMixed), "nvidia.com/mig-1g.10gb.me");
  EXPECT_EQ(ResourceOf("1g.10gb", MigStrategy::kSingle), "nvidia.com/gpu");
}

TEST(WithShares, ChangesTheNamedResourcesAndKeepsTheRest) {
  const auto config =
      WithShares(TimeSliced({{"nvidia.com/gpu", 2}, {"nvidia.com/mig-3g.20gb", 3}}),
                 Sharing::kTimeSlicing, {{"nvidia.com/mig-1g.5gb", 1, 4}, {kCard, 2, 8}});
  ASSERT_TRUE(config);
  EXPECT_THAT(config->replicas,
              ElementsAre(Pair("nvidia.com/gpu", 8), Pair("nvidia.com/mig-1g.5gb", 4),
                          Pair("nvidia.com/mig-3g.20gb", 3)));
  EXPECT_FALSE(config->rename_by_default);
  EXPECT_FALSE(config->fail_requests_greater_than_one);
}

TEST(WithShares, OfOneShareNothingIsLeft) {
  const auto config =
      WithShares(TimeSliced({{"nvidia.com/gpu", 4}}), Sharing::kTimeSlicing, {{kCard, 4, 1}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->strategy, Sharing::kNone);
  EXPECT_TRUE(config->replicas.empty());
}

TEST(WithShares, OneNodeSharesInOneWay) {
  const auto other =
      WithShares(TimeSliced({{"nvidia.com/mig-1g.5gb", 4}}), Sharing::kMps, {{kCard, 1, 4}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("shares nvidia.com/mig-1g.5gb in another way"));
  const auto same = WithShares(TimeSliced({{"nvidia.com/gpu", 4}}), Sharing::kMps, {{kCard, 4, 6}});
  ASSERT_TRUE(same) << "where nothing else is shared it may change";
  EXPECT_EQ(same->strategy, Sharing::kMps);
}

TEST(WithShares, WhatThePluginCannotDoIsRefused) {
  EXPECT_THAT(WithShares({}, Sharing::kMps, {{"nvidia.com/mig-1g.5gb", 1, 4}}).error().message,
              HasSubstr("no MIG instances"));
  EXPECT_THAT(WithShares({}, Sharing::kTimeSlicing, {{kCard, 1, 49}}).error().message,
              HasSubstr("from 1 to 48"));
  EXPECT_FALSE(WithShares({}, Sharing::kTimeSlicing, {{kCard, 1, 0}}));
}

}  // namespace
}  // namespace tangram::plan
