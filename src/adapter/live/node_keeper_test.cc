#include "adapter/live/node_keeper.h"

#include <gmock/gmock.h>

namespace tangram::adapter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

cluster::Node NodeWith(const std::string& name, int gpus) {
  cluster::Node node;
  node.name = name;
  node.labels = {{"nvidia.com/gpu.count", std::to_string(gpus)},
                 {"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"}};
  node.devices = {{"nvidia.com/gpu", gpus}};
  return node;
}

cluster::ResourceSlice SliceOf(const std::string& node, int cards) {
  cluster::ResourceSlice slice;
  slice.name = node + "-slice";
  slice.driver = "gpu.nvidia.com";
  slice.reach.node = node;
  slice.pool = node;
  slice.generation = 1;
  slice.pool_slices = 1;
  for (int i = 0; i < cards; ++i) {
    cluster::Device device;
    device.name = "gpu-" + std::to_string(i);
    device.attributes = {{"type", {}, "gpu"},
                         {"uuid", {}, "GPU-" + node + std::to_string(i)},
                         {"productName", {}, "NVIDIA A100-SXM4-40GB"}};
    slice.devices.push_back(device);
  }
  return slice;
}

TEST(NodeKeeper, TellsANodeWithTheGpusOfItsLabels) {
  NodeKeeper keeper;
  keeper.Set(NodeWith("a", 2));
  const auto changes = keeper.Flush();
  ASSERT_EQ(changes.nodes.size(), 1u);
  EXPECT_EQ(changes.nodes[0].gpus.size(), 2u);
  EXPECT_FALSE(keeper.has_changes());
}

TEST(NodeKeeper, AHeartbeatTellsNothing) {
  NodeKeeper keeper;
  keeper.Set(NodeWith("a", 2));
  keeper.Flush();
  keeper.Set(NodeWith("a", 2));
  EXPECT_TRUE(keeper.has_changes());
  EXPECT_THAT(keeper.Flush().nodes, IsEmpty());
}

TEST(NodeKeeper, SlicesSayMoreThanLabels) {
  NodeKeeper keeper;
  keeper.Set(NodeWith("a", 2));
  keeper.Set(NodeWith("b", 2));
  keeper.Flush();
  keeper.SetSlice(SliceOf("a", 3));
  auto changes = keeper.Flush();
  ASSERT_EQ(changes.nodes.size(), 1u);
  EXPECT_EQ(changes.nodes[0].name, "a");
  EXPECT_EQ(changes.nodes[0].gpus.size(), 3u);
  keeper.SetSlice(SliceOf("a", 3));
  EXPECT_FALSE(keeper.has_changes()) << "as it was";
  keeper.RemoveSlice("a-slice");
  changes = keeper.Flush();
  ASSERT_EQ(changes.nodes.size(), 1u);
  EXPECT_EQ(changes.nodes[0].gpus.size(), 2u);
}

TEST(NodeKeeper, WhatIsGoneIsToldOnce) {
  NodeKeeper keeper;
  for (const char* name : {"a", "b", "c"}) keeper.Set(NodeWith(name, 1));
  keeper.Flush();
  keeper.Remove("b");
  EXPECT_THAT(keeper.Flush().gone, ElementsAre("b"));
  keeper.KeepOnly({{"", "c"}, {"", "d"}});
  EXPECT_THAT(keeper.Flush().gone, ElementsAre("a"));
  keeper.Remove("a");
  EXPECT_FALSE(keeper.has_changes());
}

TEST(NodeKeeper, APoolThatIsNotWholeIsAGap) {
  NodeKeeper keeper;
  keeper.Set(NodeWith("a", 2));
  cluster::ResourceSlice slice = SliceOf("a", 3);
  slice.pool_slices = 2;
  keeper.SetSlice(slice);
  const auto changes = keeper.Flush();
  EXPECT_EQ(changes.gaps.size(), 1u);
  EXPECT_EQ(keeper.Flush().gaps.size(), 1u) << "all there are, each time";
}

// ---- what our agents report ----

