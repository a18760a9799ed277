// Stories of operations that change how devices are shared, and the law that a leader who dies at
// any of their writes, under any two faults and whatever people do, leaves nothing half done.
#include <gmock/gmock.h>

#include "base/sanitized_testing.h"
#include "control/saga_world_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using plan::OperationStep;
using testing::DevicePlugin;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PluginFault;
using testing::SagaWorld;

class ReshareTest : public ::testing::Test {
 protected:
  SagaWorld world;

  std::string End() const {
    if (world.Operation() == nullptr) return "no operation";
    const auto* end = plan::EndOf(*world.Operation());
    return end == nullptr ? "not over" : end->type + " " + end->reason;
  }
  std::string Why() const { return plan::EndOf(*world.Operation())->message; }
  std::vector<std::string> Journal() const {
    std::vector<std::string> steps;
    for (const plan::StepRecord& record : world.Operation()->steps) {
      steps.emplace_back(plan::NameOf(record.step));
    }
    return steps;
  }
  std::string Label() const {
    return std::string(cluster::Find(world.node->labels, kPluginConfig));
  }
  std::string ActionMessage() const { return world.plan->records.at(0).message; }
  void ExpectClean() const {
    EXPECT_THAT(world.faults, IsEmpty());
    EXPECT_FALSE(world.IsTainted());
  }
};

TEST_F(ReshareTest, MoreSharesDisturbNobody) {
  world.ShareInstead(2, 4);
  world.AddPod("named");
  world.AddPod("stranger");
  bool tainted = false;
  world.on_tick = [&](SagaWorld& now) { tainted = tainted || now.IsTainted(); };
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(Journal(), ElementsAre("Apply", "Verify", "Release"));
  EXPECT_EQ(DevicePlugin::Offered(*world.node), 8);
  EXPECT_EQ(Label(), "tangram-1");
  EXPECT_FALSE(tainted);
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_TRUE(cluster::Holds(world.plan->conditions, "Done"));
  ExpectClean();
}

