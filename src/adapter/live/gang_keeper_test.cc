#include "adapter/live/gang_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tangram::adapter {
namespace {

using Change = GangKeeper::Change;
using testing::ElementsAre;
using testing::IsEmpty;

const control::Key kTrain{"ns", "jobs.batch/train"};

cluster::GangOwner Owner(std::int64_t pods) { return {"ns", "jobs.batch/train", {{"g", pods}}}; }

TEST(GangKeeper, TellsNewsOnly) {
  GangKeeper keeper("jobs.batch");
  EXPECT_THAT(keeper.Set({"ns", "silent"}, std::nullopt), IsEmpty());
  EXPECT_THAT(keeper.Set({"ns", "train"}, Owner(4)), ElementsAre(Change{kTrain, Owner(4)}));
  EXPECT_THAT(keeper.Set({"ns", "train"}, Owner(4)), IsEmpty());
  EXPECT_THAT(keeper.Set({"ns", "train"}, Owner(5)), ElementsAre(Change{kTrain, Owner(5)}));
  EXPECT_THAT(keeper.Set({"ns", "train"}, std::nullopt), ElementsAre(Change{kTrain, std::nullopt}));
  EXPECT_THAT(keeper.Set({"ns", "train"}, std::nullopt), IsEmpty());
}

TEST(GangKeeper, WhatIsNotInAListIsGone) {
  GangKeeper keeper("jobs.batch");
  keeper.Set({"ns", "train"}, Owner(4));
  keeper.Set({"ns", "stays"}, cluster::GangOwner{"ns", "jobs.batch/stays", {{"h", 2}}});
  EXPECT_THAT(keeper.KeepOnly({{"ns", "unknown"}, {"ns", "stays"}}),
              ElementsAre(Change{kTrain, std::nullopt}));
  EXPECT_THAT(keeper.KeepOnly({{"ns", "stays"}}), IsEmpty());
}

}  // namespace
}  // namespace tangram::adapter
