#include "adapter/device_plugin_config.h"

#include <gmock/gmock.h>

namespace tangram::adapter {
namespace {

using cluster::Sharing;
using plan::SharingConfig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr const char* kObject = "ConfigMap gpu/plugin, key default";

const std::string kDefault = R"(# of the platform team
version: v1
flags:
  migStrategy: mixed   # as in the ClusterPolicy
  plugin:
    deviceListStrategy: [envvar]
)";

const std::string kShared = R"(version: v1
sharing:
  # for notebooks
  timeSlicing:
    resources:
    - {name: gpu, replicas: 4, devices: all}
flags:
  migStrategy: mixed
)";

const SharingConfig kFour = {.strategy = Sharing::kTimeSlicing,
                             .replicas = {{"nvidia.com/gpu", 4}, {"nvidia.com/mig-1g.5gb", 2}}};

TEST(ReadSharingConfig, ReadsWhatThePluginReads) {
  const auto shared = ReadSharingConfig(kShared, kObject);
  ASSERT_TRUE(shared) << shared.error().message;
  EXPECT_EQ(shared->strategy, Sharing::kTimeSlicing);
  EXPECT_FALSE(shared->rename_by_default) << "its defaults";
  EXPECT_FALSE(shared->fail_requests_greater_than_one);
  EXPECT_THAT(shared->replicas, ElementsAre(Pair("nvidia.com/gpu", 4)));
  EXPECT_EQ(*ReadSharingConfig(kDefault, kObject), SharingConfig()) << "ours, where it shares none";
  const auto mps = ReadSharingConfig(
      "version: v1\nsharing: {mps: {resources: [{name: nvidia.com/gpu, replicas: 10}]}}\n",
      kObject);
  ASSERT_TRUE(mps);
  EXPECT_EQ(mps->strategy, Sharing::kMps);
  EXPECT_TRUE(mps->fail_requests_greater_than_one);
}

TEST(WithSharing, OnlySharingChangesAndTheRestStaysLetterByLetter) {
  const auto made = WithSharing(kDefault, kObject, kFour);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->text,
            "# Made by Tangram of another configuration here; only sharing differs. Not to be "
            "edited.\n" +
                kDefault +
                "sharing:\n  timeSlicing:\n    renameByDefault: true\n"
                "    failRequestsGreaterThanOne: true\n    resources:\n"
                "    - name: nvidia.com/gpu\n      replicas: 4\n"
                "    - name: nvidia.com/mig-1g.5gb\n      replicas: 2\n");
  EXPECT_THAT(made->name, StartsWith("tangram-"));
  EXPECT_LE(made->name.size(), 63U);
  EXPECT_EQ(*ReadSharingConfig(made->text, kObject), kFour);
}

TEST(WithSharing, ItsNameIsOfWhatItSays) {
  const auto four = *WithSharing(kDefault, kObject, kFour);
  EXPECT_EQ(*WithSharing(four.text, kObject, kFour), four) << "made of ours, it is the same";
  SharingConfig eight = kFour;
  eight.replicas["nvidia.com/gpu"] = 8;
  const auto raised = *WithSharing(four.text, kObject, eight);
  EXPECT_NE(raised.name, four.name);
  EXPECT_EQ(*WithSharing(raised.text, kObject, kFour), four) << "and back";
  EXPECT_NE(WithSharing(kDefault + "imex: {}\n", kObject, kFour)->name, four.name);
}

TEST(WithSharing, WhatSharedBeforeIsReplacedWhereverItStands) {
  const auto made = WithSharing(kShared, kObject, kFour);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->text, HasSubstr("version: v1\nflags:\n  migStrategy: mixed\nsharing:"));
  const auto none = WithSharing(kShared, kObject, {});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_THAT(none->text, ::testing::Not(HasSubstr("sharing:")));
}

struct Bad {
  const char* text;
  const char* says;
};
class BadConfig : public ::testing::TestWithParam<Bad> {};
TEST_P(BadConfig, SaysWhereWhatAndWhatToWrite) {
  const auto made = WithSharing(GetParam().text, kObject, kFour);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(made.error().message, HasSubstr(kObject));
  EXPECT_THAT(made.error().message, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadConfig,
    ::testing::Values(
        Bad{"", "it is no map of fields"}, Bad{"- a\n", "it is no map of fields"},
        Bad{"version: v1\n---\nversion: v1\n", "it is no map of fields"}, Bad{"a: [\n", "line "},
        Bad{"flags: {}\n", "write v1"}, Bad{"version: v2\n", "version is \"v2\"; write v1"},
        Bad{"version: v1\nsharing: 4\n", "sharing is 4"},
        Bad{"version: v1\nsharing: {timeSlicing: {resources: [{name: gpu, replicas: many}]}}\n",
            "sharing.timeSlicing.resources[0].replicas is \"many\""},
        Bad{"version: v1\nsharing: {timeSlicing: {resources: [{name: gpu}]}}\n",
            "sharing.timeSlicing.resources[0]"},
        Bad{"version: v1\nsharing: {timeslicing: {}}\n", "did you mean timeSlicing"},
        Bad{"{version: v1, sharing: {}}\n", "cannot be changed by lines"},
        Bad{"version: v1\n\"sharing\": {timeSlicing: {resources: []}}\n",
            "cannot be changed by lines"}));

}  // namespace
}  // namespace tangram::adapter
