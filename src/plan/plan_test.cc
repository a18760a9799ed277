// What each pass does.
#include "plan/plan.h"

#include <gmock/gmock.h>

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
using testing::WaitsFor;

constexpr const char* kGpu = "nvidia.com/gpu";

TEST(Place, UsesWhatIsFree) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("held-0", kGpu, 1, "a");
  c.Pod("new-0", kGpu);
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("place new-0 on a"));
}

TEST(Place, TheMostUrgentPodGoesFirst) {
  Cluster c;
  c.Node("a", 1);
  c.Pod("late-0", kGpu);
  c.Pod("urgent-0", kGpu).priority = 10;
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("place urgent-0 on a"));
  EXPECT_EQ(WaitsFor(plan, "late-0"), "NoRoom");
}

TEST(Place, AGangGoesWholeOrNotAtAll) {
  Cluster c;
  c.Node("a", 3);
  for (const char* name : {"g-0", "g-1", "g-2", "g-3"}) {
    c.Pod(name, kGpu).labels = {{"tangram.dev/gang", "g"}};
  }
  c.Pod("alone-0", kGpu);
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("place alone-0 on a"));
  EXPECT_EQ(WaitsFor(plan, "g-0"), "Gang");
}

cluster::Pod& OfJob(Cluster& c, const std::string& name, const std::string& job) {
  cluster::Pod& pod = c.Pod(name, kGpu);
  pod.labels = {{"batch.kubernetes.io/job-name", job}, {"tangram.dev/gang", "g"}};
  return pod;
}

TEST(Place, AGangOfJobsWaitsForAllTheirPods) {
  PlanPolicy policy;
  policy.defaults.give_back = false;
  Cluster c;
  c.Node("a", 8);
  OfJob(c, "g-0", "workers");
  OfJob(c, "g-1", "workers");
  c.snapshot().gang_kinds = {"jobs.batch"};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty()) << "its Job was not read yet";
  c.snapshot().gang_owners = {{"ns", "jobs.batch/launcher", {{"g", 1}}},
                              {"ns", "jobs.batch/workers", {{"g", 2}}}};
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), IsEmpty());
  ASSERT_EQ(plan.waiting.size(), 2U);
  EXPECT_EQ(plan.waiting[0].why, "2 of the 3 pods of its gang g are there");
  OfJob(c, "launcher-0", "launcher").devices.clear();  // it counts, though it asks for no GPU
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("place g-0 on a", "place g-1 on a"));
}

TEST(Place, APodThatIsMadeAgainJoinsItsGangThoughOthersAreDone) {
  Cluster c;
  c.Node("a", 8);
  OfJob(c, "g-0", "train");
  OfJob(c, "g-1", "train").phase = cluster::PodPhase::kSucceeded;
  OfJob(c, "g-2", "train").phase = cluster::PodPhase::kSucceeded;
  c.snapshot().gang_kinds = {"jobs.batch"};
  c.snapshot().gang_owners = {{"ns", "jobs.batch/train", {{"g", 3}}}};
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("place g-0 on a"));
}

TEST(Place, PodsOfAGroupWithoutGangGoOneByOne) {
  Cluster c;
  c.Node("a", 1);
  for (const char* name : {"p-0", "p-1"}) c.Pod(name, kGpu).pod_group = "basic";
  c.snapshot().gang_kinds = {"podgroups.scheduling.k8s.io"};
  c.snapshot().gang_owners = {{"ns", "podgroups.scheduling.k8s.io/basic", {{"basic", 1}}}};
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("place p-0 on a"));
  EXPECT_EQ(WaitsFor(plan, "p-1"), "NoRoom");
}

cluster::PodTerm NotBeside(const std::string& app, const std::string& key) {
  return {key, cluster::Selector{{{"app", app}}, {}}, {}, std::nullopt};
}

