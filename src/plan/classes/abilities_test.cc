#include "plan/classes/abilities.h"

#include <gmock/gmock.h>

#include "plan/plan_dra_testing.h"

namespace tangram::plan::classes {
namespace {

using testing::DraCluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kCards = "nvidia.com/gpu";

TEST(Abilities, AClassOfWholeCardsBacksTheResourceThatItNames) {
  DraCluster c;
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty());
  c.snapshot().device_classes[0].extended_resource = kCards;
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty()) << "no device says what it selects";
  c.DraNode("a", {"r0"});
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, ElementsAre(Pair(kCards, "gpu.nvidia.com")));
}

TEST(Abilities, WhatSelectsInstancesTooIsNoCard) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.snapshot().device_classes[0].extended_resource = kCards;
  c.snapshot().device_classes[0].selectors = {"device.driver == 'gpu.nvidia.com'"};
  EXPECT_EQ(AbilitiesOf(c.snapshot()).extended.size(), 1U) << "there are no instances";
  c.Partition("a");
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty());
}

TEST(Abilities, OfSeveralClassesTheOneThatCounts) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  auto& classes = c.snapshot().device_classes;
  classes[0].extended_resource = kCards;
  classes[1].extended_resource = kCards;
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty()) << "no age is known";
  classes[0].created_at = c.snapshot().taken_at;
  classes[1].created_at = c.snapshot().taken_at - std::chrono::hours(1);
  EXPECT_EQ(AbilitiesOf(c.snapshot()).extended.size(), 1U);
  classes[1].created_at = c.snapshot().taken_at + std::chrono::hours(1);
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty()) << "it selects instances";
}

TEST(Abilities, WhatCannotBeEvaluatedBacksNothing) {
  DraCluster c;
  c.DraNode("a", {"r0"});
  c.snapshot().device_classes[0].extended_resource = kCards;
  c.snapshot().device_classes[0].selectors = {"this is no expression"};
  EXPECT_THAT(AbilitiesOf(c.snapshot()).extended, IsEmpty());
}

}  // namespace
}  // namespace tangram::plan::classes
