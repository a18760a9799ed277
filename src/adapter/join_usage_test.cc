#include "adapter/join_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/time_text.h"

namespace tangram::adapter {
namespace {

using cluster::ActivityMetric;
using cluster::Gpu;
using cluster::Labels;
using cluster::LayoutSource;
using cluster::Node;
using cluster::Snapshot;
using telemetry::DcgmRecord;
using testing::HasSubstr;
using testing::SizeIs;

Node WithCards(const std::string& name, int cards, Labels labels = {}) {
  Node node;
  node.name = name;
  node.labels = std::move(labels);
  for (int i = 0; i < cards; ++i) {
    Gpu gpu;
    gpu.index = i;
    gpu.product = "NVIDIA-A100-SXM4-40GB";
    gpu.memory = base::MiB(40960);
    node.gpus.push_back(gpu);
  }
  return node;
}

DcgmRecord Record(const std::string& uuid, const std::string& node, int index) {
  DcgmRecord record;
  record.uuid = uuid;
  record.node = node;
  record.node_label = "Hostname";
  record.gpu_index = index;
  record.metric = telemetry::DcgmMetric::kEngine;
  record.samples = 100;
  record.active_mean = base::PartsPerMillion(400'000);
  return record;
}

DcgmRecord Part(const std::string& uuid, int index, const std::string& id,
                const std::string& profile) {
  DcgmRecord record = Record(uuid, "n", index);
  record.instance_id = id;
  record.profile = profile;
  return record;
}

std::string Gaps(const Snapshot& snapshot) {
  std::string text;
  for (const cluster::Gap& gap : snapshot.gaps) text += gap.what + ": " + gap.why + "\n";
  return text;
}

Snapshot Join(Snapshot snapshot, std::vector<DcgmRecord> records) {
  telemetry::DcgmUsage dcgm;
  dcgm.to = base::Time(std::chrono::hours(48));
  dcgm.records = std::move(records);
  return JoinUsage(std::move(snapshot), dcgm, "prometheus: test");
}

Snapshot Of(std::vector<Node> nodes) {
  Snapshot snapshot;
  snapshot.nodes = std::move(nodes);
  return snapshot;
}

struct FindCase {
  std::string name;
  std::string said;  // by the series
  std::string want;  // the node
};
const FindCase kFinds[] = {
    {"ByName", "n1", "n1"},
    {"ByHostnameLabel", "host-2", "n2"},
    {"WithDomainInTheSeries", "n1.internal.example", "n1"},
    {"WithDomainInTheCluster", "n3", "n3.eu.example"},
    {"Gone", "n9", ""},
    {"NoName", "", ""},
};
class FindTest : public testing::TestWithParam<FindCase> {};
TEST_P(FindTest, Node) {
  const Snapshot joined =
      Join(Of({WithCards("n1", 1), WithCards("n2", 1, {{"kubernetes.io/hostname", "host-2"}}),
               WithCards("n3.eu.example", 1)}),
           {Record("GPU-a", GetParam().said, 0)});
  ASSERT_THAT(joined.usage->devices, SizeIs(1));
  EXPECT_EQ(joined.usage->devices[0].node, GetParam().want);
  EXPECT_EQ(Gaps(joined).empty(), !GetParam().want.empty());
}
INSTANTIATE_TEST_SUITE_P(Table, FindTest, testing::ValuesIn(kFinds),
                         [](const auto& test) { return test.param.name; });

TEST(JoinUsage, TwoNodesOfOneShortNameAreNotGuessed) {
  const Snapshot joined =
      Join(Of({WithCards("n.a", 1), WithCards("n.b", 1)}), {Record("GPU-a", "n", 0)});
  EXPECT_EQ(joined.usage->devices[0].node, "");
}

TEST(JoinUsage, UuidOfTheClusterWinsOverTheName) {
  Node node = WithCards("n1", 2);
  node.gpus[1].uuid = "GPU-b";
  const Snapshot joined = Join(Of({node}), {Record("GPU-b", "10.0.0.7", -1)});
  EXPECT_EQ(joined.usage->devices[0].node, "n1");
  EXPECT_EQ(joined.usage->devices[0].gpu_index, 1);
}

TEST(JoinUsage, ThePodTellsTheNodeWhereTheSeriesOnlyGuess) {
  Snapshot snapshot = Of({WithCards("n1", 1)});
  cluster::Pod pod;
  pod.ns = "a";
  pod.name = "p";
  pod.node = "n1";
  snapshot.pods.push_back(pod);
  DcgmRecord guessed = Record("GPU-a", "10.0.0.7", 0);
  guessed.node_label = "instance";
  guessed.ns = "a";
  guessed.pod = "p";
  DcgmRecord named = guessed;
  named.uuid = "GPU-b";
  named.node = "old-node";
  named.node_label = "Hostname";
  const Snapshot joined = Join(snapshot, {guessed, named});
  EXPECT_EQ(joined.usage->devices[0].node, "");
  EXPECT_EQ(joined.usage->devices[0].uuid, "GPU-b");
  EXPECT_EQ(joined.usage->devices[1].node, "n1");
}

TEST(JoinUsage, FillsUuids) {
  const Snapshot joined =
      Join(Of({WithCards("n", 2)}), {Record("GPU-a", "n", 0), Record("GPU-b", "n", 1)});
  EXPECT_EQ(joined.nodes[0].gpus[0].uuid, "GPU-a");
  EXPECT_EQ(joined.nodes[0].gpus[1].uuid, "GPU-b");
  EXPECT_EQ(Gaps(joined), "");
}

TEST(JoinUsage, AReplacedCardIsSaid) {
  DcgmRecord old = Record("GPU-a", "n", 0);
  old.samples = 10;
  const Snapshot joined = Join(Of({WithCards("n", 1)}), {old, Record("GPU-z", "n", 0)});
  EXPECT_EQ(joined.nodes[0].gpus[0].uuid, "GPU-z");
  EXPECT_THAT(Gaps(joined), HasSubstr("node n: 1 of its GPUs had more than one UUID"));
}

TEST(JoinUsage, NodesThatAreGoneAreCountedAndNamed) {
  const Snapshot joined =
      Join(Of({WithCards("n", 1)}), {Record("GPU-a", "old-1", 0), Record("GPU-b", "old-1", 1),
                                     Record("GPU-c", "old-2", 0), Record("GPU-d", "n", 0)});
  EXPECT_EQ(Gaps(joined),
            "usage: 3 GPUs have series on 2 nodes that are not in the cluster: old-1, old-2\n");
  EXPECT_THAT(joined.usage->devices, SizeIs(4));
}

TEST(JoinUsage, UtilizationIsNeverUsedOnMig) {
  DcgmRecord record = Part("GPU-a", 0, "3", "1g.5gb");
  record.metric = telemetry::DcgmMetric::kUtilization;
  record.memory_max = base::MiB(100);
  const Snapshot joined = Join(Of({WithCards("n", 1)}), {record});
  const cluster::DeviceUsage& usage = joined.usage->devices[0];
  EXPECT_EQ(usage.metric, ActivityMetric::kNone);
  EXPECT_EQ(usage.samples, 0);
  EXPECT_EQ(usage.active_mean, base::PartsPerMillion(0));
  EXPECT_EQ(usage.memory_max, base::MiB(100));
}

TEST(JoinUsage, AClaimThatOnePodHoldsNamesThePod) {
  Snapshot snapshot = Of({WithCards("n", 1)});
  cluster::Pod pod;
  pod.ns = "a";
  pod.name = "p";
  pod.uid = "u1";
  snapshot.pods.push_back(pod);
  cluster::Claim claim;
  claim.ns = "a";
  claim.name = "c";
  claim.reserved_for = {"u1"};
  snapshot.claims.push_back(claim);
  DcgmRecord record = Record("GPU-a", "n", 0);
  record.claim_ns = "a";
  record.claim = "c";
  const Snapshot joined = Join(snapshot, {record});
  EXPECT_EQ(joined.usage->devices[0].ns, "a");
  EXPECT_EQ(joined.usage->devices[0].pod, "p");
}

// A node of two cards cut into four 1g.5gb and two 3g.20gb, spread evenly for want of better.
Snapshot Inferred() {
  Node node = WithCards("n", 2,
                        {{"nvidia.com/gpu.count", "2"},
                         {"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"},
                         {"nvidia.com/gpu.replicas", "0"},
                         {"nvidia.com/mig-1g.5gb.count", "4"},
                         {"nvidia.com/mig-3g.20gb.count", "2"},
                         {"nvidia.com/mig.strategy", "mixed"}});
  node.mig_strategy = cluster::MigStrategy::kMixed;
  for (Gpu& gpu : node.gpus) {
    gpu.layout = LayoutSource::kInferred;
    gpu.instances = {{"1g.5gb", 0, ""}, {"1g.5gb", 1, ""}, {"3g.20gb", 4, ""}};
  }
  return Of({node});
}

TEST(JoinUsage, SeenInstancesReplaceInferredOnes) {
  const Snapshot joined =
      Join(Inferred(), {Part("GPU-a", 0, "1", "3g.20gb"), Part("GPU-a", 0, "2", "3g.20gb"),
                        Part("GPU-b", 1, "7", "1g.5gb"), Part("GPU-b", 1, "8", "1g.5gb"),
                        Part("GPU-b", 1, "9", "1g.5gb"), Part("GPU-b", 1, "10", "1g.5gb")});
  EXPECT_EQ(Gaps(joined), "");
  const std::vector<Gpu>& gpus = joined.nodes[0].gpus;
  EXPECT_EQ(gpus[0].layout, LayoutSource::kObserved);
  ASSERT_THAT(gpus[0].instances, SizeIs(2));
  EXPECT_EQ(gpus[0].instances[0], (cluster::Instance{"3g.20gb", std::nullopt, "1"}));
  EXPECT_THAT(gpus[1].instances, SizeIs(4));
}

TEST(JoinUsage, AnEarlierLayoutOfTheWindowIsNotTakenForTheCurrentOne) {
  const Snapshot joined = Join(Inferred(), {Part("GPU-a", 0, "0", "7g.40gb")});
  EXPECT_EQ(joined.nodes[0].gpus[0].layout, LayoutSource::kInferred);
  EXPECT_THAT(Gaps(joined), HasSubstr("changed their MIG layout within the window"));
}

TEST(JoinUsage, TwoLayoutsThatFitNoCardTogetherAreNotTaken) {
  const Snapshot joined =
      Join(Inferred(), {Part("GPU-a", 0, "1", "3g.20gb"), Part("GPU-a", 0, "2", "3g.20gb"),
                        Part("GPU-a", 0, "7", "1g.5gb")});
  EXPECT_EQ(joined.nodes[0].gpus[0].layout, LayoutSource::kInferred);
  EXPECT_THAT(Gaps(joined), HasSubstr("changed their MIG layout within the window"));
}

TEST(JoinUsage, AnExporterThatShowsNoInstancesChangesNoLayout) {
  const Snapshot before = Inferred();
  const Snapshot joined = Join(before, {Record("GPU-a", "n", 0), Record("GPU-b", "n", 1)});
  EXPECT_EQ(joined.nodes[0].gpus[0].instances, before.nodes[0].gpus[0].instances);
  EXPECT_EQ(joined.nodes[0].gpus[0].layout, LayoutSource::kInferred);
}

TEST(JoinUsage, CardsThatNobodyReportsAreSaid) {
  const Snapshot joined = Join(Of({WithCards("n", 1)}), {Record("GPU-c", "n", 5)});
  EXPECT_THAT(Gaps(joined), HasSubstr("1 GPUs have series and are not among those"));
}

}  // namespace
}  // namespace tangram::adapter