TEST(Place, NodeAffinityDecidesWhichNodes) {
  Cluster c;
  c.Node("a", 1).labels = {{"zone", "1"}};
  c.Node("b", 1).labels = {{"zone", "2"}};
  c.Node("c", 1).labels = {{"zone", "3"}};
  c.Pod("named-0", kGpu).affinity.nodes = {{{}, {{"metadata.name", "In", {"c"}}}}};
  c.Pod("zone-0", kGpu).affinity.nodes = {{{{"zone", "In", {"7"}}}, {}},
                                          {{{"zone", "NotIn", {"1", "3"}}}, {}}};
  c.Pod("nowhere-0", kGpu).affinity.nodes = {{{{"zone", "Gt", {"3"}}}, {}}};
  const Plan plan = Checked(c.snapshot());
  EXPECT_THAT(Lines(plan), ElementsAre("place named-0 on c", "place zone-0 on b", "give back a"));
  EXPECT_EQ(WaitsFor(plan, "nowhere-0"), "NoNodeAllows");
}

TEST(Place, PreferredNodesComeFirst) {
  Cluster c;
  c.Node("a", 1);
  c.Node("b", 2).labels = {{"kind", "spot"}};
  c.Pod("held-0", kGpu, 1, "b");
  cluster::NodePreference spot{5, {{{"kind", "In", {"spot"}}}, {}}};
  c.Pod("new-0", kGpu).affinity.preferred_nodes = {spot};
  cluster::NodePreference plain{5, {{{"kind", "DoesNotExist", {}}}, {}}};
  c.Pod("new-1", kGpu).affinity.preferred_nodes = {plain};
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("place new-0 on b", "place new-1 on a"));
}

TEST(Place, AntiAffinityWorksBothWays) {
  Cluster c;
  for (const char* name : {"a", "b", "c"}) {
    c.Node(name, 8).labels = {{"kubernetes.io/hostname", name}};
  }
  cluster::Pod& loner = c.Pod("loner-0", kGpu, 1, "a");
  loner.affinity.anti_pods = {NotBeside("web", "kubernetes.io/hostname")};
  for (const char* name : {"web-0", "web-1", "web-2"}) {
    cluster::Pod& pod = c.Pod(name, kGpu);
    pod.labels = {{"app", "web"}};
    pod.affinity.anti_pods = {NotBeside("web", "kubernetes.io/hostname")};
  }
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_THAT(Lines(plan), ElementsAre("place web-0 on b", "place web-1 on c"));
  EXPECT_EQ(WaitsFor(plan, "web-2"), "Affinity");
  policy.most_new_nodes = 1;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("place web-0 on b", "place web-1 on c", "add new-1 like a",
                          "place web-2 on new-1"));
}

TEST(Place, AffinityBringsPodsTogether) {
  Cluster c;
  c.Node("a", 1).labels = {{"zone", "1"}};
  c.Node("b", 1).labels = {{"zone", "2"}};
  c.Node("c", 2).labels = {{"zone", "2"}};
  c.Pod("db-0", kGpu, 1, "b").labels = {{"app", "db"}};
  c.Pod("web-0", kGpu).affinity.pods = {NotBeside("db", "zone")};
  for (const char* name : {"herd-0", "herd-1"}) {  // the first may go anywhere
    cluster::Pod& pod = c.Pod(name, kGpu);
    pod.labels = {{"app", "herd"}};
    pod.affinity.pods = {NotBeside("herd", "zone")};
    pod.priority = -1;
  }
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_EQ(Lines(plan)[0], "place web-0 on c");
  EXPECT_EQ(plan.waiting.size(), 1U) << "zone 1 has one card, and zone 2 one more";
}

TEST(Place, SpreadKeepsDomainsLevel) {
  Cluster c;
  c.Node("a", 4).labels = {{"zone", "1"}};
  c.Node("b", 1).labels = {{"zone", "2"}};
  cluster::SpreadConstraint spread;
  spread.topology_key = "zone";
  spread.selector = cluster::Selector{{{"app", "web"}}, {}};
  for (const char* name : {"web-0", "web-1", "web-2", "web-3"}) {
    cluster::Pod& pod = c.Pod(name, kGpu);
    pod.labels = {{"app", "web"}};
    pod.affinity.spread = {spread};
  }
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  const Plan plan = Checked(c.snapshot(), policy);
  EXPECT_EQ(plan.actions.size(), 3U) << "two in zone 1, one in zone 2";
  EXPECT_EQ(WaitsFor(plan, "web-3"), "Affinity");
}