TEST_F(ReshareTest, TheKubeletHasTimeToBringTheConfiguration) {
  world.ShareInstead(2, 4);
  std::optional<base::Time> begun;
  std::optional<base::Time> labelled;
  world.on_tick = [&](SagaWorld& now) {
    if (now.Operation() != nullptr && !begun) begun = now.now;
    if (Label() == "tangram-1" && !labelled) labelled = now.now;
  };
  world.Run(1h);
  ASSERT_TRUE(begun && labelled);
  EXPECT_GE(*labelled - *begun, base::Milliseconds(14'000)) << "bring, less a tick";
}

TEST_F(ReshareTest, SharingAnewWaitsUntilNobodyHoldsACard) {
  world.ShareInstead(1, 4);
  world.AddPod("named");
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(Journal(), ElementsAre("Reserve", "Evict", "Apply", "Verify", "Release"));
  EXPECT_THAT(world.evicted, ElementsAre("named"));
  EXPECT_EQ(cluster::CountOf(world.node->devices, "nvidia.com/gpu.shared"), 8);
  ExpectClean();
}

TEST_F(ReshareTest, APodThatThePlanDoesNotNameIsLeftAlone) {
  world.ShareInstead(1, 4);
  world.AddPod("stranger");
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack DeadlinePassed");
  EXPECT_THAT(Why(), HasSubstr("ns/stranger still holds a GPU of the node"));
  EXPECT_EQ(DevicePlugin::Offered(*world.node), 2);
  EXPECT_EQ(Label(), "");
  ExpectClean();
}

TEST_F(ReshareTest, FewerSharesTakeNoneFromWhomTheyStillHold) {
  world.ShareInstead(4, 2);
  for (const char* name : {"a", "b", "c", "d"}) world.AddPod(name);
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_EQ(DevicePlugin::Offered(*world.node), 4);
  ExpectClean();
}

TEST_F(ReshareTest, FewerSharesWaitWhereMorePodsAreThereThanTheyHold) {
  world.ShareInstead(4, 2);
  for (const char* name : {"a", "b", "c", "d", "e"}) world.AddPod(name);
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack DeadlinePassed");
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_EQ(DevicePlugin::Offered(*world.node), 8);
  ExpectClean();
}

struct Case {
  PluginFault fault;
  const char* says;
};
class OnePluginFault : public ReshareTest, public ::testing::WithParamInterface<Case> {};
TEST_P(OnePluginFault, IsRolledBackAndReadBack) {
  world.ShareInstead(2, 4);
  world.AddPod("stranger");
  world.plugin.faults = {GetParam().fault};
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack StepFailed");
  EXPECT_THAT(Why(), HasSubstr(GetParam().says));
  EXPECT_EQ(Label(), "theirs");
  EXPECT_EQ(DevicePlugin::Offered(*world.node), 4);
  EXPECT_THAT(world.evicted, IsEmpty());
  ExpectClean();
}
INSTANTIATE_TEST_SUITE_P(
    Plugin, OnePluginFault,
    ::testing::Values(
        Case{PluginFault::kNeverReads, "feature discovery says 2 shares of each nvidia.com/gpu"},
        Case{PluginFault::kLies, "the kubelet offers 0 nvidia.com/gpu and 4 nvidia.com/gpu.shared"},
        Case{PluginFault::kWrongCount, "feature discovery says 5 shares"},
        Case{PluginFault::kOffersNone, "the kubelet offers 0 nvidia.com/gpu and 0"}));

TEST_F(ReshareTest, WhatCannotBeRolledBackSaysWhatToDo) {
  world.ShareInstead(2, 4);
  world.plugin.faults = {PluginFault::kOffersNone, PluginFault::kOffersNone};
  world.Run(1h);
  EXPECT_EQ(End(), "Failed RollBackNotVerified");
  EXPECT_THAT(Why(), HasSubstr("delete the device plugin's pod on the node"));
  EXPECT_EQ(Label(), "theirs");
  ExpectClean();
}

TEST_F(ReshareTest, APersonWhoChangesTheLabelWins) {
  world.ShareInstead(2, 4);
  world.on_tick = [&](SagaWorld& now) {
    if (Label() == "tangram-1") now.SetLabel(std::string(kPluginConfig), "by hand");
  };
  world.Run(1h);
  EXPECT_EQ(End(), "Failed ChangedByPerson");
  EXPECT_THAT(Why(),
              HasSubstr("somebody set the label nvidia.com/device-plugin.config to \"by hand\""));
  EXPECT_EQ(Label(), "by hand");
  ExpectClean();
}

TEST_F(ReshareTest, AConfigurationThatSomebodyChangedIsNotApplied) {
  world.ShareInstead(2, 4);
  world.outcome = [](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<WriteSharing>(write)) return {};
    return base::Fail(base::ErrorCode::kInvalid, "somebody changed tangram-1");
  };
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack ConfigRefused");
  EXPECT_THAT(Why(), HasSubstr("somebody changed tangram-1"));
  EXPECT_EQ(Label(), "theirs");
  ExpectClean();
}

TEST_F(ReshareTest, WhatTheConfigurationsDoNotAllowIsNotBegun) {
  world.ShareInstead(2, 4);
  world.outcome = [](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<CreateOperation>(write)) return {};
    return base::Fail(base::ErrorCode::kInvalid, "ConfigMap gpu/plugin, key theirs: no such key");
  };
  world.Run(1h);
  EXPECT_THAT(world.operations, IsEmpty());
  EXPECT_THAT(ActionMessage(), HasSubstr("key theirs"));
  EXPECT_TRUE(cluster::Holds(world.plan->conditions, "Failed"));
}

TEST_F(ReshareTest, NodesThatDraServesOrNobodyDiscoversAreRefused) {
  world.ShareInstead(2, 4);
  world.node->gpus[0].dra_device = "gpu-0";
  world.ShowNode();
  world.Run(10min);
  EXPECT_THAT(world.operations, IsEmpty());
  EXPECT_THAT(ActionMessage(), HasSubstr("two owners of its cards"));
}

TEST_F(ReshareTest, InAPoolThatIsObservedNothingBegins) {
  world.ShareInstead(2, 4);
  plan::PlanPolicy policy = world.policy;
  policy.pools[0].policy.mode = plan::Mode::kObserve;
  world.SetPolicy(policy);
  world.Run(5min);
  EXPECT_THAT(world.operations, IsEmpty());
}

// ---- the law ----

enum class Event { kNone, kLabel, kTaint, kNodeGone, kPlanGone, kPoolGone, kStranger };

struct Story {
  int from = 2;
  int to = 4;
  PluginFault first = PluginFault::kNone;
  PluginFault second = PluginFault::kNone;
  Event event = Event::kNone;
  OperationStep at = OperationStep::kReserve;
};

void Happen(SagaWorld& world, Event event) {
  switch (event) {
    case Event::kNone:
      return;
    case Event::kLabel:
      return world.SetLabel(std::string(kPluginConfig), "by hand");
    case Event::kTaint:
      world.node->taints.clear();
      return world.ShowNode();
    case Event::kNodeGone:
      return world.RemoveNode();
    case Event::kPlanGone:
      return world.RemovePlan();
    case Event::kPoolGone:
      return world.SetPolicy({});
    case Event::kStranger:
      return world.AddPod("stranger");
  }
}

