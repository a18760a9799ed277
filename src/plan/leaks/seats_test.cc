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

// A card of DRA of which claims take so much memory each; pod "0" uses the first, and so on.
cluster::Snapshot SharedByCapacity(const std::vector<std::string>& amounts) {
  cluster::Snapshot snapshot = Cut({}, {});
  cluster::Node node = snapshot.nodes[0];
  node.gpus[0].instances.clear();
  node.gpus[0].dra_device = "gpu-0";
  node.devices.clear();
  node.price.emplace().rate = base::MicroUsdPerHour(1'000'000);
  snapshot.nodes = {node};
  for (const std::string& amount : amounts) {
    cluster::Pod pod;
    pod.ns = "ns";
    pod.name = std::to_string(snapshot.pods.size());
    pod.node = "n";
    pod.phase = cluster::PodPhase::kRunning;
    pod.claims = {"claim-" + pod.name};
    cluster::Claim claim;
    claim.ns = "ns";
    claim.name = pod.claims[0];
    claim.devices = {{"r", "gpu.nvidia.com", "n", "gpu-0", false, true, {}}};
    if (!amount.empty()) claim.devices[0].consumed = {{"memory", amount}};
    snapshot.pods.push_back(pod);
    snapshot.claims.push_back(claim);
  }
  cluster::Normalize(snapshot);
  return snapshot;
}

std::vector<std::int64_t> Costs(const cluster::Snapshot& snapshot) {
  std::vector<std::int64_t> costs;
  const Holdings holdings = FindHoldings(snapshot);
  for (const Seat& seat : holdings.cards.at(0).seats) costs.push_back(seat.cost.value());
  return costs;
}

TEST(Seats, WhoSharesByCapacityPaysForWhatItTakes) {
  const cluster::Snapshot two = SharedByCapacity({"20Gi", "10Gi"});
  EXPECT_EQ(Seated(two), "0 1 -") << "and a quarter is left";
  EXPECT_THAT(Costs(two), testing::ElementsAre(500'000, 250'000, 250'000));
  EXPECT_EQ(Seated(SharedByCapacity({"30Gi", "10Gi"})), "0 1") << "nothing is left";
  cluster::Snapshot both = SharedByCapacity({"20Gi"});
  both.pods.push_back(both.pods[0]);
  both.pods.back().name = "by-plugin";
  both.pods.back().claims.clear();
  both.pods.back().devices = {{"nvidia.com/gpu", 1}};
  cluster::Normalize(both);
  EXPECT_EQ(Seated(both), "0 -") << "the plugin gives out none of that card";
  EXPECT_THAT(Costs(SharedByCapacity({"", "10Gi"})), testing::ElementsAre(500'000, 500'000))
      << "how much one takes is not known";
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
