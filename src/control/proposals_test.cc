// Stories of GpuPlans, in virtual time: proposed, replaced, approved, carried out, and kept.
#include "control/proposals.h"

#include <gmock/gmock.h>

#include "base/time_text.h"
#include "control/controller.h"
#include "control/loop_testing.h"
#include "control/objects_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

cluster::Node NodeOf(const std::string& pool, const std::string& name) {
  cluster::Node node = testing::NodeWith(name, 4);
  node.labels = {{"pool", pool}};
  return node;
}

cluster::Pod RunningPod(const std::string& name, const std::string& node) {
  cluster::Pod pod = testing::PodWith(name);
  pod.phase = cluster::PodPhase::kRunning;
  pod.ready = true;
  pod.node = node;
  return pod;
}

// No pod can be evicted for now.
base::Result<void> LaterForEvictions(const Write& write) {
  if (!std::holds_alternative<Evict>(write)) return {};
  return base::Fail(base::ErrorCode::kLater, "no disruption budget left");
}

plan::PlanPolicy PolicyOf(plan::Mode mode) {
  plan::PlanPolicy policy;
  plan::Pool pool{.name = "services", .selector = {{"pool", "services"}}, .policy = {}};
  pool.policy.mode = mode;
  pool.policy.moves = plan::Moves::kControlled;
  policy.pools = {std::move(pool)};
  return policy;
}

// Two nodes; one holds three pods, the other one: it can be emptied and given back.
class ProposalsTest : public ::testing::Test, protected testing::Loop {
 protected:
  using Loop::Run;  // and not that of a Test
  ProposalsTest() {
    for (const char* node : {"a", "b"}) controller.model().Set(NodeOf("services", node));
    for (const char* pod : {"one", "two", "three"}) {
      api.Set(controller.model(), RunningPod(pod, "a"));
    }
    api.Set(controller.model(), RunningPod("mover", "b"));
  }

  void SetMode(plan::Mode mode) { controller.SetPolicy(PolicyOf(mode)); }

  // The only plan.
  plan::Proposal Only() const {
    EXPECT_THAT(api.plans(), SizeIs(1));
    return api.plans().empty() ? plan::Proposal() : api.plans().begin()->second;
  }
  void Approve() {
    plan::Proposal plan = Only();
    plan.approved = true;
    api.Set(controller, std::move(plan));
  }
  static std::string Reason(const plan::Proposal& plan, std::string_view type) {
    const auto* condition = cluster::ConditionOf(plan.conditions, type);
    if (condition == nullptr) return "";
    return (condition->holds ? "" : "not: ") + condition->reason;
  }
  std::vector<std::string> Evicted() const {
    std::vector<std::string> pods;
    for (const Write& write : api.writes) {
      if (std::holds_alternative<Evict>(write)) pods.push_back(PodOf(write)->name);
    }
    return pods;
  }
  template <class T>
  int Count() const {
    return static_cast<int>(std::count_if(api.writes.begin(), api.writes.end(), [](const Write& w) {
      return std::holds_alternative<T>(w);
    }));
  }
};

ControllerOptions AwaitingUsage() {
  ControllerOptions options;
  options.proposals.awaits_usage = true;
  return options;
}

TEST(ProposalsByTheHour, AreMadeWhenItComes) {
  testing::Loop loop;
  loop.controller.model().Set(NodeOf("services", "a"));
  plan::PlanPolicy policy = PolicyOf(plan::Mode::kRecommend);
  const auto opens = std::chrono::ceil<std::chrono::minutes>(loop.now) + 90min;
  const auto midnight = std::chrono::floor<std::chrono::days>(opens);
  policy.pools[0].ready = {
      {.profile = "1g.5gb", .hours = {{.start = opens - midnight, .duration = 1h}}}};
  loop.controller.SetPolicy(policy);
  loop.Run(60min);
  EXPECT_EQ(loop.maker.made, 1) << "nothing changed";
  loop.Run(31min);
  EXPECT_EQ(loop.maker.made, 2) << "more is to be ready now";
  loop.Run(60min);
  EXPECT_EQ(loop.maker.made, 2);
}

