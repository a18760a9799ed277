#include "plan/leaks/seats.h"

#include <gmock/gmock.h>

namespace tangram::plan {
namespace {

// A card in three instances, of which `holders` hold the last one, and pods that ask for one each.
cluster::Snapshot Cut(std::vector<cluster::DeviceHolder> holders,
                      const std::vector<std::string>& pods) {
  cluster::Snapshot snapshot;
  cluster::Node node;
  node.name = "n";
  node.mig_strategy = cluster::MigStrategy::kMixed;
  cluster::Gpu gpu;
  gpu.product = "NVIDIA-A100-SXM4-40GB";
  gpu.memory = base::MiB(40'960);
  gpu.layout = cluster::LayoutSource::kObserved;
  for (int i = 0; i < 3; ++i) gpu.instances.push_back({"1g.5gb", i, std::to_string(7 + i)});
  gpu.instances[2].holders = std::move(holders);
  node.gpus = {gpu};
  node.devices = {{"nvidia.com/mig-1g.5gb", 3}};
  snapshot.nodes.push_back(node);
  for (const std::string& name : pods) {
    cluster::Pod pod;
    pod.ns = "ns";
    pod.name = name;
    pod.node = "n";
    pod.phase = cluster::PodPhase::kRunning;
    pod.devices = {{"nvidia.com/mig-1g.5gb", 1}};
    snapshot.pods.push_back(pod);
  }
  cluster::Normalize(snapshot);
  return snapshot;
}

// Of each seat who sits there; "?" behind a name: counted onto it.
std::string Seated(const cluster::Snapshot& snapshot) {
  std::string text;
  const Holdings holdings = FindHoldings(snapshot);
  for (const Seat& seat : holdings.cards.at(0).seats) {
    if (seat.uncovered) continue;
    if (!text.empty()) text += " ";
    text += seat.pod == nullptr ? "-" : seat.pod->name + (seat.exact ? "" : "?");
  }
  return text;
}

TEST(Seats, WhoIsNamedSitsWhereTheAgentSays) {
  EXPECT_EQ(Seated(Cut({}, {"a"})), "a? - -");
  EXPECT_EQ(Seated(Cut({{"ns", "a"}}, {"a"})), "- - a");
  EXPECT_EQ(Seated(Cut({{"ns", "b"}}, {"a", "b"})), "a? - b") << "others are counted";
}

TEST(Seats, WhoIsGoneOrAsksForSomethingElseDoesNot) {
  EXPECT_EQ(Seated(Cut({{"ns", "gone"}}, {"a"})), "a? - -");
  EXPECT_EQ(Seated(Cut({{"other", "a"}}, {"a"})), "a? - -");
  cluster::Snapshot whole = Cut({{"ns", "a"}}, {"a"});
  whole.pods[0].devices = {{"nvidia.com/gpu", 1}};
  EXPECT_EQ(Seated(whole), "- - -");
}

TEST(Seats, OneOfWhatItHoldsIsNamed) {
  cluster::Snapshot snapshot = Cut({{"ns", "a"}}, {"a"});
  snapshot.pods[0].devices = {{"nvidia.com/mig-1g.5gb", 2}};
  EXPECT_EQ(Seated(snapshot), "a? - a");
}

TEST(Seats, TheAgentsReportIsNewerThanAMeasurement) {
  cluster::Snapshot snapshot = Cut({{"ns", "a"}}, {"a"});
  cluster::DeviceUsage earlier;
  earlier.node = "n";
  earlier.gpu_index = 0;
  earlier.instance_id = "7";
  earlier.profile = "1g.5gb";
  earlier.ns = "ns";
  earlier.pod = "a";
  snapshot.usage.emplace();
  snapshot.usage->devices = {earlier};
  EXPECT_EQ(Seated(snapshot), "- - a");
  snapshot.nodes[0].gpus[0].instances[2].holders.clear();
  EXPECT_EQ(Seated(snapshot), "a - -");
}

TEST(Seats, SharesOfOneCardAreNamedOnceEach) {
  cluster::Snapshot snapshot = Cut({}, {"a", "b"});
  cluster::Gpu& gpu = snapshot.nodes[0].gpus[0];
  gpu.instances.clear();
  gpu.replicas = 3;
  gpu.sharing = cluster::Sharing::kTimeSlicing;
  gpu.holders = {{"ns", "b"}, {"ns", "b"}};
  for (cluster::Pod& pod : snapshot.pods) pod.devices = {{"nvidia.com/gpu.shared", 1}};
  EXPECT_EQ(Seated(snapshot), "b a? -");
}

}  // namespace
}  // namespace tangram::plan
