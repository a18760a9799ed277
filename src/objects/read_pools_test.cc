// Files that are taken, and files that are refused: testdata/gpu_pool has one of each kind.
#include "objects/read_pools.h"

#include <gmock/gmock.h>

#include "objects/files_testing.h"

namespace tangram::objects {
namespace {

using plan::MigBackend;
using plan::Mode;
using plan::Moves;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<plan::Pool> Good(const std::string& name, const plan::NodePolicy& defaults = {}) {
  auto pools = ReadPools(TextOf(kTestdata / "gpu_pool/good" / name), defaults);
  EXPECT_TRUE(pools) << pools.error().message;
  return pools.value_or(std::vector<plan::Pool>());
}

TEST(ReadPools, ReadsEveryField) {
  const auto pools = Good("pools.yaml");
  ASSERT_EQ(pools.size(), 2U);
  const plan::Pool& pool = pools.front();
  EXPECT_EQ(pool.name, "inference") << "by name";
  EXPECT_THAT(pool.selector, ElementsAre(Pair("gpu", "true"), Pair("pool", "inference")));
  EXPECT_EQ(pool.policy.mode, Mode::kRecommend);
  EXPECT_EQ(pool.policy.mig, MigBackend::kMigManager);
  EXPECT_THAT(pool.policy.profiles, ElementsAre("1g.5gb", "3g.20gb", "1g.5gb+me"));
  EXPECT_EQ(pool.most_recut_nodes, 2);
  const plan::MaintenanceWindow by_day{.start = std::chrono::hours(8),
                                       .duration = std::chrono::hours(10),
                                       .time_zone = "Europe/Berlin"};
  EXPECT_THAT(pool.ready, ElementsAre(plan::ReadyInstances{"1g.5gb", 4, {by_day}},
                                      plan::ReadyInstances{"3g.20gb", 1, {}}));
  const plan::ReadyOptions forecast{.promise = base::PartsPerMillion(900'000),
                                    .ahead = std::chrono::minutes(90)};
  EXPECT_EQ(pool.forecast, forecast);
  EXPECT_EQ(pool.policy.sharing, cluster::Sharing::kMps);
  EXPECT_EQ(pool.policy.most_replicas, 8);
  EXPECT_EQ(pool.policy.moves, Moves::kReplicated);
  EXPECT_TRUE(pool.policy.preempt);
  EXPECT_TRUE(pool.policy.stop_idle);
  EXPECT_TRUE(pool.policy.resize);
  using std::chrono::minutes;
  EXPECT_THAT(
      pool.windows,
      ElementsAre(plan::MaintenanceWindow{.days = {false, false, false, false, false, true, true},
                                          .start = minutes(150),
                                          .duration = minutes(90),
                                          .time_zone = "Europe/Berlin"},
                  plan::MaintenanceWindow{.start = minutes(1320), .duration = minutes(240)}));
  EXPECT_EQ(pool.least_nodes, 1);
  EXPECT_EQ(pool.most_nodes, 20);
  EXPECT_EQ(pool.most_new_nodes, 4);
  EXPECT_EQ(pool.policy.keep_empty, 1);
  EXPECT_FALSE(pool.policy.give_back);
  EXPECT_FALSE(pool.policy.spot);
  EXPECT_EQ(pools.back().policy.mode, Mode::kObserve);
}

TEST(ReadPools, LeavesTheRestAsTheDefaults) {
  plan::NodePolicy defaults;
  defaults.moves = Moves::kControlled;
  defaults.most_replicas = 7;
  defaults.keep_empty = 3;
  defaults.mig = MigBackend::kNone;
  defaults.resize = true;
  const auto pools = Good("least.yaml", defaults);
  ASSERT_EQ(pools.size(), 1U);
  const plan::NodePolicy& policy = pools.front().policy;
  EXPECT_EQ(policy.mode, Mode::kAuto);
  EXPECT_EQ(policy.moves, Moves::kControlled);
  EXPECT_EQ(policy.most_replicas, 7);
  EXPECT_EQ(policy.keep_empty, 3);
  EXPECT_EQ(policy.mig, MigBackend::kNone);
  EXPECT_TRUE(policy.resize);
  EXPECT_TRUE(pools.front().selector.empty());
  EXPECT_EQ(pools.front().most_nodes, std::nullopt);
  EXPECT_EQ(pools.front().forecast, std::nullopt);
}

TEST(ReadPools, ReadsListsAsKubectlWritesThem) {
  const auto pools = Good("list.yaml");
  ASSERT_EQ(pools.size(), 1U);
  EXPECT_EQ(pools.front().policy.mig, MigBackend::kNone);
  EXPECT_EQ(pools.front().policy.sharing, cluster::Sharing::kNone);
}

TEST(ReadPools, AForecastHasItsDefaults) {
  const auto pools = ReadPools(
      "apiVersion: tangram.dev/v1alpha1\nkind: GpuPool\nmetadata: {name: a}\n"
      "spec: {mode: Auto, nodeSelector: {}, partitioning: {forecast: {}}}\n",
      {});
  ASSERT_TRUE(pools) << pools.error().message;
  EXPECT_EQ(pools->front().forecast, plan::ReadyOptions{});
}

// The API server does not have the time zone database.
TEST(ReadPools, AWindowNamesATimeZoneThatThereIs) {
  const auto pools = ReadPools(
      "apiVersion: tangram.dev/v1alpha1\nkind: GpuPool\nmetadata: {name: a}\n"
      "spec: {mode: Auto, nodeSelector: {}, disruption: {windows: [\n"
      "  {start: \"22:00\", duration: 4h, timeZone: Europe/Berlim}]}}\n",
      {});
  ASSERT_FALSE(pools);
  EXPECT_THAT(pools.error().message,
              HasSubstr("windows[0].timeZone is \"Europe/Berlim\", which is no time zone"));
}

TEST(ReadPools, AWindowIsOpenForADayAtMost) {
  for (const char* duration : {"25h", "1441m", "0h"}) {
    const auto pools = ReadPools(
        std::string("apiVersion: tangram.dev/v1alpha1\nkind: GpuPool\nmetadata: {name: a}\n"
                    "spec: {mode: Auto, nodeSelector: {}, disruption: {windows: [\n"
                    "  {start: \"22:00\", duration: ") +
            duration + "}]}}\n",
        {});
    ASSERT_FALSE(pools) << duration;
    EXPECT_THAT(pools.error().message, HasSubstr("24h at most"));
  }
}

// Each file ends in the message that it deserves.
TEST(ReadPools, SaysWhatIsWrong) {
  const auto files = RefusedFiles("gpu_pool");
  EXPECT_GT(files.size(), 30U);
  for (const RefusedFile& file : files) {
    const auto pools = ReadPools(file.text, {});
    ASSERT_FALSE(pools) << file.name;
    EXPECT_THAT(pools.error().message, HasSubstr(file.message)) << file.name;
    EXPECT_TRUE(pools.error().message.starts_with("line ")) << file.name;
  }
}

}  // namespace
}  // namespace tangram::objects
