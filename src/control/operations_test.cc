// Stories of NodeOperations in virtual time, with a mig-manager that fails as the real one does.
#include "control/operations.h"

#include <gmock/gmock.h>

#include "control/saga_world_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MigFault;
using testing::SagaWorld;
using ::testing::SizeIs;

class OperationsTest : public ::testing::Test {
 protected:
  SagaWorld world;

  void Run() { world.Run(4h); }
  // "Done Verified"
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
  std::string Action() const {
    if (world.plan->records.empty()) return "none";
    const plan::ActionRecord& record = world.plan->records.front();
    using State = plan::ActionRecord::State;
    const bool failed = record.state == State::kFailed;
    return (record.state == State::kDone ? "Done: "
            : failed                     ? "Failed: "
                                         : "else: ") +
           record.message;
  }
  void ExpectClean() const {
    EXPECT_THAT(world.faults, IsEmpty());
    EXPECT_FALSE(world.IsTainted());
  }
  static testing::MigManager::Cards Before() {
    return {{0, {{"3g.20gb", 2}}}, {1, {{"3g.20gb", 2}}}};
  }
  static testing::MigManager::Cards After() {
    return {{0, {{"1g.5gb", 7}}}, {1, {{"3g.20gb", 2}}}};
  }
};

TEST_F(OperationsTest, ACardIsCutAndTheActionIsDone) {
  world.AddPod("named");
  Run();
  EXPECT_EQ(End(), "Done Verified");
  EXPECT_THAT(Journal(), ElementsAre("Reserve", "Evict", "Apply", "Restart", "Verify", "Release"));
  EXPECT_EQ(world.mig.cards, After());
  EXPECT_THAT(world.evicted, ElementsAre("named"));
  EXPECT_THAT(Action(), HasSubstr("Done: NodeOperation " + world.Operation()->name));
  EXPECT_TRUE(cluster::Holds(world.plan->conditions, "Done"));
  EXPECT_EQ(world.controller->operations().counts().done, 1);
  ExpectClean();
}

TEST_F(OperationsTest, APodThatThePlanDoesNotNameIsWaitedForAndLeftAlone) {
  world.AddPod("stranger");
  Run();
  EXPECT_EQ(End(), "RolledBack DeadlinePassed");
  EXPECT_THAT(Why(), HasSubstr("ns/stranger still holds a GPU of the node, and the plan does not"));
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_EQ(world.mig.cards, Before());
  EXPECT_THAT(Action(), HasSubstr("Failed: "));
  ExpectClean();
}

TEST_F(OperationsTest, APinnedPodEndsItAtOnce) {
  world.AddPod("named");
  cluster::Pod& pod = world.pods.at("named");
  pod.annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  world.controller->model().SetPod(pod, "2", "");
  Run();
  EXPECT_EQ(End(), "RolledBack PodPinned");
  EXPECT_THAT(world.evicted, IsEmpty());
  ExpectClean();
}

TEST_F(OperationsTest, ABudgetIsWaitedForAndThenNothingIsForced) {
  world.AddPod("named");
  int asked = 0;
  world.outcome = [&](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<Evict>(write)) return {};
    ++asked;
    return base::Fail(base::ErrorCode::kLater, "no disruption budget left");
  };
  Run();
  EXPECT_EQ(End(), "RolledBack DeadlinePassed");
  EXPECT_THAT(Why(), HasSubstr("PodDisruptionBudget"));
  EXPECT_GT(asked, 5) << "it is asked again";
  EXPECT_LT(asked, 20) << "and not without a pause";
  EXPECT_TRUE(world.pods.contains("named"));
}

// What becomes of it, by what befalls the first application.
struct Case {
  MigFault fault;
  const char* end;
};
class OneFault : public OperationsTest, public ::testing::WithParamInterface<Case> {};

