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
  c.Node("a", 4);
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

}  // namespace
}  // namespace tangram::plan
