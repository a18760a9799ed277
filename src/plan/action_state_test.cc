// Whether actions of an earlier plan still make sense.
#include "plan/action_state.h"

#include <gmock/gmock.h>

#include "base/time_text.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using Kind = ActionState::Kind;

const base::Time kMade = *base::ParseTime("2026-11-22T12:00:00Z");

Plan PlanOf(std::vector<Change> changes) {
  Plan plan;
  for (Change& change : changes) {
    plan.actions.push_back(
        {.id = static_cast<int>(plan.actions.size()), .change = std::move(change)});
  }
  return plan;
}

class ActionStateTest : public ::testing::Test {
 protected:
  ActionStateTest() {
    cluster.Node("a", 2);
    cluster.Node("b", 2);
    cluster.Pod("runs", "nvidia.com/gpu", 1, "a");
    cluster.Pod("waits", "nvidia.com/gpu");
  }
  ActionState Of(Change change) {
    return StatesOf(PlanOf({std::move(change)}), kMade, cluster.snapshot()).front();
  }
  static PodName Pod(const std::string& name) { return {"ns", name}; }

  Cluster cluster;
};

TEST_F(ActionStateTest, OfPods) {
  EXPECT_EQ(Of(MovePod{Pod("runs"), "a", "b"}).kind, Kind::kOpen);
  EXPECT_EQ(Of(MovePod{Pod("runs"), "b", "a"}).kind, Kind::kDone);
  EXPECT_EQ(Of(MovePod{Pod("gone"), "a", "b"}).kind, Kind::kDone) << "it left";
  EXPECT_EQ(Of(MovePod{Pod("runs"), "a", "c"}), (ActionState{Kind::kObsolete, "node c is gone"}));
  EXPECT_EQ(Of(EvictPod{Pod("runs"), "a", Pod("waits")}).kind, Kind::kOpen);
  EXPECT_EQ(Of(EvictPod{Pod("runs"), "a", Pod("runs")}).why,
            "ns/runs, which it makes room for, is on a");
  EXPECT_EQ(Of(EvictPod{Pod("runs"), "a", Pod("gone")}).kind, Kind::kObsolete);
  EXPECT_EQ(Of(PlacePod{Pod("waits"), "a"}).kind, Kind::kOpen);
  EXPECT_EQ(Of(PlacePod{Pod("runs"), "b"}), (ActionState{Kind::kDone, "it is on a"}));
  EXPECT_EQ(Of(StopPod{Pod("runs"), "a"}).kind, Kind::kOpen);
  EXPECT_EQ(Of(StopPod{Pod("runs"), "b"}).kind, Kind::kDone);
  const ResizePod resize{Pod("runs"), "a", "a", "nvidia.com/gpu", "nvidia.com/mig-1g.5gb"};
  EXPECT_EQ(Of(resize).kind, Kind::kOpen);
  cluster.snapshot().pods.front().devices = {{"nvidia.com/mig-1g.5gb", 1}};
  EXPECT_EQ(Of(resize).kind, Kind::kDone);
  cluster.snapshot().pods.front().phase = cluster::PodPhase::kSucceeded;
  EXPECT_EQ(Of(MovePod{Pod("runs"), "a", "b"}).kind, Kind::kDone) << "it ended";
}

TEST_F(ActionStateTest, OfCards) {
  Repartition cut{.node = "a", .gpu = 1, .from = {}, .to = {{"3g.20gb", 0}, {"1g.5gb", 4}}};
  EXPECT_EQ(Of(cut).kind, Kind::kOpen);
  auto& instances = cluster.snapshot().nodes.front().gpus.at(1).instances;
  instances = {{"3g.20gb", 0, ""}};
  EXPECT_EQ(Of(cut), (ActionState{Kind::kObsolete, "the card has another layout than it had"}));
  instances.push_back({"1g.5gb", std::nullopt, ""});
  EXPECT_EQ(Of(cut).kind, Kind::kDone) << "the cluster does not say where the last one starts";
  instances[1].start = 5;
  EXPECT_EQ(Of(cut).kind, Kind::kObsolete);
  cut.gpu = 7;
  EXPECT_EQ(Of(cut).why, "the card is gone");
  cut.node = "c";
  EXPECT_EQ(Of(cut).why, "node c is gone");

  const Reshare share{.node = "b", .from = 1, .to = 4};
  EXPECT_EQ(Of(share).kind, Kind::kOpen);
  auto& gpus = cluster.snapshot().nodes.at(1).gpus;
  gpus[0].replicas = 4;
  EXPECT_EQ(Of(share).why, "its devices differ now");
  gpus[1].replicas = 4;
  EXPECT_EQ(Of(share).kind, Kind::kDone);
  gpus[0].replicas = gpus[1].replicas = 2;
  EXPECT_EQ(Of(share).why, "each has 2 shares, and had 1");
}

TEST_F(ActionStateTest, OfNodes) {
  EXPECT_EQ(Of(GiveBack{"b"}).kind, Kind::kOpen);
  EXPECT_EQ(Of(GiveBack{"a"}), (ActionState{Kind::kObsolete, "ns/runs runs on it"}));
  EXPECT_EQ(Of(GiveBack{"c"}).kind, Kind::kDone);
  EXPECT_EQ(Of(AddNode{"new-1", "gone"}).kind, Kind::kObsolete);

  const Plan plan =
      PlanOf({AddNode{"new-1", "a"}, AddNode{"new-2", "a"}, MovePod{Pod("runs"), "a", "new-1"}});
  const auto kinds = [&] {
    std::vector<Kind> all;
    for (const auto& state : StatesOf(plan, kMade, cluster.snapshot())) all.push_back(state.kind);
    return all;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(kinds(), ElementsAre(Kind::kOpen, Kind::kOpen, Kind::kOpen))
      << "the new node is no node yet";
  cluster::Node came = cluster.snapshot().nodes.front();
  came.name = "whatever";
  came.created_at = kMade + base::Milliseconds(1);
  cluster.snapshot().nodes.push_back(came);
  EXPECT_THAT(kinds(), ElementsAre(Kind::kDone, Kind::kOpen, Kind::kOpen)) << "one came";
}

}  // namespace
}  // namespace tangram::plan
