// Stories of pods behind the gate, in virtual time.
#include "control/controller.h"

#include <gmock/gmock.h>

#include "cluster/gate.h"
#include "control/loop_testing.h"
#include "control/objects_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::GatedPod;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeWith;
using testing::PodWith;

class ControllerTest : public ::testing::Test, protected testing::Loop {
 protected:
  using Loop::Run;  // and not that of a Test
  // What was written so far: "lift a on x", "lift a", "evict a", "say a NoRoom".
  std::vector<std::string> Written() {
    std::vector<std::string> lines;
    for (const Write& write : api.writes) {
      if (const auto* lift = std::get_if<LiftGate>(&write)) {
        lines.push_back("lift " + lift->pod.name);
        for (const std::string& node : lift->nodes) lines.back() += " on " + node;
      } else if (const auto* say = std::get_if<SayWaiting>(&write)) {
        lines.push_back("say " + say->pod.name + " " + say->reason);
      } else {
        lines.push_back("evict " + PodOf(write)->name);
      }
    }
    return lines;
  }
};

TEST_F(ControllerTest, APodGetsANodeAndTheGateIsLifted) {
  controller.model().Set(NodeWith("a", 2));
  api.Set(controller.model(), GatedPod("one"));
  Run(100ms);
  EXPECT_THAT(Written(), ElementsAre("lift one on a"));
  EXPECT_EQ(controller.counts().lifted, 1);
}

TEST_F(ControllerTest, NothingIsDecidedBeforeEverythingWasRead) {
  controller.SetSynced(false);
  controller.model().Set(NodeWith("a", 2));
  api.Set(controller.model(), GatedPod("one"));
  Run(5s);
  EXPECT_THAT(Written(), IsEmpty());
  controller.SetSynced(true);
  Run(2s);
  EXPECT_THAT(Written(), ElementsAre("lift one on a"));
}

TEST_F(ControllerTest, WhoDoesNotLeadWritesNothing) {
  controller.SetLeading(false);
  controller.model().Set(NodeWith("a", 2));
  api.Set(controller.model(), GatedPod("one"));
  Run(5s);
  EXPECT_THAT(Written(), IsEmpty());
}

TEST_F(ControllerTest, WhatWasDecidedCountsAtOnce) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  Run(20ms);
  api.Set(controller.model(), GatedPod("two"));  // the first is lifted, and not bound yet
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift one on a"));
}

TEST_F(ControllerTest, ItWaitsForOtherGates) {
  controller.model().Set(NodeWith("a", 1));
  cluster::Pod pod = GatedPod("one");
  pod.gates.push_back("kueue.x-k8s.io/admission");
  api.Set(controller.model(), pod);
  Run(120s);
  EXPECT_THAT(Written(), IsEmpty());
  pod.gates = {std::string(cluster::kPlacementGate)};
  pod.node_selector = {{"kubernetes.io/hostname", "a"}};  // Kueue's topology chose it
  api.Set(controller.model(), pod);
  Run(100ms);
  EXPECT_THAT(Written(), ElementsAre("lift one"));
}

TEST_F(ControllerTest, APodThatAsksForNoDeviceIsLetGo) {
  cluster::Pod pod = GatedPod("cpu");
  pod.devices.clear();
  api.Set(controller.model(), pod);
  Run(100ms);
  EXPECT_THAT(Written(), ElementsAre("lift cpu"));
}

TEST_F(ControllerTest, AGangOfAnEarlierRunThatEndsIsNotTakenForThisOne) {
  controller.model().Set(NodeWith("a", 3));
  const auto with_gang = [](cluster::Pod pod) {
    pod.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "2"}};
    return pod;
  };
  cluster::Pod old = with_gang(PodWith("old"));
  old.node = "a";
  old.phase = cluster::PodPhase::kRunning;
  old.terminating = true;
  api.Set(controller.model(), old);
  api.Set(controller.model(), with_gang(GatedPod("new-0")));
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty());
  api.Set(controller.model(), with_gang(GatedPod("new-1")));
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift new-0 on a", "lift new-1 on a"));
}

