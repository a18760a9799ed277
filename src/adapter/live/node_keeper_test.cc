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

}  // namespace
}  // namespace tangram::adapter
