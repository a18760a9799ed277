#include "plan/leaks/leaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "plan/leaks/seats.h"
#include "plan/leaks/testing.h"

namespace tangram::plan {
namespace {

using base::MicroUsdPerHour;
using base::MilliGpu;
using testing::AddUsage;
using testing::MakeNode;
using testing::MakePod;
using testing::MakeSnapshot;
using testing::Noon;

const LeakPolicy kPolicy;
constexpr std::int64_t kUsd = 1'000'000;

const LeakSummary& Of(const Findings& findings, Leak leak) {
  return findings.leaks[static_cast<std::size_t>(leak)];
}

std::vector<LeftAlone> Reasons(const Findings& findings) {
  std::vector<LeftAlone> reasons;
  for (const auto& left : findings.left_alone) reasons.push_back(left.reason);
  return reasons;
}

TEST(FindLeaks, EmptyNodeIsWastedWhole) {
  const auto snapshot = MakeSnapshot({MakeNode({.name = "a", .gpus = 3, .usd_per_hour = 10})}, {});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kIdle).findings.size(), 1U);
  const Finding& finding = Of(findings, Leak::kIdle).findings[0];
  EXPECT_EQ(finding.kind, FindingKind::kEmptyNode);
  EXPECT_EQ(finding.waste, MicroUsdPerHour(10 * kUsd));  // 10/3 does not divide: nothing is lost
  EXPECT_EQ(finding.gpus, MilliGpu(3000));
}

TEST(FindLeaks, YoungNodeIsLeftAlone) {
  auto node = MakeNode({.name = "a"});
  node.created_at = Noon() - std::chrono::minutes(5);
  const auto snapshot = MakeSnapshot({node}, {});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kYoung});
  EXPECT_EQ(findings.totals.split.unmeasured, MicroUsdPerHour(10 * kUsd));
}

TEST(FindLeaks, FreeCardBesideAHeldOne) {
  const auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .gpus = 2})}, {MakePod({.name = "p", .node = "a"})});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kIdle).findings.size(), 1U);
  EXPECT_EQ(Of(findings, Leak::kIdle).findings[0].kind, FindingKind::kFreeCard);
  EXPECT_EQ(Of(findings, Leak::kIdle).waste, MicroUsdPerHour(5 * kUsd));
}

TEST(FindLeaks, NothingIsIdleWithoutMeasurement) {
  const auto snapshot =
      MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(findings.totals.split.unmeasured, MicroUsdPerHour(10 * kUsd));
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kNoUsage});
  ASSERT_FALSE(findings.steps.empty());
  EXPECT_EQ(findings.steps[0].kind, StepKind::kInstrument);
  EXPECT_FALSE(findings.totals.utilization);
}

TEST(FindLeaks, HeldAndSilentIsIdle) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p", .node = "a", .memory_mib = 23000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kIdle).findings.size(), 1U);
  const Finding& finding = Of(findings, Leak::kIdle).findings[0];
  EXPECT_EQ(finding.kind, FindingKind::kIdlePod);
  EXPECT_EQ(finding.pod, (PodRef{"default", "p"}));
  EXPECT_EQ(finding.confidence, Level::kHigh);
}

TEST(FindLeaks, APodWhoseSeriesNameTwoCardsIsNotJudged) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .gpus = 4})}, {MakePod({.name = "web-0", .node = "a"})});
  AddUsage(snapshot, {.pod = "web-0", .node = "a", .gpu = 1});
  AddUsage(snapshot, {.pod = "web-0", .node = "a", .gpu = 3, .busy_ppm = 900'000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  for (const Finding& finding : Of(findings, Leak::kIdle).findings) {
    EXPECT_NE(finding.kind, FindingKind::kIdlePod);
  }
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kMoved});
  EXPECT_FALSE(findings.cards[1].seats[0].exact);
}

// Every reason that keeps a silent pod from being called idle.
struct SpareCase {
  std::string name;
  std::function<void(cluster::Snapshot&)> change;
  LeftAlone want;
};

