// What the preempt pass does.
#include <gmock/gmock.h>

#include "plan/plan.h"
#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Checked;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Lines;

constexpr const char* kGpu = "nvidia.com/gpu";

TEST(Preempt, TakesTheRoomOfTheLeastUrgent) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Pod("low-0", kGpu, 2, "a").priority = 2;
  c.Pod("low-1", kGpu, 1, "b").priority = 1;
  c.Pod("low-2", kGpu, 1, "b").priority = 5;
  c.Pod("urgent-0", kGpu).priority = 10;
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty()) << "nobody asked for it";
  policy.defaults.preempt = true;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("evict low-1 on b for urgent-0", "place urgent-0 on b"));
  EXPECT_EQ(plan.actions[1].needs, std::vector<int>{0});
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_THAT(plan.waiting[0].why, HasSubstr("makes room for ns/urgent-0"));
  policy.most_new_nodes = 1;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("evict low-1 on b for urgent-0", "place urgent-0 on b",
                          "add new-1 like a", "place low-1 on new-1"));
}

TEST(Preempt, LeavesAloneWhatMayNotGo) {
  Cluster c;
  c.Node("a", 5);
  c.Pod("going-0", kGpu, 1, "a").terminating = true;
  c.Pod("pinned-0", kGpu, 1, "a").annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  c.Pod("bare-0", kGpu, 1, "a").owner = {};
  c.Pod("agent-0", kGpu, 1, "a").owner = {"DaemonSet", "agent"};
  c.Pod("kept-0", kGpu, 1, "a").labels = {{"app", "kept"}};
  cluster::DisruptionBudget budget;
  budget.ns = "ns";
  budget.name = "kept";
  budget.match_labels = {{"app", "kept"}};
  c.snapshot().budgets = {budget};
  c.Pod("urgent-0", kGpu).priority = 10;
  cluster::Pod& meek = c.Pod("meek-0", kGpu);
  meek.priority = 20;
  meek.can_preempt = false;
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.preempt = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty());
  c.snapshot().budgets[0].disruptions_allowed = 1;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("evict kept-0 on a for urgent-0", "place urgent-0 on a"));
}

TEST(Preempt, GangsGoWholeAndAreServedWhole) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Node("d", 1);
  c.Pod("g-0", kGpu, 2, "a").labels = {{"tangram.dev/gang", "g"}};
  c.Pod("g-1", kGpu, 2, "b").labels = {{"tangram.dev/gang", "g"}};
  c.Pod("alone-0", kGpu, 1, "d");
  cluster::Pod& small = c.Pod("small-0", kGpu);
  small.priority = 10;
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.preempt = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("evict alone-0 on d for small-0", "place small-0 on d"))
      << "one pod, not two";
  for (const char* name : {"h-0", "h-1"}) {
    cluster::Pod& pod = c.Pod(name, kGpu, 2);
    pod.labels = {{"tangram.dev/gang", "h"}};
    pod.priority = 20;
  }
  EXPECT_THAT(
      Lines(Checked(c.snapshot(), policy)),
      ElementsAre("evict g-0 on a for h-0", "evict g-1 on b for h-0", "place h-0 on a",
                  "place h-1 on b", "evict alone-0 on d for small-0", "place small-0 on d"));
}

TEST(Preempt, AGangThatHasToBeNearGetsItsRoomInOneDomain) {
  Cluster c;
  const auto holds = [&](const char* node, const char* rack, const char* pod, int priority) {
    c.Node(node, 4).labels = {{"topology.k8s.aws/network-node-layer-3", rack}};
    cluster::Pod& low = c.Pod(pod, kGpu, 4, node);
    low.priority = priority;
    low.can_preempt = false;
  };
  holds("a", "r1", "least-0", 1);
  holds("b", "r2", "low-0", 2);
  holds("d", "r2", "high-0", 5);
  holds("e", "r3", "low-1", 3);
  holds("f", "r3", "low-2", 3);
  for (const char* name : {"g-0", "g-1"}) {
    cluster::Pod& pod = c.Pod(name, kGpu, 4);
    pod.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/topology", "Rack"}};
    pod.priority = 20;
  }
  const auto pin = [&](std::string_view name) {
    for (cluster::Pod& pod : c.snapshot().pods) {
      if (pod.name == name) pod.annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
    }
  };
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.preempt = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("evict low-1 on e for g-0", "place g-0 on e", "evict low-2 on f for g-1",
                          "place g-1 on f"))
      << "r1 is too small for both, and r2 would lose a more urgent one";
  pin("low-1");
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("evict low-0 on b for g-0", "place g-0 on b", "evict high-0 on d for g-1",
                          "place g-1 on d"));
  pin("high-0");
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty()) << "no rack has room for both";
}

}  // namespace
}  // namespace tangram::plan