TEST(ProposalsByTheHour, AForecastLooksAnHourFurther) {
  testing::Loop loop;
  loop.controller.model().Set(NodeOf("services", "a"));
  plan::PlanPolicy policy = PolicyOf(plan::Mode::kRecommend);
  policy.pools[0].forecast = {.ahead = 20min};
  loop.controller.SetPolicy(policy);
  loop.Run(1s);
  ASSERT_EQ(loop.maker.made, 1);
  for (int hour = 0; hour < 3; ++hour) {
    const auto next = plan::NextReadyAt(loop.now, *policy.pools[0].forecast);
    const int made = loop.maker.made;
    loop.Run(next - loop.now - 2s);
    EXPECT_EQ(loop.maker.made, made) << "nothing changed";
    loop.Run(4s);
    EXPECT_EQ(loop.maker.made, made + 1);
  }
}

TEST(Wanted, IsCountedWhereWeLead) {
  testing::Loop loop;
  loop.controller.model().Set(NodeOf("services", "a"));
  loop.controller.SetPolicy(PolicyOf(plan::Mode::kObserve));
  loop.Run(2s);
  const plan::PoolProfile halves{"services", "3g.20gb"};
  ASSERT_TRUE(loop.controller.wanted().contains(halves));
  EXPECT_EQ(loop.controller.wanted().at(halves), 0);
  cluster::Pod pod;
  pod.ns = "ml";
  pod.name = "half";
  pod.devices = {{"nvidia.com/mig-3g.20gb", 1}};
  loop.controller.model().Set(pod);
  loop.Run(20s);
  EXPECT_EQ(loop.controller.wanted().at(halves), 1) << "nobody placed it";
  loop.controller.SetLeading(false);
  EXPECT_TRUE(loop.controller.wanted().empty());
  loop.controller.SetLeading(true);
  loop.Run(2s);
  EXPECT_EQ(loop.controller.wanted().at(halves), 1);
}

TEST(ProposalsByUsage, AreMadeOnceItIsKnown) {
  testing::Loop loop(AwaitingUsage());
  for (const char* node : {"a", "b"}) loop.controller.model().Set(NodeOf("services", node));
  plan::PlanPolicy policy = PolicyOf(plan::Mode::kRecommend);
  policy.pools[0].policy.stop_idle = true;
  loop.controller.SetPolicy(policy);
  loop.Run(60s);
  EXPECT_EQ(loop.maker.made, 0) << "it would take the place of one that goes by usage";
  loop.controller.Measured({});
  loop.Run(60s);
  EXPECT_EQ(loop.maker.made, 1) << "nobody can tell";
  loop.controller.Measured({.usage = true});
  loop.Run(60s);
  EXPECT_EQ(loop.maker.made, 2);
  policy.pools[0].policy.stop_idle = false;
  testing::Loop other(AwaitingUsage());
  for (const char* node : {"a", "b"}) other.controller.model().Set(NodeOf("services", node));
  other.controller.SetPolicy(policy);
  other.Run(60s);
  EXPECT_EQ(other.maker.made, 1) << "whose plans need no usage waits for none";
}

TEST_F(ProposalsTest, NothingIsProposedWherePoolsAreOnlyObserved) {
  SetMode(plan::Mode::kObserve);
  Run(60s);
  EXPECT_THAT(api.plans(), IsEmpty());
  EXPECT_EQ(maker.made, 0);
}

TEST_F(ProposalsTest, APlanWaitsForApprovalAndDisturbsNobody) {
  SetMode(plan::Mode::kRecommend);
  Run(10min);
  const plan::Proposal plan = Only();
  EXPECT_EQ(plan.pool, "services");
  ASSERT_THAT(plan.plan.actions, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<plan::MovePod>(plan.plan.actions.front().change));
  EXPECT_EQ(Reason(plan, "Proposed"), "Made");
  EXPECT_EQ(Reason(plan, "Approved"), "not: WaitingForApproval");
  EXPECT_THAT(cluster::ConditionOf(plan.conditions, "Approved")->message,
              HasSubstr("tangram apply " + plan.name));
  EXPECT_THAT(Evicted(), IsEmpty());
  EXPECT_EQ(maker.made, 1) << "nothing changed: no other plan is made";
  EXPECT_EQ(Count<WritePlanStatus>(), 1);
}

