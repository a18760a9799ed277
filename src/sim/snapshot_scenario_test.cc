// Small clusters, each with the scenario that starts from it.
#include "sim/snapshot_scenario.h"

#include <gtest/gtest.h>

namespace tangram::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

cluster::Node Node(const std::string& name, int gpus) {
  cluster::Node node;
  node.name = name;
  node.cpu = base::MilliCpu(32'000);
  node.memory = base::MiB(64 * 1024);
  node.devices = {{"nvidia.com/gpu", gpus}};
  for (int i = 0; i < gpus; ++i) {
    cluster::Gpu gpu;
    gpu.index = i;
    gpu.product = "NVIDIA-A100-SXM4-40GB";
    gpu.memory = base::MiB(40'960);
    node.gpus.push_back(gpu);
  }
  return node;
}

// On `node`, or waiting where that is empty.
cluster::Pod Pod(const std::string& name, const std::string& node, const std::string& resource,
                 int count) {
  cluster::Pod pod;
  pod.ns = "ml";
  pod.name = name;
  pod.node = node;
  pod.phase = node.empty() ? cluster::PodPhase::kPending : cluster::PodPhase::kRunning;
  pod.cpu = base::MilliCpu(2000);
  if (count > 0) pod.devices = {{resource, count}};
  return pod;
}

struct Started {
  Scenario scenario;
  SnapshotLeftOut left_out;
};

Started Start(cluster::Snapshot snapshot, const SnapshotStart& start = {}) {
  cluster::Normalize(snapshot);
  ScenarioBuilder builder;
  const auto left_out = AddSnapshot(snapshot, start, builder);
  EXPECT_TRUE(left_out) << left_out.error().message;
  return {std::move(builder).Finish(hours(1), minutes(1)), *left_out};
}

TEST(AddSnapshot, NodesWithGpusThatAreReadyAndOpen) {
  cluster::Snapshot snapshot;
  snapshot.nodes = {Node("a", 2), Node("b", 2), Node("cordoned", 2), Node("down", 2),
                    Node("plain", 0)};
  snapshot.nodes[2].schedulable = false;
  snapshot.nodes[3].ready = false;
  const Started started = Start(snapshot, {.boot = minutes(4), .idle_after = minutes(5)});
  EXPECT_EQ(started.left_out.nodes, 2);
  ASSERT_EQ(started.scenario.groups.size(), 1U) << "equal nodes are one group";
  EXPECT_EQ(started.scenario.groups[0].name, "2 x A100-40GB");
  EXPECT_EQ(started.scenario.groups[0].boot, minutes(4));
  EXPECT_EQ(started.scenario.groups[0].idle_after, minutes(5));
  EXPECT_EQ(started.scenario.nodes.size(), 2U);
}

TEST(AddSnapshot, PodsStandWhereTheyAreOrWait) {
  cluster::Snapshot snapshot;
  snapshot.nodes = {Node("a", 4)};
  snapshot.pods = {Pod("cpu", "a", "", 0), Pod("elsewhere", "z", "nvidia.com/gpu", 1),
                   Pod("runs", "a", "nvidia.com/gpu", 3), Pod("waits", "", "nvidia.com/gpu", 2)};
  const Started started = Start(snapshot);
  EXPECT_EQ(started.left_out.pods, 0);
  const auto& jobs = started.scenario.jobs;
  ASSERT_EQ(jobs.size(), 3U);
  ASSERT_EQ(jobs[0].present.size(), 1U);
  EXPECT_EQ(jobs[0].present[0].gpus, 0U) << "CPU alone";
  ASSERT_EQ(jobs[1].present.size(), 1U);
  EXPECT_EQ(jobs[1].present[0].gpus, 0b111U);
  EXPECT_EQ(started.scenario.workloads[jobs[1].workload], "running before");
  EXPECT_TRUE(jobs[2].present.empty());
  EXPECT_EQ(started.scenario.workloads[jobs[2].workload], "waiting before");
  EXPECT_EQ(started.scenario.asks[jobs[2].ask].shape.gpus, 2);
  for (const Job& job : jobs) {
    EXPECT_EQ(job.arrival, Milliseconds(0));
    EXPECT_EQ(job.duration, std::nullopt);
  }
}

TEST(AddSnapshot, CutCardsStandAsReportedAndIllegalOnesAreCounted) {
  cluster::Snapshot snapshot;
  snapshot.nodes = {Node("a", 2)};
  cluster::Node& node = snapshot.nodes[0];
  node.mig_strategy = cluster::MigStrategy::kMixed;
  node.devices = {
      {"nvidia.com/gpu", 0}, {"nvidia.com/mig-3g.20gb", 1}, {"nvidia.com/mig-7g.40gb", 2}};
  node.gpus[0].layout = cluster::LayoutSource::kObserved;
  node.gpus[0].instances = {{"3g.20gb", 4, "1"}};
  node.gpus[1].layout = cluster::LayoutSource::kObserved;
  node.gpus[1].instances = {{"7g.40gb", 0, "1"}, {"7g.40gb", 0, "2"}};
  snapshot.pods = {Pod("runs", "a", "nvidia.com/mig-3g.20gb", 1)};
  const Started started = Start(snapshot);
  EXPECT_EQ(started.left_out.cards, 1);
  ASSERT_EQ(started.scenario.cut_cards.size(), 2U);
  const CutAtStart& legal = started.scenario.cut_cards[0];
  ASSERT_EQ(legal.instances.size(), 1U);
  EXPECT_EQ(legal.instances[0].profile->name, "3g.20gb");
  EXPECT_EQ(legal.instances[0].start, 4);
  EXPECT_TRUE(started.scenario.cut_cards[1].instances.empty());
  ASSERT_EQ(started.scenario.jobs.size(), 1U);
  EXPECT_EQ(started.scenario.asks[started.scenario.jobs[0].ask].profile, "3g.20gb");
}

TEST(AddSnapshot, LeavesOutPodsThatItCannotTellApart) {
  cluster::Snapshot snapshot;
  snapshot.nodes = {Node("a", 2)};
  snapshot.pods = {Pod("hungry", "a", "", 0), Pod("mixed", "", "nvidia.com/gpu", 1)};
  snapshot.pods[0].cpu = base::MilliCpu(64'000);
  snapshot.pods[1].devices.push_back({"nvidia.com/mig-1g.5gb", 1});
  const Started started = Start(snapshot);
  EXPECT_EQ(started.left_out.pods, 2);
  EXPECT_TRUE(started.scenario.jobs.empty());
}

}  // namespace
}  // namespace tangram::sim
