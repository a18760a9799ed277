// Stories of operations that our agent carries out, and the law that a leader who dies at any of
// their writes, under any two faults and whatever people do, leaves nothing half done.
#include <gmock/gmock.h>

#include "base/sanitized_testing.h"
#include "control/saga_world_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using plan::OperationStep;
using testing::AgentFault;
using ::testing::ElementsAre;
using testing::FakeAgent;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SagaWorld;

const FakeAgent::Cards kBefore = {{0, {{"3g.20gb", 0}, {"3g.20gb", 4}}}, {1, {}}};
const FakeAgent::Cards kAfter = {
    {0, {{"1g.5gb", 0}, {"1g.5gb", 1}, {"1g.5gb", 2}, {"1g.5gb", 3}, {"3g.20gb", 4}}}, {1, {}}};

class AgentSagaTest : public ::testing::Test {
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
  std::string ActionMessage() const { return world.plan->records.at(0).message; }
  std::string WaitsFor() const {
    return cluster::ConditionOf(world.plan->conditions, "Executing")->message;
  }
  void ExpectClean() const {
    EXPECT_THAT(world.faults, IsEmpty());
    EXPECT_FALSE(world.IsTainted());
  }
};

TEST_F(AgentSagaTest, WhatFitsBesidePodsDisturbsNone) {
  world.CutByAgent(false);
  world.AddPod("stranger");  // holds the instance that stays
  world.agent->in_use = {{"3g.20gb", 4}};
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(Journal(), ElementsAre("Reserve", "Evict", "Apply", "Verify", "Release"));
  EXPECT_EQ(world.agent->cards, kAfter);
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_EQ(cluster::CountOf(world.node->devices, "nvidia.com/mig-1g.5gb"), 4);
  EXPECT_TRUE(cluster::Holds(world.plan->conditions, "Done"));
  const cluster::CutOrder& order = *world.agent->object.order;
  EXPECT_EQ(order.operation, world.Operation()->name);
  ASSERT_EQ(order.cards.size(), 1U) << "cards that stay as they are are none of its business";
  EXPECT_EQ(order.cards[0].uuid, "GPU-0");
  ExpectClean();
}

TEST_F(AgentSagaTest, ThePodThatThePlanNamesGoesFirst) {
  world.CutByAgent(true);
  world.AddPod("named");
  world.AddPod("stranger");
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(world.evicted, ElementsAre("named"));
  EXPECT_TRUE(world.pods.contains("stranger"));
  ExpectClean();
}

TEST_F(AgentSagaTest, WhatSomebodyElseUsesIsWaitedForAndLeftAlone) {
  world.CutByAgent(true);
  world.AddPod("stranger");
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack DeadlinePassed");
  EXPECT_THAT(Why(), HasSubstr("the 3g.20gb at 0 of GPU 0 is in use"));
  EXPECT_EQ(world.agent->cards, kBefore);
  EXPECT_FALSE(world.agent->object.order) << "nothing was asked of the agent";
  ExpectClean();
}

TEST_F(AgentSagaTest, WhoCameSinceThePlanEndsItAtOnce) {
  world.CutByAgent(true);
  world.AddPod("newcomer");
  world.agent->told_holders = {{"ns", "newcomer"}};
  world.agent->Begin(SagaWorld::kNode, world.now);
  world.ShowNode();
  plan::Proposal next = *world.plan;
  next.name = next.uid = "pool-plan-2";
  const base::Time began = world.now;
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack TakenMeanwhile");
  EXPECT_THAT(Why(), HasSubstr("ns/newcomer holds the 3g.20gb at 0 of GPU 0, and the plan does not "
                               "name it; it is left alone"));
  const auto* over = plan::EndOf(*world.Operation());
  EXPECT_LT(over->since - began, 30s) << "the pool's next plan is not kept waiting";
  EXPECT_TRUE(world.pods.contains("newcomer"));
  EXPECT_FALSE(world.agent->object.order) << "nothing was asked of the agent";
  ASSERT_FALSE(world.plan->records.empty());
  EXPECT_EQ(world.plan->records.back().state, plan::ActionRecord::State::kSkipped);
  ExpectClean();

  // Nothing failed: the node does not rest.
  world.agent->told_holders.clear();
  world.pods.erase("newcomer");
  world.controller->model().RemovePod({"ns", "newcomer"});
  world.agent->in_use.clear();
  world.Propose(next);
  world.Run(5min);
  EXPECT_EQ(world.agent->cards, kAfter);
}