TEST_F(ProposalsTest, AnApprovedPlanIsCarriedOutAndTheRestIsLeftToPeople) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  Run(30s);
  EXPECT_THAT(Evicted(), ElementsAre("mover"));
  EXPECT_EQ(Reason(Only(), "Approved"), "ApprovedByPerson");
  EXPECT_EQ(Reason(Only(), "Executing"), "WaitsForPeople") << "nobody gave the node back";
  ASSERT_THAT(Only().records, SizeIs(1));
  EXPECT_EQ(Only().records[0].state, plan::ActionRecord::State::kDone);
  EXPECT_EQ(Only().records[0].pod_uid, "uid-mover");

  controller.model().Remove<cluster::Node>({.name = "b"});
  Run(30s);
  EXPECT_EQ(Reason(Only(), "Done"), "AllActionsDone");
  EXPECT_EQ(Reason(Only(), "Executing"), "not: AllActionsDone");
  EXPECT_EQ(Only().records[1].message, "the node is gone");
  EXPECT_EQ(controller.proposals().counts().done, 1);
  std::vector<std::string> told;
  for (const Write& write : api.writes) {
    const auto* status = std::get_if<WritePlanStatus>(&write);
    if (status == nullptr) continue;
    for (const cluster::Condition& said : status->news)
      told.push_back(said.type + " " + said.reason);
  }
  EXPECT_THAT(told,
              ElementsAre("Proposed Made", "Approved ApprovedByPerson", "Executing ActionsUnderWay",
                          "Executing WaitsForPeople", "Done AllActionsDone"));
}

TEST_F(ProposalsTest, NothingIsSentToANodeWhileAPlanEmptiesIt) {
  api.outcome = LaterForEvictions;
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  Run(30s);
  for (const char* name : {"late-1", "late-2"}) {
    cluster::Pod late = RunningPod(name, "");
    late.phase = cluster::PodPhase::kPending;
    late.ready = false;
    late.gates = {std::string(cluster::kPlacementGate)};
    api.Set(controller.model(), late);
  }
  Run(10s);
  std::vector<std::string> nodes;
  for (const Write& write : api.writes) {
    const auto* lift = std::get_if<LiftGate>(&write);
    if (lift != nullptr) nodes.insert(nodes.end(), lift->nodes.begin(), lift->nodes.end());
  }
  EXPECT_THAT(nodes, ElementsAre("a")) << "the other waits, though b has room";
}

TEST_F(ProposalsTest, AnActionIsWrittenDownBeforeItIsDone) {
  SetMode(plan::Mode::kAuto);
  Run(60s);
  std::vector<std::string> order;
  for (const Write& write : api.writes) {
    const auto* status = std::get_if<WritePlanStatus>(&write);
    const bool runs = status != nullptr && !status->plan.records.empty() &&
                      status->plan.records[0].state == plan::ActionRecord::State::kRunning;
    if (runs && (order.empty() || order.back() != "record")) order.emplace_back("record");
    if (std::holds_alternative<Evict>(write)) order.emplace_back("evict");
  }
  EXPECT_THAT(order, ElementsAre("record", "evict"));
}

TEST_F(ProposalsTest, InModeAutoPlansAreApprovedByThemselves) {
  SetMode(plan::Mode::kAuto);
  Run(60s);
  EXPECT_TRUE(Only().approved);
  EXPECT_EQ(Reason(Only(), "Approved"), "ApprovedByMode");
  EXPECT_THAT(Evicted(), ElementsAre("mover"));
}