TEST_P(OneFault, ItEndsDoneOrRolledBackAndVerified) {
  world.mig.faults = {GetParam().fault};
  Run();
  EXPECT_EQ(End(), GetParam().end) << Why();
  EXPECT_EQ(world.mig.cards,
            std::string_view(GetParam().end).starts_with("Done") ? After() : Before());
  EXPECT_THAT(PausedOn(*world.node), IsEmpty());
  EXPECT_EQ(DifferenceOf(*world.node, world.Operation()->cards,
                         world.mig.cards == After() ? Side::kAfter : Side::kBefore),
            "");
  ExpectClean();
}
INSTANTIATE_TEST_SUITE_P(MigManager, OneFault,
                         ::testing::Values(Case{MigFault::kNone, "Done Verified"},
                                           Case{MigFault::kHangs, "RolledBack DeadlinePassed"},
                                           Case{MigFault::kFails, "RolledBack StepFailed"},
                                           Case{MigFault::kBusy, "RolledBack StepFailed"},
                                           Case{MigFault::kReboots, "Done Verified"},
                                           Case{MigFault::kLies, "RolledBack StepFailed"},
                                           Case{MigFault::kIgnores, "RolledBack StepFailed"},
                                           Case{MigFault::kStaysPaused, "Done Verified"},
                                           Case{MigFault::kPluginBlind, "Done Verified"}));

TEST_F(OperationsTest, WhatCannotBeRolledBackSaysWhatToDo) {
  world.mig.rest = MigFault::kFails;
  Run();
  EXPECT_EQ(End(), "Failed RollBackNotVerified");
  EXPECT_THAT(Why(), HasSubstr("it could not be rolled back: the node has 2 whole in place of 4 "
                               "3g.20gb. Look at mig-manager"));
  EXPECT_EQ(plan::RecordOf(*world.Operation(), plan::OperationStep::kRollBack)->attempts, 3);
  ExpectClean();
}

TEST_F(OperationsTest, RollingBackIsTriedAgainUnderAnotherName) {
  world.mig.faults = {MigFault::kFails, MigFault::kLies};
  Run();
  EXPECT_EQ(End(), "RolledBack StepFailed");
  EXPECT_EQ(world.mig.cards, Before());
  EXPECT_THAT(std::string(cluster::Find(world.node->labels, kMigConfig)),
              ::testing::StartsWith("tangram-"));
  ExpectClean();
}

TEST_F(OperationsTest, APersonWhoChangesTheLabelWins) {
  world.on_tick = [](SagaWorld& now) {
    if (MigStateOf(*now.node) == "pending") now.SetLabel(std::string(kMigConfig), "all-disabled");
  };
  Run();
  EXPECT_EQ(End(), "Failed ChangedByPerson");
  EXPECT_THAT(Why(), HasSubstr("somebody set the label nvidia.com/mig.config to \"all-disabled\""));
  EXPECT_EQ(cluster::Find(world.node->labels, kMigConfig), "all-disabled");
  ExpectClean();
}

TEST_F(OperationsTest, APersonWhoTakesTheTaintOffWins) {
  world.on_tick = [](SagaWorld& now) {
    if (MigStateOf(*now.node) != "pending") return;
    now.node->taints.clear();
    now.ShowNode();
  };
  Run();
  EXPECT_EQ(End(), "Failed ChangedByPerson");
  EXPECT_THAT(Why(), HasSubstr("somebody took the taint"));
}

TEST_F(OperationsTest, ALayoutThatSomebodyChangedIsNotApplied) {
  world.outcome = [](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<WriteLayouts>(write)) return {};
    return base::Fail(base::ErrorCode::kInvalid, "somebody changed tangram-1 in the ConfigMap");
  };
  Run();
  EXPECT_EQ(End(), "RolledBack LayoutRefused");
  EXPECT_THAT(Why(), HasSubstr("somebody changed tangram-1"));
  EXPECT_EQ(cluster::Find(world.node->labels, kMigConfig), "all-3g");
  ExpectClean();
}

TEST_F(OperationsTest, ANodeThatGoesEndsIt) {
  world.on_tick = [](SagaWorld& now) {
    if (now.node && MigStateOf(*now.node) == "pending") now.RemoveNode();
  };
  Run();
  EXPECT_EQ(End(), "Failed NodeGone");
}

TEST_F(OperationsTest, ANodeThatComesUnderTheNameOfAnotherIsLeftAlone) {
  world.on_tick = [](SagaWorld& now) {
    if (!now.node || MigStateOf(*now.node) != "pending") return;
    now.node->created_at = now.now;
    now.node->taints.clear();
    now.SetLabel(std::string(kMigConfig), "");
  };
  Run();
  EXPECT_EQ(End(), "Failed NodeGone");
  EXPECT_EQ(cluster::Find(world.node->labels, kMigConfig), "");
}