TEST_F(AgentSagaTest, WhoComesWhileTheCardIsCutEndsItToo) {
  world.CutByAgent(true);
  world.AddPod("named");
  world.agent->faults = {AgentFault::kInUse};
  world.on_tick = [](SagaWorld& now) {
    if (!now.agent->object.answer || now.pods.contains("newcomer")) return;
    now.AddPod("newcomer");
    now.agent->in_use = {{"3g.20gb", 0}};
    now.agent->told_holders = {{"ns", "newcomer"}};
    now.ShowNode();
  };
  world.Run(1h);
  EXPECT_EQ(End(), "RolledBack TakenMeanwhile") << Why();
  EXPECT_THAT(Why(), HasSubstr("the agent says InUse"));
  EXPECT_TRUE(world.pods.contains("newcomer"));
  ExpectClean();
}

TEST_F(AgentSagaTest, WhatIsInUseASecondLongerIsTriedAgain) {
  world.CutByAgent(false);
  world.agent->faults = {AgentFault::kInUse, AgentFault::kInUse};
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(world.agent->object.order->operation, HasSubstr(".3"));
  ExpectClean();
}

TEST_F(AgentSagaTest, ADevicePluginThatDoesNotLookIsRestarted) {
  world.CutByAgent(false);
  world.agent->faults = {AgentFault::kPluginBlind};
  world.Run(1h);
  EXPECT_EQ(End(), "Done Verified") << Why();
  EXPECT_THAT(Journal(),
              ElementsAre("Reserve", "Evict", "Apply", "Verify", "RestartPlugin", "Release"));
  ExpectClean();
}

struct Case {
  const char* name;
  AgentFault fault;
  const char* end;
  const char* why;
};

TEST_F(AgentSagaTest, FailuresAreRolledBackAndSayWhatToDo) {
  for (const Case& one : {
           Case{"gone", AgentFault::kIsGone, "RolledBack DeadlinePassed", "look at its pod"},
           Case{"hangs", AgentFault::kHangs, "RolledBack DeadlinePassed", "look at its pod"},
           Case{"refuses", AgentFault::kRefuses, "RolledBack StepFailed",
                "the agent says DriverRefused: so"},
           Case{"not undone", AgentFault::kNotUndone, "RolledBack StepFailed", "NotUndone"},
       }) {
    SCOPED_TRACE(one.name);
    world.~SagaWorld();
    new (&world) SagaWorld();
    world.CutByAgent(false);
    world.agent->faults = {one.fault};
    world.Run(1h);
    EXPECT_EQ(End(), one.end);
    EXPECT_THAT(Why(), HasSubstr(one.why));
    EXPECT_EQ(world.agent->cards, kBefore);
    ExpectClean();
  }
}

TEST_F(AgentSagaTest, WhatCannotBeUndoneIsForAPerson) {
  world.CutByAgent(false);
  world.agent->faults.assign(10, AgentFault::kNotUndone);
  world.Run(2h);
  EXPECT_EQ(End(), "Failed RollBackNotVerified");
  EXPECT_THAT(Why(), HasSubstr("the agent sees MIG off on GPU 0 in place of 3g.20gb at 0"));
  ExpectClean();
}

TEST_F(AgentSagaTest, APersonsOrderWins) {
  world.CutByAgent(false);
  world.agent->faults = {AgentFault::kResets};
  bool ordered = false;
  world.on_tick = [&](SagaWorld& now) {
    const auto& answer = now.agent->object.answer;
    if (ordered || !answer) return;
    ordered = true;
    now.agent->Order({"by-hand", {{.uuid = "GPU-0", .mig = true, .instances = {{"7g.40gb", 0}}}}});
    now.ShowNode();
  };
  world.Run(1h);
  EXPECT_EQ(End(), "Failed ChangedByPerson");
  EXPECT_THAT(Why(), HasSubstr("somebody ordered another layout (by-hand)"));
  EXPECT_EQ(world.agent->object.order->operation, "by-hand");
  EXPECT_EQ(world.agent->cards.at(0), (std::vector<cluster::CutInstance>{{"7g.40gb", 0}}));
  ExpectClean();
}