cluster::Node CutNode(int sevenths, int halves) {
  cluster::Node node = NodeWith("a", 2);
  node.labels = {{"nvidia.com/gpu.count", "2"},
                 {"nvidia.com/gpu.memory", "40960"},
                 {"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"},
                 {"nvidia.com/mig-1g.5gb.count", std::to_string(sevenths)},
                 {"nvidia.com/mig-1g.5gb.product", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"},
                 {"nvidia.com/mig-3g.20gb.count", std::to_string(halves)},
                 {"nvidia.com/mig-3g.20gb.product", "NVIDIA-A100-SXM4-40GB-MIG-3g.20gb"},
                 {"nvidia.com/mig.strategy", "mixed"}};
  node.devices = {{"nvidia.com/gpu", 0},
                  {"nvidia.com/mig-1g.5gb", sevenths},
                  {"nvidia.com/mig-3g.20gb", halves}};
  return node;
}

// Sevenths at 2 and 3 of the first card, halves at 4 of both: nothing that counts would say.
cluster::GpuNode ReportOfA() {
  cluster::GpuNode report;
  report.name = "a";
  for (int i = 0; i < 2; ++i) {
    cluster::ReportedCard& card = report.cards.emplace_back();
    card.index = i;
    card.uuid = "GPU-a" + std::to_string(i);
    card.readable = true;
    card.mig = true;
    card.instances = {{{"3g.20gb", 4}, "2", false}};
  }
  report.cards[0].instances = {
      {{"1g.5gb", 2}, "9", true}, {{"1g.5gb", 3}, "10", false}, {{"3g.20gb", 4}, "2", false}};
  return report;
}

std::vector<std::string> Placed(const cluster::Gpu& gpu) {
  std::vector<std::string> all;
  for (const cluster::Instance& one : gpu.instances) {
    all.push_back(one.profile + " at " + (one.start ? std::to_string(*one.start) : "?"));
  }
  return all;
}

TEST(NodeKeeper, AReportSaysWhereInstancesStand) {
  NodeKeeper keeper;
  keeper.SetReport(ReportOfA());  // before its node is known
  EXPECT_FALSE(keeper.has_changes());
  keeper.Set(CutNode(2, 2));
  const auto changes = keeper.Flush();
  const auto& gpus = changes.nodes[0].gpus;
  ASSERT_EQ(gpus.size(), 2u);
  EXPECT_EQ(gpus[0].uuid, "GPU-a0");
  EXPECT_EQ(gpus[0].layout, cluster::LayoutSource::kObserved);
  EXPECT_THAT(Placed(gpus[0]), ElementsAre("1g.5gb at 2", "1g.5gb at 3", "3g.20gb at 4"));
  EXPECT_EQ(gpus[0].instances[0].id, "9");
  EXPECT_THAT(Placed(gpus[1]), ElementsAre("3g.20gb at 4"));
}

TEST(NodeKeeper, AReportThatContradictsTheCountsSaysNothing) {
  NodeKeeper keeper;
  keeper.Set(CutNode(3, 1));
  const auto without = keeper.Flush().nodes[0];
  EXPECT_EQ(without.gpus[0].layout, cluster::LayoutSource::kInferred);
  keeper.SetReport(ReportOfA());
  EXPECT_TRUE(keeper.has_changes());
  EXPECT_THAT(keeper.Flush().nodes, IsEmpty());
  keeper.Set(CutNode(2, 2));  // the labels are up to date now
  EXPECT_EQ(keeper.Flush().nodes[0].gpus[1].uuid, "GPU-a1");
}

TEST(NodeKeeper, WhatAReportSaysAgainIsNoNews) {
  NodeKeeper keeper;
  keeper.Set(CutNode(2, 2));
  keeper.SetReport(ReportOfA());
  keeper.Flush();
  cluster::GpuNode again = ReportOfA();
  again.observed_at = base::Time(base::Milliseconds(300'000));
  again.version = "2";
  keeper.SetReport(again);
  EXPECT_FALSE(keeper.has_changes());
  keeper.KeepOnlyReports({{"", "b"}});  // it is gone
  EXPECT_EQ(keeper.Flush().nodes[0].gpus[0].layout, cluster::LayoutSource::kInferred);
}

TEST(NodeKeeper, ACardThatCannotBeReadOrIsDrasLeavesThePictureAsItIs) {
  NodeKeeper keeper;
  cluster::GpuNode lost = ReportOfA();
  lost.cards[1].readable = false;
  keeper.SetReport(lost);
  keeper.Set(CutNode(2, 2));
  EXPECT_EQ(keeper.Flush().nodes[0].gpus[0].layout, cluster::LayoutSource::kInferred);
  keeper.SetSlice(cluster::Shared<cluster::ResourceSlice>(SliceOf("a", 2)));
  cluster::GpuNode whole = ReportOfA();
  for (cluster::ReportedCard& card : whole.cards) card.instances.clear();
  keeper.SetReport(whole);
  EXPECT_EQ(keeper.Flush().nodes[0].gpus[0].uuid, "GPU-a0") << "as the slice says";
}

}  // namespace
}  // namespace tangram::adapter