TEST_F(OperationsTest, LayoutsThatAreUsedAreNamed) {
  std::set<std::string> in_use;
  world.outcome = [&](const Write& write) -> base::Result<void> {
    if (const auto* layouts = std::get_if<WriteLayouts>(&write)) in_use = layouts->in_use;
    return {};
  };
  Run();
  EXPECT_EQ(End(), "Done Verified");
  EXPECT_THAT(in_use, ::testing::Contains(cluster::Find(world.node->labels, kMigConfig)));
}

TEST_F(OperationsTest, OfAPlanThatIsGoneNothingBegins) {
  world.AddPod("stranger");  // it waits for it
  world.on_tick = [](SagaWorld& now) {
    if (now.IsTainted() && now.plan) now.RemovePlan();
  };
  Run();
  EXPECT_EQ(End(), "RolledBack PlanGone");
  ExpectClean();
}

TEST_F(OperationsTest, WhatIsUnderWayWhenItsPoolGoesIsBroughtToAnEnd) {
  world.on_tick = [](SagaWorld& now) {
    if (MigStateOf(*now.node) == "pending" && !now.policy.pools.empty()) now.SetPolicy({});
  };
  world.Run(20min);
  EXPECT_EQ(End(), "Done Verified");
  ExpectClean();
}

TEST_F(OperationsTest, ATaintWithoutAnOperationGoes) {
  world.AddPod("stranger");
  world.on_tick = [](SagaWorld& now) {
    if (!now.IsTainted() || !now.plan) return;
    const std::string name = now.Operation()->name;
    now.RemovePlan();
    now.operations.clear();  // somebody deletes it
    now.controller->RemoveOperation(name);
  };
  Run();
  EXPECT_FALSE(world.IsTainted());
}

TEST_F(OperationsTest, TwoOwnersOfOneCardAreRefused) {
  world.node->gpus[0].dra_device = "gpu-0";
  world.ShowNode();
  Run();
  EXPECT_THAT(world.operations, IsEmpty());
  EXPECT_THAT(Action(), HasSubstr("Failed: node-1 has two owners of its cards: a DRA driver"));
}

TEST_F(OperationsTest, WithAnotherBackendItIsForPeople) {
  plan::PlanPolicy policy = world.policy;
  policy.pools[0].policy.mig = plan::MigBackend::kNone;
  world.SetPolicy(policy);
  world.Run(5min);
  EXPECT_THAT(world.operations, IsEmpty());
  EXPECT_EQ(cluster::ConditionOf(world.plan->conditions, "Executing")->reason, "WaitsForPeople");
}

// Nobody is evicted for a layout that nobody will see.
TEST_F(OperationsTest, WhatMigManagerWouldNotSeeDoesNotBegin) {
  world.AddPod("named");
  world.controller->SetUnseen({.layouts = "ClusterPolicy p names theirs", .sharing = {}});
  world.Run(5min);
  EXPECT_THAT(world.operations, IsEmpty());
  EXPECT_THAT(world.evicted, IsEmpty());
  EXPECT_THAT(cluster::ConditionOf(world.plan->conditions, "Executing")->message,
              HasSubstr("not begun yet: ClusterPolicy p names theirs"));
  world.controller->SetUnseen({});
  Run();
  EXPECT_EQ(End(), "Done Verified");
}

TEST_F(OperationsTest, AfterAFailureItsNodeRests) {
  world.mig.faults = {MigFault::kBusy};
  Run();
  ASSERT_EQ(End(), "RolledBack StepFailed");
  const base::Time ended = plan::EndOf(*world.Operation())->since;
  plan::Proposal next = SagaWorld::ApprovedPlan();
  next.name = next.uid = "pool-plan-2";
  world.plan = next;
  world.controller->RemovePlan("pool-plan");
  world.controller->SetPlan(next);
  const auto begun = [&] { return world.operations.size() > 1; };
  world.on_tick = [&](SagaWorld& now) {
    if (!begun()) return;
    EXPECT_GE(now.now, ended + 10min);
  };
  Run();
  EXPECT_TRUE(begun());
}

TEST_F(OperationsTest, WhatIsOldGoes) {
  Run();
  ASSERT_EQ(End(), "Done Verified");
  world.now += 8 * 24h;
  world.Run(1min);
  EXPECT_THAT(world.operations, IsEmpty());
}

}  // namespace
}  // namespace tangram::control