const SpareCase kSpared[] = {
    {"Young",
     [](cluster::Snapshot& s) { s.pods[0].started_at = Noon() - std::chrono::minutes(10); },
     LeftAlone::kYoung},
    {"NotReady", [](cluster::Snapshot& s) { s.pods[0].ready = false; }, LeftAlone::kNotReady},
    {"Pinned",
     [](cluster::Snapshot& s) {
       s.pods[0].annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
     },
     LeftAlone::kPinned},
    {"SafeToEvictFalse",
     [](cluster::Snapshot& s) {
       s.pods[0].annotations = {{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"}};
     },
     LeftAlone::kPinned},
    {"ThinData", [](cluster::Snapshot& s) { s.usage->devices[0].samples /= 10; },
     LeftAlone::kThinData},
    {"NoMetric",
     [](cluster::Snapshot& s) { s.usage->devices[0].metric = cluster::ActivityMetric::kNone; },
     LeftAlone::kNoUsage},
};

class SparedTest : public ::testing::TestWithParam<SpareCase> {};
TEST_P(SparedTest, IsLeftAloneWithItsReason) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p", .node = "a", .memory_mib = 23000});
  GetParam().change(snapshot);
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Of(findings, Leak::kIdle).findings.size(), 0U);
  EXPECT_EQ(Reasons(findings), std::vector{GetParam().want});
}
INSTANTIATE_TEST_SUITE_P(Table, SparedTest, ::testing::ValuesIn(kSpared),
                         [](const auto& row) { return row.param.name; });

TEST(FindLeaks, LastActiveWithinTheIdleTimeIsNotIdle) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p", .node = "a", .memory_mib = 38000});
  snapshot.usage->devices[0].last_active = Noon() - std::chrono::minutes(10);
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_TRUE(Of(findings, Leak::kIdle).findings.empty());
}

TEST(FindLeaks, OneIdleCardOfAPodWithTwoIsNotIdle) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a", .gpus = 2})},
                               {MakePod({.name = "p", .node = "a", .count = 2})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .gpu = 0,
                      .active_ppm = 800'000,
                      .busy_ppm = 900'000,
                      .memory_mib = 30000});
  AddUsage(snapshot, {.pod = "p", .node = "a", .gpu = 1, .memory_mib = 100});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kManyGpus});
}

TEST(FindLeaks, LightPodOnAMigCardGetsTheSmallestProfileThatHoldsIt) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .active_ppm = 60'000,
                      .max_ppm = 100'000,
                      .busy_ppm = 500'000,
                      .memory_mib = 4000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kOversized).findings.size(), 1U);
  const Finding& finding = Of(findings, Leak::kOversized).findings[0];
  EXPECT_EQ(finding.technique, Technique::kMig);
  EXPECT_EQ(finding.target, "1g.5gb");
  EXPECT_EQ(finding.risk, Level::kLow);
  // A 1g takes a seventh of the compute: six sevenths of $10 are wasted.
  EXPECT_EQ(Of(findings, Leak::kOversized).waste.value(), 10 * kUsd - 10 * 142'857);
  EXPECT_EQ(findings.totals.split.useful.value(), 10 * 142'857);
}

TEST(FindLeaks, BurstsAboveTheSliceRaiseTheRisk) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .active_ppm = 60'000,
                      .max_ppm = 1'000'000,
                      .busy_ppm = 500'000,
                      .memory_mib = 4000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Of(findings, Leak::kOversized).findings.at(0).risk, Level::kMedium);
}

TEST(FindLeaks, LightPodOnACardWithoutMigShares) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a", .product = "Tesla-T4"})},
                               {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .active_ppm = 60'000,
                      .max_ppm = 200'000,
                      .busy_ppm = 500'000,
                      .memory_mib = 3000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kUnshared).findings.size(), 1U);
  EXPECT_EQ(Of(findings, Leak::kUnshared).findings[0].technique, Technique::kTimeSlicing);
  EXPECT_EQ(Of(findings, Leak::kUnshared).findings[0].target, "4 replicas");
  EXPECT_EQ(Of(findings, Leak::kUnshared).waste.value(), 7'500'000);
}

TEST(FindLeaks, BusyPodIsLeftAlone) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a"})}, {MakePod({.name = "p", .node = "a"})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .active_ppm = 800'000,
                      .max_ppm = 1'000'000,
                      .busy_ppm = 950'000,
                      .memory_mib = 30000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kBusy});
  EXPECT_EQ(findings.totals.utilization, base::PartsPerMillion(800'000));
}

TEST(FindLeaks, FreeInstancesOfACardInUse) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .instances = {"3g.20gb", "3g.20gb"}})},
                   {MakePod({.name = "p", .node = "a", .resource = "nvidia.com/mig-3g.20gb"})});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kOversized).findings.size(), 1U);
  EXPECT_EQ(Of(findings, Leak::kOversized).findings[0].kind, FindingKind::kFreeSlices);
  EXPECT_EQ(Of(findings, Leak::kOversized).waste, MicroUsdPerHour(5 * kUsd));
}