TEST(Place, AnInstanceGoesWhereItCostsTheFewestLargePlacements) {
  Cluster c;
  Cluster::Cut(c.Node("a", 1), 0, {{"1g.5gb", 0}, {"1g.5gb", 1}});  // nobody holds any of it
  Cluster::Cut(c.Node("b", 2), 0, {{"3g.20gb", 0}, {"1g.5gb", 4}, {"1g.5gb", 5}, {"1g.5gb", 6}});
  c.Pod("held-0", "nvidia.com/mig-3g.20gb", 1, "b");
  c.Pod("held-1", "nvidia.com/mig-1g.5gb", 1, "b");
  c.Pod("new-0", "nvidia.com/mig-1g.5gb");
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("place new-0 on b", "give back a"));
}

TEST(Place, FillsNodesInUseBeforeThoseThatCanBeGivenBack) {
  Cluster c;
  c.Node("a", 1);
  c.Node("b", 8);
  c.Pod("held-0", kGpu, 1, "b");
  c.Pod("new-0", kGpu);
  EXPECT_EQ(Lines(Checked(c.snapshot()))[0], "place new-0 on b");
  PlanPolicy keep;
  keep.defaults.give_back = false;
  EXPECT_EQ(Lines(Checked(c.snapshot(), keep))[0], "place new-0 on a") << "it fills a node";
  keep.defaults.keep_empty = 1;
  EXPECT_THAT(Lines(Checked(c.snapshot(), keep)), ElementsAre("place new-0 on b"));
  c.Pod("new-1", kGpu, 6);
  c.Pod("new-2", kGpu, 1).priority = -1;
  keep.most_new_nodes = 0;
  const auto lines = Lines(Checked(c.snapshot(), keep));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(" on a"))) << "where nothing else is left";
}