TEST_F(ProposalsTest, WhoMayNotApproveSaysSo) {
  api.outcome = [](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<ApprovePlan>(write)) return {};
    return base::Fail(base::ErrorCode::kDenied, "needs the verb approve");
  };
  SetMode(plan::Mode::kAuto);
  Run(4min);
  EXPECT_EQ(Count<ApprovePlan>(), 1) << "not asked again and again";
  Run(6min);
  EXPECT_THAT(cluster::ConditionOf(Only().conditions, "Approved")->message,
              HasSubstr("rbac.autoMode"));
  EXPECT_THAT(Evicted(), IsEmpty());
}

TEST_F(ProposalsTest, AfterObserveNothingFurtherBegins) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  SetMode(plan::Mode::kObserve);
  Approve();
  Run(60s);
  EXPECT_THAT(Evicted(), IsEmpty());
  SetMode(plan::Mode::kRecommend);
  Run(60s);
  EXPECT_THAT(Evicted(), ElementsAre("mover"));
}

TEST_F(ProposalsTest, AProposalStandsUntilItCanNoLongerBeCarriedOut) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  const std::string first = Only().name;
  // Another pod fills the room that the mover would have taken; the plan still reads the same.
  controller.model().Set(NodeOf("services", "c"));
  Run(60s);
  EXPECT_EQ(Only().name, first) << "people find what they were told of";
  // The pod that it moves is gone: the plan is about nothing.
  controller.model().RemovePod({"ns", "mover"});
  Run(60s);
  EXPECT_EQ(Reason(api.plans().at(first), "Superseded"), "NewerPlan");
  ASSERT_THAT(api.plans(), SizeIs(2));
}

TEST_F(ProposalsTest, WithNothingLeftToDoAProposalGoes) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  controller.model().RemovePod({"ns", "mover"});
  controller.model().Remove<cluster::Node>({.name = "b"});
  Run(60s);
  EXPECT_EQ(Reason(Only(), "Superseded"), "ClusterChanged");
}

TEST_F(ProposalsTest, OutOfItsWindowsNothingBegins) {
  plan::PlanPolicy policy = PolicyOf(plan::Mode::kAuto);
  const auto opens = std::chrono::ceil<std::chrono::minutes>(now) + 90min;
  const auto midnight = std::chrono::floor<std::chrono::days>(opens);
  policy.pools[0].windows = {{.start = opens - midnight, .duration = 1h, .time_zone = "UTC"}};
  controller.SetPolicy(policy);
  Run(60min);
  EXPECT_TRUE(Only().approved) << "it may be approved";
  EXPECT_EQ(Reason(Only(), "Executing"), "WaitsForWindow");
  EXPECT_THAT(cluster::ConditionOf(Only().conditions, "Executing")->message,
              HasSubstr("next window opens at " + base::FormatTime(opens)));
  EXPECT_THAT(Evicted(), IsEmpty());
  Run(31min);
  EXPECT_THAT(Evicted(), ElementsAre("mover"));
}

TEST_F(ProposalsTest, AnotherLeaderGoesOnWhereTheLastOneStopped) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  while (Only().records.empty()) Run(10ms);  // written down
  controller.SetLeading(false);              // and killed before the eviction
  api.Lose();
  const auto evicted_before = Evicted();
  controller.SetLeading(true);
  Run(30s);
  EXPECT_THAT(evicted_before, IsEmpty());
  EXPECT_THAT(Evicted(), ElementsAre("mover"));
  EXPECT_EQ(Reason(Only(), "Executing"), "WaitsForPeople");
}

TEST_F(ProposalsTest, APodThatCameAfterItUnderTheSameNameStays) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  while (Only().records.empty()) Run(10ms);
  cluster::Pod next = RunningPod("mover", "b");
  next.uid = "uid-next";
  api.Set(controller.model(), next);
  Run(30s);
  EXPECT_THAT(Evicted(), IsEmpty());
  EXPECT_EQ(Only().records[0].state, plan::ActionRecord::State::kDone);
}

TEST_F(ProposalsTest, APodThatItsOwnerPinnedSinceStays) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  const std::string name = Only().name;
  cluster::Pod pinned = RunningPod("mover", "b");
  pinned.annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  api.Set(controller.model(), pinned);
  Approve();
  Run(30s);
  EXPECT_THAT(Evicted(), IsEmpty());
  const plan::Proposal& plan = api.plans().at(name);
  ASSERT_THAT(plan.records, SizeIs(2));
  EXPECT_EQ(plan.records[0].state, plan::ActionRecord::State::kSkipped);
  EXPECT_THAT(plan.records[1].message, HasSubstr("it needs action 0"));
}