// ---- what keeps it from beginning ----

TEST_F(AgentSagaTest, TwoOwnersAreRefused) {
  world.CutByAgent(false);
  world.SetLabel("nvidia.com/gpu.deploy.mig-manager", "true");
  world.Run(10min);
  EXPECT_EQ(End(), "no operation");
  EXPECT_THAT(ActionMessage(), HasSubstr("mig-manager runs there"));
}

TEST_F(AgentSagaTest, ANodeThatNoAgentReportsWaits) {
  world.CutByAgent(false);
  world.controller->RemoveGpuNode(SagaWorld::kNode);
  world.agent->runs = false;
  world.Run(10min);
  EXPECT_EQ(End(), "no operation");
  EXPECT_EQ(WaitsFor(),
            "1 waiting for others; not begun yet: no agent reports the cards of node-1; run it "
            "there, with agent.report and agent.mig.enabled");
}

TEST_F(AgentSagaTest, SoDoesOneWhoseAgentIsSilent) {
  world.CutByAgent(false);
  world.agent->runs = false;
  world.agent->object.observed_at -= base::Milliseconds(700'000);
  world.ShowNode();
  world.Lead();
  world.Run(1min);
  EXPECT_EQ(End(), "no operation");
  EXPECT_THAT(WaitsFor(), HasSubstr("the agent on node-1 is silent"));
}

TEST_F(AgentSagaTest, SoDoesOneWhoseAgentIsAtWorkForAPerson) {
  world.CutByAgent(false);
  world.agent->runs = false;
  world.agent->Order({"by-hand", {}});
  world.Lead();
  world.Run(1min);
  EXPECT_EQ(End(), "no operation");
  EXPECT_THAT(WaitsFor(), HasSubstr("the agent on node-1 is at the order of by-hand"));
}

TEST_F(AgentSagaTest, SoDoesOneThatIsCutOtherwiseThanThePlanSays) {
  world.CutByAgent(false);
  world.agent->cards[0] = {{"7g.40gb", 0}};
  world.agent->Begin(SagaWorld::kNode, world.now);
  world.Lead();
  world.Run(10min);
  EXPECT_EQ(End(), "no operation");
  EXPECT_THAT(WaitsFor(), HasSubstr("cut otherwise than the plan takes it to be"));
}

// ---- the law ----

enum class Event { kNone, kOrder, kTaint, kNodeGone, kPlanGone, kPoolGone, kStranger, kObjectGone };

constexpr std::array kFaults = {
    AgentFault::kNone,  AgentFault::kIsGone,    AgentFault::kHangs,  AgentFault::kRefuses,
    AgentFault::kInUse, AgentFault::kNotUndone, AgentFault::kResets, AgentFault::kPluginBlind};
constexpr std::array kEvents = {Event::kOrder,     Event::kTaint,    Event::kNodeGone,
                                Event::kPlanGone,  Event::kPoolGone, Event::kStranger,
                                Event::kObjectGone};
constexpr std::array kSteps = {OperationStep::kReserve,        OperationStep::kEvict,
                               OperationStep::kApply,          OperationStep::kVerify,
                               OperationStep::kRestartPlugin,  OperationStep::kRollBack,
                               OperationStep::kVerifyRollBack, OperationStep::kRelease};

struct Story {
  AgentFault first = AgentFault::kNone;
  AgentFault second = AgentFault::kNone;
  Event event = Event::kNone;
  OperationStep at = OperationStep::kReserve;
};

void Happen(SagaWorld& world, Event event) {
  switch (event) {
    case Event::kNone:
      return;
    case Event::kOrder:
      world.agent->Order({"by-hand", {{.uuid = "GPU-0", .gpu = 0, .mig = false, .instances = {}}}});
      return world.ShowNode();
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
    case Event::kObjectGone:  // the agent makes it again, without an order
      world.agent->object.order.reset();
      world.agent->object.answer.reset();
      world.agent->Begin(SagaWorld::kNode, world.now);
      return world.ShowNode();
  }
}

void CheckEnd(const SagaWorld& world, const plan::NodeOperation& operation, Event event) {
  const cluster::Condition* end = plan::EndOf(operation);
  ASSERT_NE(end, nullptr) << "not over after an hour";
  const std::string said = end->type + " " + end->reason + ": " + end->message;
  const bool by_person =
      event == Event::kOrder || event == Event::kTaint || event == Event::kObjectGone;
  if (end->type == "Failed") {
    EXPECT_TRUE((by_person && end->reason == "ChangedByPerson") ||
                (event == Event::kNodeGone && end->reason == "NodeGone"))
        << said;
    return;
  }
  if (!world.node || (event == Event::kOrder && world.agent->object.order->operation == "by-hand"))
    return;
  const bool done = end->type == "Done";
  EXPECT_EQ(world.agent->cards, done ? kAfter : kBefore) << said;
  EXPECT_EQ(DifferenceOf(*world.node, operation.cards, done ? Side::kAfter : Side::kBefore), "")
      << said;
  EXPECT_THAT(PausedOn(*world.node), IsEmpty());
}

// Tells it once with that kill, and says how many writes it took.
int Tell(const Story& story, std::optional<std::pair<int, SagaWorld::Kill>> kill) {
  SagaWorld world;
  world.CutByAgent(true);
  world.AddPod("named");
  world.kill = kill;
  world.agent->faults = {story.first, story.second};
  bool happened = story.event == Event::kNone;
  world.on_tick = [&](SagaWorld& now) {
    const plan::NodeOperation* operation = now.Operation();
    if (happened || operation == nullptr || operation->step != story.at) return;
    happened = true;
    Happen(now, story.event);
  };
  world.Run(1h);
  EXPECT_THAT(world.faults, IsEmpty());
  EXPECT_FALSE(world.IsTainted());
  EXPECT_FALSE(world.evicted.contains("stranger"));
  for (const auto& [name, operation] : world.operations) CheckEnd(world, operation, story.event);
  return world.writes;
}

// With the sanitizers, one write in so many: others with each story.
constexpr int kStride = base::kSanitized ? 11 : 1;

int TellAll(const Story& story) {
  SCOPED_TRACE(fmt::format("faults {} {}, event {} at {}", static_cast<int>(story.first),
                           static_cast<int>(story.second), static_cast<int>(story.event),
                           plan::NameOf(story.at)));
  const int writes = Tell(story, std::nullopt);
  int runs = 1;
  static int stories = 0;
  for (int write = 1 + stories++ % kStride; write <= writes; write += kStride) {
    for (const auto kill : {SagaWorld::Kill::kBefore, SagaWorld::Kill::kAfter}) {
      SCOPED_TRACE(fmt::format("kill at {}, {}", write, static_cast<int>(kill)));
      Tell(story, std::pair(write, kill));
      ++runs;
      if (::testing::Test::HasFailure()) return runs;
    }
  }
  return runs;
}

TEST(AgentSagaLaw, ALeaderThatDiesAnywhereUnderAnyTwoFaultsLeavesNothingHalfDone) {
  int runs = 0;
  for (const AgentFault first : kFaults) {
    for (const AgentFault second : kFaults) {
      runs += TellAll({.first = first, .second = second});
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(runs, 1'500 / kStride);
  RecordProperty("runs", runs);
}

TEST(AgentSagaLaw, NeitherDoAnyoneElsesDoingsAtAnyStep) {
  int runs = 0;
  for (const Event event : kEvents) {
    for (const OperationStep at : kSteps) {
      for (const AgentFault first : {AgentFault::kNone, AgentFault::kRefuses, AgentFault::kHangs,
                                     AgentFault::kPluginBlind}) {
        runs += TellAll({.first = first, .event = event, .at = at});
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(runs, 3'000 / kStride);
  RecordProperty("runs", runs);
}

}  // namespace
}  // namespace tangram::control