TEST(Admit, SaysWhatCanNeverBe) {
  Cluster c;
  c.Node("a", 2).taints = {{"team", "ml", "NoSchedule"}};
  c.Node("b", 1).labels = {{"zone", "1"}};
  c.Pod("huge-0", kGpu, 3);
  c.Pod("elsewhere-0", kGpu).node_selector = {{"zone", "2"}};
  c.Pod("two-0", kGpu, 2);
  c.Pod("other-0", "amd.com/gpu");
  c.Pod("odd-0", "nvidia.com/mig-9g.90gb");
  c.Pod("cores-0", kGpu).cpu = base::MilliCpu(90'000);
  c.Pod("gated-0", kGpu).gates = {"kueue.x-k8s.io/admission"};
  const Plan plan = Checked(c.snapshot());
  EXPECT_EQ(WaitsFor(plan, "huge-0"), "TooLarge");
  EXPECT_EQ(WaitsFor(plan, "elsewhere-0"), "NoNodeAllows");
  EXPECT_EQ(WaitsFor(plan, "two-0"), "NoNodeAllows");
  EXPECT_EQ(WaitsFor(plan, "odd-0"), "NoSuchDevice");
  EXPECT_EQ(WaitsFor(plan, "cores-0"), "TooLarge");
  EXPECT_EQ(WaitsFor(plan, "gated-0"), "Gated");
  EXPECT_EQ(WaitsFor(plan, "other-0"), "") << "it asks for no GPU that is known";
}

// What a pod on a card did for a day.
void Measure(Cluster& c, const cluster::Pod& pod, int gpu, int percent) {
  auto& usage = c.snapshot().usage;
  if (!usage) usage.emplace();
  usage->to = c.snapshot().taken_at;
  usage->from = usage->to - std::chrono::hours(24);
  cluster::DeviceUsage& record = usage->devices.emplace_back();
  record.node = pod.node;
  record.gpu_index = gpu;
  record.ns = pod.ns;
  record.pod = pod.name;
  record.metric = cluster::ActivityMetric::kEngine;
  record.samples = 2880;
  record.active_mean = base::PartsPerMillion(percent * 10'000);
  record.active_max = record.active_mean;
  record.busy_share = base::PartsPerMillion(percent > 0 ? 900'000 : 0);
  if (percent > 0) record.last_active = usage->to;
  record.memory_max = base::MiB(3'000);
  record.memory_total = base::MiB(40'960);
}

TEST(Resize, LightWorkloadsGetInstancesAndIdleOnesStop) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  for (const char* name : {"web-0", "web-1", "nb-0"}) {
    cluster::Pod& pod = c.Pod(name, kGpu, 1, name[0] == 'n' ? "b" : "a");
    pod.started_at = c.snapshot().taken_at - std::chrono::hours(100);
    Measure(c, pod, name[4] == '1' ? 1 : 0, name[0] == 'n' ? 0 : 5);
  }
  EXPECT_THAT(Lines(Checked(c.snapshot())), IsEmpty()) << "nobody asked for it";
  PlanPolicy policy;
  policy.defaults.stop_idle = true;
  policy.defaults.resize = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("stop nb-0 on b", "cut b/0: 1g.5gb@4 1g.5gb@5",
                          "resize web-0 from a to b nvidia.com/mig-1g.5gb",
                          "resize web-1 from a to b nvidia.com/mig-1g.5gb", "give back a"));
  for (cluster::Pod& pod : c.snapshot().pods) pod.labels = {{"tangram.dev/isolation", "Exclusive"}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("stop nb-0 on b", "give back b"));
}

TEST(Resize, AWorkloadChangesWholeOrNotAtAll) {
  Cluster c;
  c.Node("a", 3);
  for (const char* name : {"web-0", "web-1"}) {
    cluster::Pod& pod = c.Pod(name, kGpu, 1, "a");
    pod.started_at = c.snapshot().taken_at - std::chrono::hours(100);
    Measure(c, pod, name[4] == '1' ? 1 : 0, name[4] == '1' ? 90 : 5);
  }
  PlanPolicy policy;
  policy.defaults.resize = true;
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty()) << "web-1 needs its card";
}

TEST(Consolidate, MovesOnlyWhatThePolicyAllows) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Pod("web-0", kGpu, 1, "a");
  c.Pod("web-1", kGpu, 1, "b");
  EXPECT_THAT(Lines(Checked(c.snapshot())), IsEmpty());
  PlanPolicy moves;
  moves.defaults.moves = Moves::kReplicated;
  const Plan plan = Checked(c.snapshot(), moves);
  EXPECT_THAT(Lines(plan), ElementsAre("move web-0 from a to b", "give back a"));
  EXPECT_EQ(plan.actions[1].needs, std::vector<int>{0});
  EXPECT_EQ(plan.after.rate, base::MicroUsdPerHour(2'000'000));

  c.snapshot().pods[0].annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  c.snapshot().pods[1].annotations = {{"karpenter.sh/do-not-disrupt", "true"}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), moves)), IsEmpty());
}

TEST(Consolidate, KeepsToDisruptionBudgets) {
  Cluster c;
  for (const char* name : {"a", "b", "c"}) c.Node(name, 3);
  c.Pod("web-0", kGpu, 1, "a").labels = {{"app", "web"}};
  c.Pod("web-1", kGpu, 1, "b").labels = {{"app", "web"}};
  c.Pod("web-2", kGpu, 1, "c").labels = {{"app", "web"}};
  cluster::DisruptionBudget budget;
  budget.ns = "ns";
  budget.name = "web";
  budget.match_labels = {{"app", "web"}};
  budget.disruptions_allowed = 1;
  c.snapshot().budgets = {budget};
  PlanPolicy moves;
  moves.defaults.moves = Moves::kReplicated;
  EXPECT_THAT(Lines(Checked(c.snapshot(), moves)),
              ElementsAre("move web-0 from a to b", "give back a"));
}

