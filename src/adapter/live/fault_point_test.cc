#include "adapter/live/fault_point.h"

#include <gmock/gmock.h>

namespace tangram::adapter {
namespace {

using kube::WriteMoment;

const kube::Asked kPatchPods{.verb = "patch", .resource = {"", "v1", "pods", "Pod"}};
const kube::Asked kEvict{
    .verb = "create", .resource = {"", "v1", "pods", "Pod"}, .subresource = "eviction"};

TEST(FaultPointDeathTest, EndsTheProcessThereAndNowhereElse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto at = DieAt("after patch pods 2");
  ASSERT_TRUE(at);
  (*at)(WriteMoment::kAfter, kPatchPods);
  (*at)(WriteMoment::kBefore, kPatchPods);
  (*at)(WriteMoment::kAfter, kEvict);
  EXPECT_EXIT((*at)(WriteMoment::kAfter, kPatchPods), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT((*DieAt("before create pods/eviction"))(WriteMoment::kBefore, kEvict),
              ::testing::KilledBySignal(SIGKILL), "");
}

TEST(FaultPoint, EachThatIsListedIsTaken) {
  for (const std::string& point : FaultPoints()) EXPECT_TRUE(DieAt(point)) << point;
}

TEST(FaultPoint, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "patch pods", "before patch pod", "before patch pods 0",
                          "before patch podsx", "before patch pods 1x", "after  patch pods"}) {
    const auto at = DieAt(bad);
    ASSERT_FALSE(at) << bad;
    EXPECT_EQ(at.error().code, base::ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace tangram::adapter