TEST_F(ControllerTest, APodThatIsBeingDeletedIsSentNowhere) {
  controller.model().Set(NodeWith("a", 1));
  cluster::Pod pod = GatedPod("one");
  pod.terminating = true;
  api.Set(controller.model(), pod);
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty());
}

TEST_F(ControllerTest, APodWhoseClaimIsNotMadeYetWaits) {
  cluster::Pod pod = GatedPod("one");
  pod.devices.clear();
  pod.claims = {"one-gpus-"};
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), pod);
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty()) << "kube-controller-manager makes it after the pod";
  Run(3s);
  EXPECT_THAT(Written(), ElementsAre("say one ByClaim"));
  EXPECT_THAT(std::get<SayWaiting>(api.writes.back()).message,
              HasSubstr("its claim one-gpus-… is not made yet"));
}

TEST_F(ControllerTest, APodOfAGangThatAsksForNoDeviceGoesWithTheOthers) {
  cluster::Pod driver = GatedPod("driver");
  driver.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "2"}};
  cluster::Pod worker = GatedPod("worker");
  worker.labels = driver.labels;
  driver.devices.clear();
  api.Set(controller.model(), driver);
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty()) << "the other is not there yet";
  api.Set(controller.model(), worker);
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty());
  controller.model().Set(NodeWith("a", 1));
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift worker on a", "lift driver"));
}

TEST_F(ControllerTest, AGangGoesOnceAllItsPodsAreThereAndFit) {
  controller.model().Set(NodeWith("a", 1));
  cluster::Pod pod = GatedPod("g-0");
  pod.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "2"}};
  api.Set(controller.model(), pod);
  Run(60s);
  EXPECT_THAT(Written(), ElementsAre("say g-0 Gang")) << "never lifted alone";
  pod.name = "g-1";
  pod.uid = "uid-g-1";
  api.Set(controller.model(), pod);
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("say g-0 Gang")) << "one card for two";
  controller.model().Set(NodeWith("b", 1));
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("say g-0 Gang", "lift g-0 on a", "lift g-1 on b"));
}

// A pod of the gang g that the Job `train` makes.
cluster::Pod OfTheJob(const std::string& name) {
  cluster::Pod pod = GatedPod(name);
  pod.owner = {"Job", "train"};
  pod.labels = {{"batch.kubernetes.io/job-name", "train"}, {"tangram.dev/gang", "g"}};
  return pod;
}

TEST_F(ControllerTest, AGangIsAsLargeAsItsJobSays) {
  controller.model().Set(NodeWith("a", 8));
  controller.model().SetGangKind("jobs.batch", GangKind::kRead);
  api.Set(controller.model(), OfTheJob("g-0"));  // the watch of Jobs is behind
  Run(60s);
  EXPECT_THAT(Written(), ElementsAre("say g-0 Gang"));
  controller.model().Set(cluster::GangOwner{"ns", "jobs.batch/train", {{"g", 3}}});
  api.Set(controller.model(), OfTheJob("g-1"));
  Run(60s);
  EXPECT_THAT(Written(), ElementsAre("say g-0 Gang", "say g-1 Gang"));
  api.Set(controller.model(), OfTheJob("g-2"));
  Run(100ms);
  EXPECT_EQ(controller.counts().lifted, 3);
  EXPECT_EQ(controller.counts().released, 0);
}

TEST_F(ControllerTest, AGangThatShrinksStartsWithWhoIsThere) {
  controller.model().Set(NodeWith("a", 8));
  controller.model().SetGangKind("jobs.batch", GangKind::kRead);
  controller.model().Set(cluster::GangOwner{"ns", "jobs.batch/train", {{"g", 3}}});
  api.Set(controller.model(), OfTheJob("g-0"));
  api.Set(controller.model(), OfTheJob("g-1"));
  Run(1s);
  EXPECT_THAT(Written(), IsEmpty());
  controller.model().Set(cluster::GangOwner{"ns", "jobs.batch/train", {{"g", 2}}});
  Run(100ms);
  EXPECT_EQ(controller.counts().lifted, 2);
}