TEST(Scale, AddsTheCheapestNodeThatHolds) {
  Cluster c;
  c.Node("small", 1);
  c.Node("large", 4);
  c.Pod("held-0", kGpu, 1, "small");
  c.Pod("held-1", kGpu, 4, "large");
  c.Pod("new-0", kGpu, 2);
  c.Pod("new-1", kGpu);
  const Plan plan = Checked(c.snapshot());
  EXPECT_THAT(Lines(plan),
              ElementsAre("add new-1 like large", "place new-0 on new-1", "place new-1 on new-1"));
  EXPECT_EQ(plan.after.rate - plan.before.rate, base::MicroUsdPerHour(4'000'000));
}

TEST(Scale, NamesNoNodeAsOneThatIsThere) {
  Cluster c;
  c.Node("new-1", 1);
  c.Pod("held-0", kGpu, 1, "new-1");
  c.Pod("more-0", kGpu);
  EXPECT_THAT(Lines(Checked(c.snapshot())),
              ElementsAre("add new-2 like new-1", "place more-0 on new-2"));
}

TEST(Scale, LeavesAloneWhatAPersonOrTheClusterIsBusyWith) {
  Cluster c;
  c.Node("cordoned", 1).schedulable = false;
  c.Node("broken", 1).ready = false;
  c.Node("young", 1).created_at = c.snapshot().taken_at - std::chrono::minutes(5);
  c.Node("old", 1);
  EXPECT_THAT(Lines(Checked(c.snapshot())), ElementsAre("give back old"));
  PlanPolicy keep;
  keep.defaults.keep_empty = 1;
  EXPECT_THAT(Lines(Checked(c.snapshot(), keep)), IsEmpty());
}

TEST(Plan, DoesNothingWhereItIsNotKnownWhereRunningPodsAre) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Pod("somewhere-0", kGpu).phase = cluster::PodPhase::kRunning;
  c.Pod("new-0", kGpu);
  const Plan plan = Checked(c.snapshot());
  EXPECT_THAT(plan.actions, IsEmpty());
  EXPECT_EQ(WaitsFor(plan, "new-0"), "NoRoom");
}

TEST(Plan, DoesNothingWhereNotEveryPodCouldBeRead) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("new-0", kGpu);
  c.snapshot().gaps = {{"pods", "forbidden for User \"viewer\"", "allow it"}};
  const Plan plan = Checked(c.snapshot());
  EXPECT_THAT(plan.actions, IsEmpty());
  ASSERT_EQ(plan.waiting.size(), 1U);
  EXPECT_THAT(plan.waiting[0].why, HasSubstr("forbidden"));
}

TEST(Consolidate, MovesNothingWhereBudgetsCouldNotBeRead) {
  Cluster c;
  c.Node("a", 2);
  c.Node("b", 2);
  c.Pod("web-0", kGpu, 1, "a");
  c.Pod("web-1", kGpu, 1, "b");
  c.snapshot().gaps = {{"poddisruptionbudgets.policy", "forbidden", "allow it"}};
  PlanPolicy moves;
  moves.defaults.moves = Moves::kReplicated;
  EXPECT_THAT(Lines(Checked(c.snapshot(), moves)), IsEmpty());
}

TEST(Plan, APassThatIsOffDoesNothing) {
  Cluster c;
  c.Node("a", 2);
  c.Pod("new-0", kGpu);
  PlanPolicy policy;
  policy.on[static_cast<std::size_t>(Pass::kAdmit)] = false;  // it always runs
  policy.on[static_cast<std::size_t>(Pass::kPlace)] = false;
  policy.on[static_cast<std::size_t>(Pass::kScale)] = false;
  std::vector<std::string> ran;
  const Plan plan =
      MakePlan(c.snapshot(), policy, [&](Pass pass) { ran.emplace_back(NameOf(pass)); });
  EXPECT_THAT(plan.actions, IsEmpty());
  EXPECT_EQ(WaitsFor(plan, "new-0"), "NotAllowed");
  EXPECT_THAT(ran, ElementsAre("admit", "share", "partition", "resize", "preempt", "ready",
                               "consolidate", "share"));
}

}  // namespace
}  // namespace tangram::plan
