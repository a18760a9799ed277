#include "big_snapshot.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "cluster/file_form.h"

namespace tangram::bench {
namespace {

const BigOptions kSmall = {
    .nodes = 200, .gpus_per_node = 8, .pods = 4000, .seed = 1, .usage = WithUsage::kYes};

TEST(MakeBigSnapshot, HasWhatWasAskedFor) {
  const cluster::Snapshot snapshot = MakeBigSnapshot(kSmall);
  ASSERT_EQ(snapshot.nodes.size(), 200U);
  for (const cluster::Node& node : snapshot.nodes) EXPECT_EQ(node.gpus.size(), 8U);
  EXPECT_EQ(snapshot.pods.size(), 4000U);
  ASSERT_TRUE(snapshot.usage.has_value());
  EXPECT_GE(snapshot.usage->devices.size(), 1600U);
  BigOptions without = kSmall;
  without.usage = WithUsage::kNo;
  EXPECT_FALSE(MakeBigSnapshot(without).usage.has_value());
}

TEST(MakeBigSnapshot, AddsPodsThatWait) {
  BigOptions more = kSmall;
  more.waiting = 30;
  EXPECT_EQ(MakeBigSnapshot(more).pods.size(), 4030U);
  EXPECT_EQ(MakeBigSnapshot(more).nodes, MakeBigSnapshot(kSmall).nodes);
}

TEST(MakeBigSnapshot, IsTheSameForTheSameSeedOnly) {
  BigOptions other = kSmall;
  other.seed = 2;
  EXPECT_EQ(MakeBigSnapshot(kSmall), MakeBigSnapshot(kSmall));
  EXPECT_NE(MakeBigSnapshot(kSmall), MakeBigSnapshot(other));
}

TEST(MakeBigSnapshot, ReadsBack) {
  const cluster::Snapshot snapshot = MakeBigSnapshot(kSmall);
  const auto read = cluster::ReadSnapshot(cluster::WriteSnapshot(snapshot));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, snapshot);
}

TEST(MakeBigSnapshot, NothingIsGivenTwice) {
  const cluster::Snapshot snapshot = MakeBigSnapshot(kSmall);
  std::map<std::pair<std::string, std::string>, std::int64_t> free;
  for (const cluster::Node& node : snapshot.nodes) {
    for (const auto& device : node.devices) free[{node.name, device.name}] = device.count;
  }
  std::set<cluster::PodPhase> phases;
  for (const cluster::Pod& pod : snapshot.pods) {
    phases.insert(pod.phase);
    if (!HoldsDevices(pod)) continue;
    for (const auto& device : pod.devices) free[{pod.node, device.name}] -= device.count;
  }
  for (const auto& [key, left] : free) EXPECT_GE(left, 0) << key.first << " " << key.second;
  EXPECT_EQ(phases.size(), 3U);  // pending, running, succeeded
}

}  // namespace
}  // namespace tangram::bench