TEST_F(ControllerTest, WhereJobsMayNotBeReadAGangIsWhoIsThere) {
  controller.model().Set(NodeWith("a", 8));
  api.Set(controller.model(), OfTheJob("g-0"));
  Run(100ms);
  EXPECT_EQ(controller.counts().lifted, 1);
}

TEST_F(ControllerTest, PodsOfAGroupWithoutGangAreLeftToTheSchedulerAsOthersAre) {
  controller.model().Set(NodeWith("a", 1));
  controller.model().SetGangKind("podgroups.scheduling.k8s.io", GangKind::kRead);
  controller.model().Set(
      cluster::GangOwner{"ns", "podgroups.scheduling.k8s.io/basic", {{"basic", 1}}});
  for (const char* name : {"p-0", "p-1"}) {
    cluster::Pod pod = GatedPod(name);
    pod.pod_group = "basic";
    api.Set(controller.model(), pod);
  }
  Run(60s);
  EXPECT_THAT(Written(), ElementsAre("lift p-0 on a", "say p-1 NoRoom", "lift p-1"));
}

TEST_F(ControllerTest, APodThatFindsNoRoomIsToldAndThenLeftToTheScheduler) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("large", 2));
  Run(1900ms);
  EXPECT_THAT(Written(), IsEmpty());
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("say large TooLarge"));
  Run(40s);
  EXPECT_THAT(Written(), ElementsAre("say large TooLarge", "lift large"));
  EXPECT_THAT(std::get<LiftGate>(api.writes.back()).why, HasSubstr("at most 1"));
}

TEST_F(ControllerTest, AFailedWriteIsTriedAgainAndHoldsNoRoomMeanwhile) {
  int refusals = 3;
  api.outcome = [&](const Write&) -> base::Result<void> {
    if (refusals-- > 0) return base::Fail(base::ErrorCode::kConflict, "written meanwhile");
    return {};
  };
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  Run(5s);
  EXPECT_EQ(api.writes.size(), 4u);
  EXPECT_EQ(controller.counts().failed, 3);
  EXPECT_EQ(controller.counts().lifted, 1);
  EXPECT_THAT(api.pod("one").gates, IsEmpty());
}

TEST_F(ControllerTest, ThoseWithPriorityGoFirst) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("early"));
  cluster::Pod urgent = GatedPod("urgent");
  urgent.priority = 1000;
  api.Set(controller.model(), urgent);
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift urgent on a"));
}

TEST_F(ControllerTest, AnUrgentPodTakesTheRoomOfAnother) {
  plan::PlanPolicy policy;
  policy.defaults.preempt = true;
  controller.SetPolicy(policy);
  controller.model().Set(NodeWith("a", 1));
  cluster::Pod running = GatedPod("low");
  running.gates.clear();
  running.node = "a";
  running.phase = cluster::PodPhase::kRunning;
  api.Set(controller.model(), running);
  cluster::Pod urgent = GatedPod("urgent");
  urgent.priority = 1000;
  api.Set(controller.model(), urgent);
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("evict low", "lift urgent on a"));
}

TEST_F(ControllerTest, APodWhoseNodeIsGoneIsEvicted) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  Run(100ms);
  controller.model().Remove<cluster::Node>({"", "a"});
  cluster::Pod lost = api.pod("one");
  lost.pending_reason = "Unschedulable";
  api.Set(controller.model(), lost);
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift one on a", "evict one"));
  EXPECT_FALSE(api.Has("one"));
}

TEST_F(ControllerTest, ARestartForgetsNothingThatWasWritten) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  Run(100ms);
  testing::FakeActuator other;
  Controller next(other, maker, {});
  next.SetSynced(true);
  next.SetLeading(true);
  next.model().Set(NodeWith("a", 1));
  next.model().SetPod(api.pod("one"), "7", "");  // lifted, not bound
  next.model().SetPod(GatedPod("two"), "8", "");
  base::Time then = now;
  for (int i = 0; i < 100; ++i) then = std::max(next.Run(then), then + 1ms);
  for (const Write& write : other.writes) {
    EXPECT_FALSE(std::holds_alternative<LiftGate>(write) &&
                 !std::get<LiftGate>(write).nodes.empty());
  }
}

