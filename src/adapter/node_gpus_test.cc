#include "adapter/node_gpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "adapter/node_gpus_testing.h"

namespace tangram::adapter {
namespace {

using cluster::Gpu;
using cluster::Instance;
using cluster::Labels;
using cluster::LayoutSource;
using cluster::Node;
using cluster::ResourceCount;
using cluster::Sharing;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using cluster::Device;
using cluster::ResourceSlice;

Device Card(int index) {
  const std::string minor = std::to_string(index);
  Device device;
  device.name = "gpu-" + minor;
  device.attributes = {{"type", {}, "gpu"},
                       {"uuid", {}, "GPU-" + minor},
                       {"productName", {}, "NVIDIA A100-SXM4-40GB"}};
  device.capacity = {{"memory", "40Gi"}};
  return device;
}
Device Part(int card, const std::string& name, const std::string& profile,
            const std::string& uuid) {
  Device device;
  device.name = name;
  device.attributes = {{"type", {}, "mig"},
                       {"uuid", {}, uuid},
                       {"parentUUID", {}, "GPU-" + std::to_string(card)},
                       {"productName", {}, "NVIDIA A100-SXM4-40GB"},
                       {"profile", {}, profile}};
  device.capacity = {{"memory", "4864Mi"}};
  return device;
}
ResourceSlice Published(std::int64_t generation, std::int64_t count, std::vector<Device> devices) {
  ResourceSlice slice{"s", "gpu.nvidia.com", "n", generation, count, {.node = "n"}, false, {}, {}};
  slice.devices = std::move(devices);
  return slice;
}
cluster::Claim Holding(const std::string& device) {
  cluster::Claim claim;
  claim.devices = {{"r", "gpu.nvidia.com", "n", device, false}};
  return claim;
}

TEST(GpusOfDevices, DynamicMigShowsWhatIsAllocated) {
  const DraPools pools =
      ReadPools({Published(1, 1,
                           {Card(0), Card(1), Part(0, "gpu-0-mig-1g5gb-19-0", "1g.5gb", ""),
                            Part(0, "gpu-0-mig-3g20gb-9-4", "3g.20gb", ""),
                            Part(0, "gpu-0-mig-1g5gb-19-1", "1g.5gb", "")})},
                {Holding("gpu-0-mig-3g20gb-9-4"), Holding("gpu-0-mig-1g5gb-19-1")});
  ASSERT_THAT(pools.gaps, IsEmpty());
  const NodeGpus read = GpusOf(Reported({}, {}), &pools.by_node.at("n"));
  EXPECT_EQ(Layouts(read.gpus), "1g.5gb@1 3g.20gb@4 | ");
  EXPECT_EQ(read.gpus[0].layout, LayoutSource::kObserved);
  EXPECT_EQ(read.gpus[0].instances[0].id, "gpu-0-mig-1g5gb-19-1");
  EXPECT_EQ(read.gpus[0].uuid, "GPU-0");
  EXPECT_EQ(read.gpus[0].dra_device, "gpu-0");
  EXPECT_EQ(read.gpus[0].product, "NVIDIA-A100-SXM4-40GB");
  EXPECT_EQ(read.gpus[0].memory, base::MiB(40960));
  EXPECT_EQ(read.gpus[1].layout, LayoutSource::kNone);
  EXPECT_EQ(Gaps(read), "");
}

TEST(GpusOfDevices, StaticMigHasNoCardOfItsOwn) {
  const DraPools pools =
      ReadPools({Published(1, 1,
                           {Part(2, "gpu-2-mig-1g5gb-me-20-6", "1g.5gb+me", "MIG-a"),
                            Part(2, "gpu-2-mig-3g20gb-9-0", "3g.20gb", "MIG-b")})},
                {});
  const NodeGpus read = GpusOf(Reported({}, {}), &pools.by_node.at("n"));
  ASSERT_THAT(read.gpus, SizeIs(1));
  EXPECT_EQ(read.gpus[0].index, 2);
  EXPECT_EQ(read.gpus[0].uuid, "GPU-2");
  EXPECT_EQ(read.gpus[0].memory, base::MiB(0));
  EXPECT_EQ(Layouts(read.gpus), "3g.20gb@0 1g.5gb+me@6");
}

TEST(GpusOfDevices, TwoThatOverlapAreAGap) {
  const DraPools pools =
      ReadPools({Published(1, 1,
                           {Card(0), Part(0, "gpu-0-mig-3g20gb-9-0", "3g.20gb", ""),
                            Part(0, "gpu-0-mig-2g10gb-14-2", "2g.10gb", "")})},
                {Holding("gpu-0-mig-3g20gb-9-0"), Holding("gpu-0-mig-2g10gb-14-2")});
  const NodeGpus read = GpusOf(Reported({}, {}), &pools.by_node.at("n"));
  EXPECT_THAT(Gaps(read), HasSubstr("gpu-0-mig-2g10gb-14-2 overlaps"));
  EXPECT_EQ(Layouts(read.gpus), "3g.20gb@0");
}

TEST(GpusOfDevices, AdminAccessHoldsNothing) {
  cluster::Claim watching = Holding("gpu-0-mig-1g5gb-19-0");
  watching.devices[0].admin_access = true;
  const DraPools pools = ReadPools(
      {Published(1, 1, {Card(0), Part(0, "gpu-0-mig-1g5gb-19-0", "1g.5gb", "")})}, {watching});
  const NodeGpus read = GpusOf(Reported({}, {}), &pools.by_node.at("n"));
  EXPECT_EQ(Layouts(read.gpus), "");
}

TEST(ReadPools, OnlyTheNewestWholeGeneration) {
  const DraPools newest =
      ReadPools({Published(1, 1, {Card(0), Card(1)}), Published(2, 1, {Card(0)})}, {});
  EXPECT_THAT(newest.by_node.at("n").devices, SizeIs(1));

  const DraPools partial =
      ReadPools({Published(1, 1, {Card(0), Card(1)}), Published(2, 2, {Card(0)})}, {});
  EXPECT_FALSE(partial.by_node.contains("n"));
  ASSERT_THAT(partial.gaps, SizeIs(1));
  EXPECT_EQ(partial.gaps[0].what, "resource pool n");
  EXPECT_EQ(partial.gaps[0].why, "1 of 2 slices of generation 2 are there");

  const DraPools doubled = ReadPools({Published(1, 1, {Card(0), Card(0)})}, {});
  ASSERT_THAT(doubled.gaps, SizeIs(1));
  EXPECT_THAT(doubled.gaps[0].why, HasSubstr("published twice"));
}

TEST(ReadPools, OtherDriversAreNotOurs) {
  ResourceSlice other = Published(1, 1, {Card(0)});
  other.driver = "dra.net";
  const DraPools pools = ReadPools({other}, {});
  EXPECT_TRUE(pools.by_node.empty());
  EXPECT_THAT(pools.gaps, IsEmpty());
}

TEST(GpusOf, DraFirstThenLabels) {
  const DraPools pools = ReadPools({Published(1, 1, {Card(0)})}, {});
  const NodeGpus read = GpusOf(Reported(kA100, {{"nvidia.com/gpu", 2}}), &pools.by_node.at("n"));
  ASSERT_THAT(read.gpus, SizeIs(1));
  EXPECT_THAT(Gaps(read), HasSubstr("has 2 GPUs by its labels, and DRA publishes 1"));
}

struct NameCase {
  std::string name;
  int card;
  std::string profile;
  int id;
  int start;
};
TEST(ParseDeviceName, Forms) {
  const NameCase cases[] = {{"gpu-0", 0, "", -1, -1},
                            {"gpu-12", 12, "", -1, -1},
                            {"gpu-0-mig-1g10gb-19-6", 0, "1g10gb", 19, 6},
                            {"gpu-3-mig-1g10gb-me-20-0", 3, "1g10gb-me", 20, 0},
                            {"gpu-", -1, "", -1, -1},
                            {"gpu-x", -1, "", -1, -1},
                            {"gpu--1", -1, "", -1, -1},
                            {"gpu-0-mig-", 0, "", -1, -1},
                            {"gpu-0-mig-1g10gb", 0, "", -1, -1},
                            {"gpu-0-mig-1g10gb-a-b", 0, "", -1, -1},
                            {"nvme-0", -1, "", -1, -1},
                            {"", -1, "", -1, -1}};
  for (const NameCase& item : cases) {
    const DeviceName name = ParseDeviceName(item.name);
    EXPECT_EQ(name.card, item.card) << item.name;
    EXPECT_EQ(name.profile, item.profile) << item.name;
    EXPECT_EQ(name.profile_id, item.id) << item.name;
    EXPECT_EQ(name.start, item.start) << item.name;
  }
}

// ---- what was seen in place of what was inferred ----

TEST(WithObserved, SeenCardsAreFixedAndTheRestIsSpread) {
  Node node = Reported(
      With(kA100, {{"nvidia.com/mig.strategy", "mixed"},
                   {"nvidia.com/gpu.count", "4"},
                   {"nvidia.com/mig-3g.20gb.count", "4"},
                   {"nvidia.com/mig-1g.5gb.count", "7"}}),
      {{"nvidia.com/gpu", 1}, {"nvidia.com/mig-3g.20gb", 4}, {"nvidia.com/mig-1g.5gb", 7}});
  node.gpus = GpusOf(node, nullptr).gpus;
  ASSERT_EQ(node.gpus[3].layout, LayoutSource::kNone);
  std::vector<Instance> seven;
  for (int id = 7; id < 14; ++id) seven.push_back({"1g.5gb", std::nullopt, std::to_string(id)});
  const NodeGpus read = WithObserved(node, {{3, seven}, {0, {}}});
  EXPECT_EQ(Gaps(read), "");
  EXPECT_EQ(read.gpus[0].layout, LayoutSource::kNone);
  EXPECT_EQ(read.gpus[3].layout, LayoutSource::kObserved);
  EXPECT_EQ(Layouts(read.gpus),
            " | 3g.20gb@0 3g.20gb@4 | 3g.20gb@0 3g.20gb@4 | 1g.5gb 1g.5gb 1g.5gb 1g.5gb 1g.5gb "
            "1g.5gb 1g.5gb");
}

TEST(WithObserved, WhatDoesNotAgreeLeavesTheInferredLayout) {
  Node node = Reported(With(kA100, {{"nvidia.com/mig.strategy", "mixed"},
                                    {"nvidia.com/gpu.replicas", "0"},
                                    {"nvidia.com/mig-3g.20gb.count", "4"}}),
                       {{"nvidia.com/mig-3g.20gb", 4}});
  node.gpus = GpusOf(node, nullptr).gpus;
  const NodeGpus read = WithObserved(node, {{0, {{"3g.20gb", std::nullopt, "1"}}}});
  EXPECT_EQ(read.gpus, node.gpus);
  EXPECT_THAT(Gaps(read), HasSubstr("does not agree"));
}

}  // namespace
}  // namespace tangram::adapter