TEST_F(ProposalsTest, ABudgetThatSaysLaterIsAskedAgainUntilTheTimeIsUp) {
  api.outcome = LaterForEvictions;
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  Run(20min);
  const auto asked = Evicted().size();
  EXPECT_GT(asked, 100U);
  EXPECT_LT(asked, 260U);
  EXPECT_EQ(Reason(Only(), "Executing"), "ActionsUnderWay");
  Run(20min);
  EXPECT_EQ(Reason(Only(), "Failed"), "ActionFailed");
  EXPECT_THAT(Only().records[0].message, HasSubstr("PodDisruptionBudget"));
}

TEST_F(ProposalsTest, AStatusThatAnotherWroteFirstIsReadAgain) {
  int conflicts = 3;
  api.outcome = [&](const Write& write) -> base::Result<void> {
    if (!std::holds_alternative<WritePlanStatus>(write) || conflicts-- <= 0) return {};
    return base::Fail(base::ErrorCode::kConflict, "the object has been modified");
  };
  SetMode(plan::Mode::kRecommend);
  Run(60s);
  EXPECT_EQ(Count<WritePlanStatus>(), 4);
  EXPECT_EQ(Reason(Only(), "Proposed"), "Made");
}

TEST_F(ProposalsTest, APlanThatAPersonDeletedIsForgotten) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  Approve();
  controller.RemovePlan(Only().name);
  Run(500ms);
  EXPECT_THAT(Evicted(), IsEmpty());
}

TEST_F(ProposalsTest, WhatIsOverGoesAfterAWhile) {
  SetMode(plan::Mode::kAuto);
  Run(60s);
  controller.model().Remove<cluster::Node>({.name = "b"});
  Run(60s);
  EXPECT_EQ(Reason(Only(), "Done"), "AllActionsDone");
  Run(std::chrono::hours(24 * 6));
  EXPECT_THAT(api.plans(), SizeIs(1));
  Run(std::chrono::hours(24 * 2));
  EXPECT_THAT(api.plans(), IsEmpty());
}

TEST_F(ProposalsTest, APlanOfAPoolThatIsGoneIsNotCarriedOut) {
  SetMode(plan::Mode::kRecommend);
  Run(5s);
  controller.SetPolicy({});
  Approve();
  Run(30s);
  EXPECT_EQ(Reason(Only(), "Superseded"), "PoolChanged");
  EXPECT_THAT(Evicted(), IsEmpty());
}

// ---- statuses ----

TEST_F(ProposalsTest, APoolSaysWhetherItIsInForce) {
  plan::PlanPolicy policy = PolicyOf(plan::Mode::kAuto);
  plan::Pool other = policy.pools.front();
  other.name = "all";
  other.selector = {};
  policy.pools.insert(policy.pools.begin(), other);
  controller.SetPolicy(policy);
  Run(60s);
  std::map<std::string, plan::PoolStatus> statuses;
  for (const Write& write : api.writes) {
    if (const auto* status = std::get_if<WritePoolStatus>(&write)) {
      statuses[status->pool] = status->status;
    }
  }
  ASSERT_THAT(statuses, SizeIs(2));
  for (const auto& [name, status] : statuses) {
    EXPECT_EQ(status.nodes, 2) << name;
    EXPECT_EQ(status.gpus, 8) << name;
    EXPECT_EQ(status.mode, plan::Mode::kObserve) << name;
    ASSERT_THAT(status.conditions, SizeIs(1));
    EXPECT_EQ(status.conditions[0].reason, "NodesOverlap");
  }
  EXPECT_EQ(Count<WritePoolStatus>(), 2) << "written once";
  EXPECT_THAT(api.plans(), IsEmpty()) << "neither is in force";
}

}  // namespace
}  // namespace tangram::control