TEST(FindLeaks, PartOfACardThatNoInstanceCovers) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .instances = {"3g.20gb"}})},
                   {MakePod({.name = "p", .node = "a", .resource = "nvidia.com/mig-3g.20gb"})});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Of(findings, Leak::kOversized).waste, MicroUsdPerHour(5 * kUsd));
}

TEST(FindLeaks, SevenSmallestInstancesLeaveNothingUncovered) {
  std::vector<cluster::Pod> pods;
  for (int i = 0; i < 7; ++i) {
    pods.push_back(MakePod(
        {.name = "p" + std::to_string(i), .node = "a", .resource = "nvidia.com/mig-1g.5gb"}));
  }
  const std::vector<std::string> seven(7, "1g.5gb");
  const auto snapshot = MakeSnapshot({MakeNode({.name = "a", .instances = seven})}, pods);
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(findings.totals.held, MilliGpu(1000));  // a seventh has no end in thousandths
}

TEST(FindLeaks, FreeReplicasOfASharedCard) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .product = "Tesla-T4", .replicas = 4})},
                   {MakePod({.name = "p", .node = "a", .resource = "nvidia.com/gpu.shared"})});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Of(findings, Leak::kUnshared).findings.size(), 3U);
  EXPECT_EQ(Of(findings, Leak::kUnshared).waste.value(), 7'500'000);
}

TEST(FindLeaks, SpotTakesOnlyWhatTheOtherLeaksLeft) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .gpus = 2, .usd_per_hour = 10, .spot_usd_per_hour = 4})},
                   {MakePod({.name = "p", .node = "a", .owner = {"Job", ""}})});
  AddUsage(snapshot, {.pod = "p",
                      .node = "a",
                      .active_ppm = 800'000,
                      .max_ppm = 1'000'000,
                      .busy_ppm = 950'000,
                      .memory_mib = 30000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Of(findings, Leak::kIdle).waste, MicroUsdPerHour(5 * kUsd));
  EXPECT_EQ(Of(findings, Leak::kOnDemand).waste, MicroUsdPerHour(3 * kUsd));  // 60 % of $5
  EXPECT_EQ(findings.totals.split.useful, MicroUsdPerHour(2 * kUsd));
}

TEST(FindLeaks, OneSingletonKeepsItsNodeOffSpot) {
  auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .gpus = 2, .usd_per_hour = 10, .spot_usd_per_hour = 4})},
                   {MakePod({.name = "job", .node = "a", .owner = {"Job", ""}}),
                    MakePod({.name = "db", .node = "a", .owner = {"StatefulSet", ""}})});
  EXPECT_EQ(Of(FindLeaks(snapshot, kPolicy), Leak::kOnDemand).findings.size(), 0U);
}

TEST(FindLeaks, UnknownPriceIsNamedAndLeftOut) {
  const auto snapshot =
      MakeSnapshot({MakeNode({.name = "a", .usd_per_hour = 0}), MakeNode({.name = "b"})}, {});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(findings.totals.gpus_without_price, 1);
  EXPECT_EQ(findings.totals.split.cost, MicroUsdPerHour(10 * kUsd));
  EXPECT_EQ(Of(findings, Leak::kIdle).unpriced, 1);
  EXPECT_FALSE(Of(findings, Leak::kIdle).findings.back().waste);
  ASSERT_EQ(findings.unpriced.size(), 1U);
}

TEST(FindLeaks, UnknownModelIsReportedNotAdvised) {
  auto snapshot = MakeSnapshot({MakeNode({.name = "a", .product = "NVIDIA-Z900"})},
                               {MakePod({.name = "p", .node = "a"})});
  AddUsage(
      snapshot,
      {.pod = "p", .node = "a", .active_ppm = 60'000, .busy_ppm = 500'000, .memory_mib = 3000});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  EXPECT_EQ(Reasons(findings), std::vector{LeftAlone::kUnknownModel});
  EXPECT_EQ(findings.unknown_models,
            (std::vector<std::pair<std::string_view, std::int64_t>>{{"NVIDIA-Z900", 1}}));
}