TEST_F(ControllerTest, AnotherPodOfTheSameNameIsAnother) {
  controller.model().Set(NodeWith("a", 2));
  api.Set(controller.model(), GatedPod("web-0"));
  Run(100ms);
  cluster::Pod again = GatedPod("web-0");
  again.uid = "another";
  api.Set(controller.model(), again);
  Run(100ms);
  ASSERT_THAT(Written(), ElementsAre("lift web-0 on a", "lift web-0 on a"));
  EXPECT_EQ(PodOf(api.writes.back())->uid, "another");
}

// As few nodes as the same pods would need if all were known at once: 160 cards on nodes of eight.
TEST_F(ControllerTest, PodsThatComeOneByOneFillNodesInUseFirst) {
  for (int i = 0; i < 40; ++i) {
    controller.model().Set(NodeWith("n" + std::to_string(100 + i), 8));
  }
  std::set<std::string> used;
  for (int i = 0; i < 64; ++i) {
    api.writes.clear();
    api.Set(controller.model(), GatedPod("p" + std::to_string(i), 1 + i % 4));
    Run(50ms);
    ASSERT_EQ(api.writes.size(), 1U);
    used.insert(std::get<LiftGate>(api.writes.front()).nodes.front());
  }
  EXPECT_LE(used.size(), 21U);
}

TEST_F(ControllerTest, APodIsNotLiftedAgainBeforeTheWatchShowsIt) {
  cluster::Node node = NodeWith("x", 4);
  node.labels = {{"kubernetes.io/hostname", "x"}};
  controller.model().Set(node);
  cluster::Pod chosen = GatedPod("a");
  chosen.node_selector = {{"kubernetes.io/hostname", "x"}};
  api.Set(controller.model(), chosen);
  api.shows = false;
  Run(1s);
  controller.model().Set(NodeWith("y", 4));
  Run(1s);
  EXPECT_THAT(Written(), ElementsAre("lift a"));
  Run(40s);
  EXPECT_THAT(Written(), ElementsAre("lift a", "lift a")) << "it may have been lost";
}

TEST_F(ControllerTest, RestsAsItsOwnerSays) {
  controller.model().Set(NodeWith("x", 4));
  api.Set(controller.model(), GatedPod("a"));
  const base::Time rested = now + 500ms;
  controller.RestUntil(rested);
  controller.RestUntil(now);  // after a run that had nothing to do
  EXPECT_EQ(controller.Run(now), rested);
  Run(400ms);
  EXPECT_THAT(Written(), IsEmpty());
  Run(200ms);
  EXPECT_THAT(Written(), ElementsAre("lift a on x"));
}

// A machine that slept: an hour passes at once, with a write in flight and a pod that waits.
TEST_F(ControllerTest, AJumpAheadWritesNothingTwiceAndStopsNothing) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  api.Set(controller.model(), GatedPod("two"));
  now = controller.Run(now);
  controller.Run(now);
  EXPECT_THAT(Written(), ElementsAre("lift one on a"));
  now += 1h;
  for (int i = 0; i < 3; ++i) now = controller.Run(now);
  EXPECT_THAT(Written(), ElementsAre("lift one on a", "lift two"))
      << "the first is in flight, the second has waited for longer than the limit";
  controller.model().Set(NodeWith("b", 1));
  api.Set(controller.model(), GatedPod("three"));
  Run(100ms);
  EXPECT_THAT(Written(), ElementsAre("lift one on a", "lift two", "lift three on b"));
}

TEST_F(ControllerTest, LosingTheLeadForgetsWhatIsInFlight) {
  controller.model().Set(NodeWith("a", 1));
  api.Set(controller.model(), GatedPod("one"));
  now = controller.Run(now);
  controller.Run(now);
  ASSERT_EQ(api.writes.size(), 1u);
  api.Lose();
  controller.SetLeading(false);
  controller.SetLeading(true);
  Run(100ms);
  EXPECT_THAT(Written(), ElementsAre("lift one on a", "lift one on a"));
}

}  // namespace
}  // namespace tangram::control