void ExpectItEndedWell(const SagaWorld& world, const Story& story) {
  const plan::NodeOperation* operation = world.Operation();
  if (operation == nullptr) return;
  const cluster::Condition* end = plan::EndOf(*operation);
  ASSERT_NE(end, nullptr) << "not over";
  if (end->type == "Failed") {
    const bool by_person = story.event == Event::kLabel || story.event == Event::kTaint;
    const bool twice = story.first != PluginFault::kNone && story.second != PluginFault::kNone;
    EXPECT_TRUE((by_person && end->reason == "ChangedByPerson") ||
                (story.event == Event::kNodeGone && end->reason == "NodeGone") ||
                (twice && end->reason == "RollBackNotVerified"))
        << end->reason << ": " << end->message;
    return;
  }
  const std::string_view label = cluster::Find(world.node->labels, kPluginConfig);
  if (story.event == Event::kLabel && label == "by hand") return;  // after it was over
  const Side side = end->type == "Done" ? Side::kAfter : Side::kBefore;
  EXPECT_EQ(DifferenceOf(*world.node, *operation->reshare, side), "")
      << end->type << " " << end->reason;
}

// Tells it once with that kill, and says how many writes it took.
int Tell(const Story& story, std::optional<std::pair<int, SagaWorld::Kill>> kill) {
  SagaWorld world;
  world.ShareInstead(story.from, story.to);
  world.AddPod("named");
  world.kill = kill;
  world.plugin.faults = {story.first, story.second};
  bool happened = story.event == Event::kNone;
  world.on_tick = [&](SagaWorld& now) {
    const plan::NodeOperation* operation = now.Operation();
    if (happened || operation == nullptr || operation->step != story.at) return;
    happened = true;
    Happen(now, story.event);
  };
  world.Run(30min);
  EXPECT_THAT(world.faults, IsEmpty());
  EXPECT_FALSE(world.IsTainted());
  EXPECT_FALSE(world.evicted.contains("stranger"));
  const bool raises = story.from > 1 && story.to > story.from;
  EXPECT_TRUE(!raises || world.evicted.empty());
  ExpectItEndedWell(world, story);
  return world.writes;
}

constexpr int kStride = base::kSanitized ? 7 : 1;

// Alone, and with a kill before and after each write. Returns how many runs that were.
int TellAll(const Story& story) {
  SCOPED_TRACE(fmt::format("{} -> {}, faults {} {}, event {} at {}", story.from, story.to,
                           static_cast<int>(story.first), static_cast<int>(story.second),
                           static_cast<int>(story.event), plan::NameOf(story.at)));
  const int writes = Tell(story, std::nullopt);
  int runs = 1;
  static int stories = 0;
  for (int write = 1 + stories++ % kStride; write <= writes; write += kStride) {
    for (const auto kill : {SagaWorld::Kill::kBefore, SagaWorld::Kill::kAfter}) {
      SCOPED_TRACE(fmt::format("kill at {}", write));
      Tell(story, std::pair(write, kill));
      ++runs;
      if (::testing::Test::HasFailure()) return runs;  // one is enough to look at
    }
  }
  return runs;
}

constexpr std::array kFaults = {PluginFault::kNone, PluginFault::kNeverReads, PluginFault::kLies,
                                PluginFault::kWrongCount, PluginFault::kOffersNone};
constexpr std::array kChanges = {std::pair(2, 4), std::pair(1, 4), std::pair(4, 2),
                                 std::pair(4, 1)};

TEST(ReshareLaw, ALeaderThatDiesAnywhereUnderAnyTwoFaultsLeavesNothingHalfDone) {
  int runs = 0;
  for (const auto& [from, to] : kChanges) {
    for (const PluginFault first : kFaults) {
      for (const PluginFault second : kFaults) {
        runs += TellAll({.from = from, .to = to, .first = first, .second = second});
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(runs, 2'000 / kStride);
  RecordProperty("runs", runs);
}

// Whatever somebody does at whichever step.
std::vector<Story> Doings(int from, int to) {
  std::vector<Story> stories;
  for (const Event event : {Event::kLabel, Event::kTaint, Event::kNodeGone, Event::kPlanGone,
                            Event::kPoolGone, Event::kStranger}) {
    for (const OperationStep at :
         {OperationStep::kReserve, OperationStep::kEvict, OperationStep::kApply,
          OperationStep::kVerify, OperationStep::kRollBack, OperationStep::kVerifyRollBack,
          OperationStep::kRelease}) {
      for (const PluginFault first : {PluginFault::kNone, PluginFault::kLies}) {
        stories.push_back({.from = from, .to = to, .first = first, .event = event, .at = at});
      }
    }
  }
  return stories;
}

TEST(ReshareLaw, NeitherDoAnyoneElsesDoingsAtAnyStep) {
  int runs = 0;
  for (const auto& [from, to] : kChanges) {
    for (const Story& story : Doings(from, to)) {
      runs += TellAll(story);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(runs, 2'000 / kStride);
  RecordProperty("runs", runs);
}

}  // namespace
}  // namespace tangram::control