TEST(FindLeaks, RunningPodsWithoutANodeAreCountedNotGuessed) {
  auto pod = MakePod({.name = "p"});
  pod.phase = cluster::PodPhase::kRunning;
  const auto snapshot = MakeSnapshot({MakeNode({.name = "a", .gpus = 4})}, {pod});
  const Findings findings = FindLeaks(snapshot, kPolicy);
  ASSERT_EQ(Of(findings, Leak::kIdle).findings.size(), 1U);
  EXPECT_EQ(Of(findings, Leak::kIdle).findings[0].node, "");
  EXPECT_EQ(Of(findings, Leak::kIdle).findings[0].gpus, MilliGpu(3000));
  EXPECT_EQ(WasteOf(findings.totals.split), MicroUsdPerHour(0));
  EXPECT_EQ(findings.totals.allocation, base::PartsPerMillion(250'000));
}

TEST(FindLeaks, TeamComesFromThePodThenFromItsNamespace) {
  auto snapshot = MakeSnapshot(
      {MakeNode({.name = "a", .gpus = 2})},
      {MakePod({.name = "p", .node = "a", .team = "vision"}), MakePod({.name = "q", .node = "a"})});
  snapshot.namespaces = {{"default", {{"team", "platform"}}}};
  const Findings findings = FindLeaks(snapshot, kPolicy);
  std::vector<std::string> teams;
  for (const Group& group : findings.by_team) teams.push_back(group.key);
  std::sort(teams.begin(), teams.end());
  EXPECT_EQ(teams, (std::vector<std::string>{"platform", "vision"}));
}

TEST(FindLeaks, OneNamespaceSeesOnlyWhatItHolds) {
  auto other = MakePod({.name = "q", .node = "a"});
  other.ns = "other";
  auto snapshot = MakeSnapshot({MakeNode({.name = "a", .gpus = 4, .usd_per_hour = 8})},
                               {MakePod({.name = "p", .node = "a"}), other});
  AddUsage(snapshot, {.pod = "p", .node = "a", .memory_mib = 23000});
  LeakPolicy policy;
  policy.only_namespace = "default";
  const Findings findings = FindLeaks(snapshot, policy);
  EXPECT_EQ(findings.totals.gpus, 1);
  EXPECT_EQ(findings.totals.split.cost, MicroUsdPerHour(2 * kUsd));
  EXPECT_EQ(Of(findings, Leak::kIdle).waste, MicroUsdPerHour(2 * kUsd));
  EXPECT_EQ(findings.by_namespace.size(), 1U);
}

TEST(KindOf, ReadsResourceNames) {
  EXPECT_EQ(KindOf("nvidia.com/gpu").unit, ResourceKind::Unit::kCard);
  EXPECT_EQ(KindOf("nvidia.com/mig-1g.5gb.shared").profile, "1g.5gb");
  EXPECT_TRUE(KindOf("nvidia.com/mig-1g.5gb.shared").shared);
  EXPECT_EQ(KindOf("nvidia.com/gpumem").unit, ResourceKind::Unit::kNotGpu);
  EXPECT_EQ(KindOf("amd.com/gpu").unit, ResourceKind::Unit::kNotGpu);
}

// ---- laws over random clusters ----

cluster::Snapshot RandomCluster(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  const std::vector<std::vector<std::string>> layouts = {
      {}, {}, {"1g.5gb", "2g.10gb", "3g.20gb"}, {"3g.20gb"}, std::vector<std::string>(7, "1g.5gb")};
  const char* products[] = {"NVIDIA-A100-SXM4-40GB", "NVIDIA-H100-80GB-HBM3", "Tesla-T4",
                            "NVIDIA-Z1"};
  std::vector<cluster::Node> nodes;
  std::vector<cluster::Pod> pods;
  cluster::Snapshot usage;
  for (int n = 0; n < 1 + pick(8); ++n) {
    testing::NodeSpec spec{.name = "n" + std::to_string(n),
                           .product = products[pick(4)],
                           .gpus = 1 + pick(8),
                           .usd_per_hour = pick(40),
                           .spot_usd_per_hour = pick(20),
                           .replicas = pick(3) == 0 ? 3 : 1};
    if (spec.product == products[0]) spec.instances = layouts[static_cast<std::size_t>(pick(5))];
    nodes.push_back(MakeNode(spec));
    if (nodes.back().price) nodes.back().price->rate += MicroUsdPerHour(pick(1'000'000));
    for (int p = 0; p < pick(10); ++p) {
      const char* resources[] = {"nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb",
                                 "nvidia.com/mig-3g.20gb"};
      const char* kinds[] = {"Job", "Deployment", "StatefulSet", ""};
      testing::PodSpec pod{.name = spec.name + "p" + std::to_string(p),
                           .node = pick(8) == 0 ? "" : spec.name,
                           .resource = resources[pick(4)],
                           .count = 1 + pick(3),
                           .owner = {kinds[pick(4)], "o" + std::to_string(pick(3))},
                           .team = pick(2) == 0 ? "" : "t" + std::to_string(pick(3))};
      pods.push_back(MakePod(pod));
      if (pick(3) == 0) continue;
      AddUsage(usage, {.pod = pod.name,
                       .node = spec.name,
                       .gpu = pick(spec.gpus),
                       .active_ppm = pick(4) == 0 ? 0 : pick(1'000'000),
                       .max_ppm = pick(1'000'000),
                       .busy_ppm = pick(2) == 0 ? 0 : pick(1'000'000),
                       .memory_mib = 1 + pick(40000),
                       .coverage_percent = 1 + pick(100)});
    }
  }
  cluster::Snapshot snapshot = MakeSnapshot(std::move(nodes), std::move(pods));
  snapshot.usage = usage.usage;
  cluster::Normalize(snapshot);
  return snapshot;
}

Split SumOf(const std::vector<Group>& groups) {
  Split sum;
  for (const Group& group : groups) {
    sum.cost += group.split.cost;
    for (std::size_t i = 0; i < sum.waste.size(); ++i) sum.waste[i] += group.split.waste[i];
    sum.useful += group.split.useful;
    sum.unmeasured += group.split.unmeasured;
    sum.gpus += group.split.gpus;
  }
  return sum;
}

TEST(FindLeaks, EveryMicroDollarIsInExactlyOnePlace) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const cluster::Snapshot snapshot = RandomCluster(seed);
    const Findings findings = FindLeaks(snapshot, kPolicy);
    const Split& split = findings.totals.split;
    MicroUsdPerHour bill;
    for (const auto& node : snapshot.nodes) {
      if (node.price && !node.gpus.empty()) bill += node.price->rate;
    }
    EXPECT_EQ(split.cost, bill) << seed;
    EXPECT_EQ(split.gpus, MilliGpu(1000) * findings.totals.gpus) << seed;
    EXPECT_EQ(WasteOf(split) + split.useful + split.unmeasured, split.cost) << seed;
    EXPECT_EQ(SumOf(findings.by_namespace), split) << seed;
    EXPECT_EQ(SumOf(findings.by_team), split) << seed;
    EXPECT_EQ(SumOf(findings.by_model), split) << seed;
    EXPECT_EQ(SumOf(findings.by_node), split) << seed;
    for (std::size_t i = 0; i < kLeaks; ++i) {
      MicroUsdPerHour sum;
      for (const Finding& finding : findings.leaks[i].findings) {
        sum += finding.waste.value_or(MicroUsdPerHour());
      }
      EXPECT_EQ(sum, findings.leaks[i].waste) << seed;
      EXPECT_EQ(sum, split.waste[i]) << seed;
    }
    for (const CardView& card : findings.cards) {
      base::PartsPerMillion shares;
      for (const SeatView& seat : card.seats) shares += seat.share;
      EXPECT_EQ(shares, base::kWhole) << seed;
    }
  }
}

TEST(FindLeaks, DoesNotDependOnInputOrder) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const cluster::Snapshot snapshot = RandomCluster(seed);
    cluster::Snapshot shuffled = snapshot;
    std::mt19937_64 random(seed);
    std::shuffle(shuffled.nodes.begin(), shuffled.nodes.end(), random);
    std::shuffle(shuffled.pods.begin(), shuffled.pods.end(), random);
    if (shuffled.usage) {
      std::shuffle(shuffled.usage->devices.begin(), shuffled.usage->devices.end(), random);
    }
    cluster::Normalize(shuffled);
    EXPECT_EQ(FindLeaks(shuffled, kPolicy), FindLeaks(snapshot, kPolicy)) << seed;
  }
}

TEST(FindLeaks, NoPodIsIdleOrLightWithoutUsage) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    cluster::Snapshot snapshot = RandomCluster(seed);
    snapshot.usage.reset();
    const Findings findings = FindLeaks(snapshot, kPolicy);
    for (const LeakSummary& leak : findings.leaks) {
      for (const Finding& finding : leak.findings) {
        EXPECT_TRUE(finding.pod.name.empty()) << seed;
      }
    }
  }
}

}  // namespace
}  // namespace tangram::plan
