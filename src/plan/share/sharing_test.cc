#include "plan/share/sharing.h"

#include <gmock/gmock.h>

#include <string>

#include "plan/share/asks.h"
#include "plan/share/serving.h"

namespace tangram::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ParseMemory, AsKubernetesWritesIt) {
  EXPECT_EQ(ParseMemory("10Gi"), base::MiB(10'240));
  EXPECT_EQ(ParseMemory("1.5Gi"), base::MiB(1'536));
  EXPECT_EQ(ParseMemory("1G"), base::MiB(954)) << "rounded up";
  EXPECT_EQ(ParseMemory("1"), base::MiB(1));
  EXPECT_EQ(ParseMemory("0"), base::MiB(0));
  for (const char* bad : {"", "Gi", "-1Gi", "10GiB", "ten", "1e3", "99999999999Ti", "1 Gi"}) {
    EXPECT_EQ(ParseMemory(bad), std::nullopt) << bad;
  }
}

TEST(Asks, WhatIsMisspeltAsksForMost) {
  cluster::Pod pod;
  EXPECT_EQ(IsolationOf(pod), Isolation::kShared);
  EXPECT_FALSE(IsLatencySensitive(pod));
  pod.labels = {{"tangram.dev/isolation", "hardware"}, {"tangram.dev/latency", "sensitve"}};
  EXPECT_EQ(IsolationOf(pod), Isolation::kExclusive);
  EXPECT_TRUE(IsLatencySensitive(pod));
  pod.labels = {{"tangram.dev/interruptible", "yes"}};
  EXPECT_FALSE(IsInterruptible(pod));
}

struct ServingCase {
  const char* name;
  MemoryShare share;
  const char* vllm;
  const char* sglang;
};

class ServingTest : public testing::TestWithParam<ServingCase> {};
TEST_P(ServingTest, OfWhatTheProcessSees) {
  const auto flags = ServingFlags(GetParam().share);
  ASSERT_EQ(flags.size(), 4U);
  EXPECT_EQ(flags[0].value, GetParam().vllm);
  EXPECT_EQ(flags[3].value, GetParam().sglang);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ServingTest,
    testing::Values(
        ServingCase{
            "QuarterOfACard", {base::MiB(40'960), base::MiB(10'240), false}, "0.23", "0.20"},
        ServingCase{"WholeInstance", {base::MiB(4'864), base::MiB(4'864), true}, "0.89", "0.76"},
        ServingCase{"LargeInstance", {base::MiB(19'968), base::MiB(19'968), true}, "0.92", "0.82"},
        ServingCase{
            "QuarterOfAnInstance", {base::MiB(4'864), base::MiB(1'216), false}, "0.14", "0.12"}),
    [](const auto& of) { return of.param.name; });

TEST(ServingFlags, NoneForASliver) {
  EXPECT_THAT(ServingFlags({base::MiB(40'960), base::MiB(512), false}), IsEmpty());
  EXPECT_THAT(ServingFlags({base::MiB(0), base::MiB(4'096), false}), IsEmpty());
}

TEST(ServingFlags, AllSharesOfACardTogetherFit) {
  for (int replicas = 1; replicas <= 48; ++replicas) {
    for (const int memory : {15'360, 24'576, 40'960, 81'920, 143'360}) {
      const base::MiB card(memory);
      for (const ServingFlag& flag : ServingFlags({card, card / replicas, false})) {
        const double all = std::stod(flag.value) * memory * replicas + 512.0 * replicas;
        EXPECT_LE(all, memory) << flag.name << " " << replicas;
      }
    }
  }
}

class ChooseSharingTest : public testing::Test {
 protected:
  SharedDevices devices_{
      .model = gpu::ModelNamed("A100-40GB"), .memory = base::MiB(40'960), .devices = 2};
  std::vector<cluster::Pod> pods_ = std::vector<cluster::Pod>(16);

  std::vector<Sharer> Pods(std::size_t count) {
    std::vector<Sharer> sharers;
    for (std::size_t i = 0; i < count; ++i) sharers.push_back(SharerOf(pods_[i], 1));
    return sharers;
  }
  int Replicas(const std::vector<Sharer>& coming, int most = 48) const {
    const auto choice = ChooseSharing(devices_, coming, {.sharing = {}, .most_replicas = most});
    return choice ? choice->replicas : 0;
  }
};

TEST_F(ChooseSharingTest, TheFewestThatHoldThemAll) {
  EXPECT_EQ(Replicas(Pods(1)), 2);
  EXPECT_EQ(Replicas(Pods(9)), 5);
  EXPECT_EQ(Replicas(Pods(9), 4), 0);
  devices_.replicas = 6;
  devices_.sharing = cluster::Sharing::kTimeSlicing;
  EXPECT_EQ(Replicas(Pods(1)), 6) << "never fewer than there are";
}

TEST_F(ChooseSharingTest, FourForDevelopment) {
  auto coming = Pods(2);
  coming[0].development = true;
  EXPECT_EQ(Replicas(coming), 4);
  EXPECT_EQ(Replicas(coming, 3), 3);
  coming[0].memory = coming[1].memory = base::MiB(20'000);
  EXPECT_EQ(Replicas(coming), 4) << "two of them fit";
}

TEST_F(ChooseSharingTest, WhatIsKnownOfMemoryFitsHoweverThePodsFall) {
  auto coming = Pods(4);
  for (Sharer& sharer : coming) sharer.memory = base::MiB(20'480);
  EXPECT_EQ(Replicas(coming), 2);
  coming = Pods(5);
  for (Sharer& sharer : coming) sharer.memory = base::MiB(20'480);
  EXPECT_EQ(Replicas(coming), 0) << "three could meet on one card";
  devices_.used = base::MiB(30'000);
  coming.resize(1);
  EXPECT_EQ(Replicas(coming), 0);
}

// At most three of those that stand are beside one that comes, on whichever device it lands.
TEST_F(ChooseSharingTest, ThoseThatStandAnywhereAreNoMoreThanOneDeviceHolds) {
  const auto standing = Pods(8);
  devices_.standing = standing;
  devices_.sharing = cluster::Sharing::kTimeSlicing;
  devices_.replicas = 4;
  devices_.exact = false;
  for (Sharer& sharer : devices_.standing) sharer.memory = base::MiB(10'000);
  auto coming = Pods(1);
  coming[0].memory = base::MiB(10'960);
  EXPECT_EQ(WhyNotAsIs(devices_, coming), "") << "40,960 MiB in all";
  coming[0].memory = base::MiB(10'961);
  EXPECT_EQ(WhyNotAsIs(devices_, coming), "a device has not the memory for all who would share it");
}

TEST_F(ChooseSharingTest, MpsGivesEachAnEqualPartAndIsNotForInstances) {
  const SharingPolicy mps{.sharing = cluster::Sharing::kMps, .most_replicas = 48};
  auto coming = Pods(4);
  coming[0].memory = base::MiB(20'480);
  EXPECT_EQ(ChooseSharing(devices_, coming, mps)->sharing, cluster::Sharing::kMps);
  coming[0].memory = base::MiB(20'481);
  EXPECT_FALSE(ChooseSharing(devices_, coming, mps));
  coming[0].memory.reset();
  devices_.profile = gpu::ProfileNamed(*devices_.model, "1g.5gb");
  EXPECT_FALSE(ChooseSharing(devices_, coming, mps));
}

TEST_F(ChooseSharingTest, SaysWhatIsNotKnownAndWhatManySharesCost) {
  const std::string text =
      DescribeSharing(devices_, Pods(12), {cluster::Sharing::kTimeSlicing, 12});
  EXPECT_THAT(text, HasSubstr("3.3 GiB each, which nothing enforces"));
  EXPECT_THAT(text, HasSubstr("what 12 of 12 pods need is not known"));
  EXPECT_THAT(text, HasSubstr("5-20 ms"));
}

}  // namespace
}  // namespace tangram::plan
