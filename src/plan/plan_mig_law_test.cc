// Laws of plans that change layouts under running pods.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "base/sanitized_testing.h"
#include "plan/plan.h"
#include "plan/plan_testing.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::IsEmpty;

// Every card is cut, and who holds which instance is known.
cluster::Snapshot RandomMigCluster(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  using Instances = std::vector<std::pair<std::string, int>>;
  const std::vector<Instances> layouts = {{{"3g.20gb", 0}, {"2g.10gb", 4}},
                                          {{"1g.5gb", 0}, {"1g.5gb", 3}},
                                          {{"2g.10gb", 0}, {"1g.5gb", 4}},
                                          {{"4g.20gb", 0}, {"3g.20gb", 4}}};
  Cluster c;
  for (int n = 0; n < 4; ++n) {
    cluster::Node& node = c.Node("n" + std::to_string(n), 2);
    node.labels = {{"zone", std::to_string(below(2))}};
    if (below(4) == 0) node.cpu = base::MilliCpu(4'000);
    for (int g = 0; g < 2; ++g) {
      const Instances& layout = layouts[random() % layouts.size()];
      Cluster::Cut(node, g, layout);
      for (std::size_t i = 0; i < layout.size(); ++i) {
        if (below(3) == 0) continue;
        const std::string at = std::to_string(n) + std::to_string(g) + std::to_string(i);
        cluster::Pod& pod = c.Pod("w" + std::to_string(below(3)) + "-" + at,
                                  "nvidia.com/mig-" + layout[i].first, 1, node.name);
        pod.labels = {{"app", pod.owner.name}};
        if (below(6) == 0) pod.node_selector = node.labels;
        c.Seen(pod, g, static_cast<int>(i) + 1);
      }
    }
    std::sort(node.devices.begin(), node.devices.end());
  }
  for (int p = 0; p < 4; ++p) {
    const char* profiles[] = {"2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"};
    cluster::Pod& pod =
        c.Pod("p" + std::to_string(p) + "-0", std::string("nvidia.com/mig-") + profiles[below(4)],
              1 + below(6) / 5);
    pod.priority = below(2);
    if (below(3) == 0) pod.node_selector = {{"zone", std::to_string(below(2))}};
  }
  cluster::DisruptionBudget& budget = c.snapshot().budgets.emplace_back();
  budget.ns = "ns";
  budget.match_labels = {{"app", "w0"}};
  budget.disruptions_allowed = below(3);
  cluster::Normalize(c.snapshot());
  return c.snapshot();
}

TEST(PlanMigLaw, ValidationSeesAnInstanceThatIsHeldGo) {
  Cluster c;
  Cluster::Cut(c.Node("a", 1), 0, {{"3g.20gb", 0}, {"3g.20gb", 4}});
  c.Seen(c.Pod("web-0", "nvidia.com/mig-3g.20gb", 1, "a"), 0, 1);
  cluster::Normalize(c.snapshot());
  Plan plan = MakePlan(c.snapshot(), {});
  Repartition cut{.node = "a", .from = {{"3g.20gb", 0}, {"3g.20gb", 4}}, .to = {{"3g.20gb", 4}}};
  plan.actions = {{.pass = Pass::kPartition, .change = cut, .reason = "a test"}};
  EXPECT_THAT(Validate(plan, c.snapshot(), {}),
              ::testing::Contains(::testing::HasSubstr("pod ns/web-0 holds the instance at 0")));
}

TEST(PlanMigLaw, PlansThatMovePodsForLayoutsHold) {
  int moved = 0;
  for (unsigned seed = 0; seed < (base::kSanitized ? 20 : 60); ++seed) {
    const cluster::Snapshot snapshot = RandomMigCluster(seed);
    PlanPolicy policy;
    policy.defaults.moves = seed % 2 == 0 ? Moves::kReplicated : Moves::kControlled;
    policy.defaults.mig = seed % 5 == 0 ? MigBackend::kMigManager : MigBackend::kAgent;
    const Plan plan = MakePlan(snapshot, policy);
    ASSERT_THAT(Validate(plan, snapshot, policy), IsEmpty()) << seed;
    for (const Action& action : plan.actions) {
      moved += action.pass == Pass::kPartition && !action.disturbs.empty() ? 1 : 0;
    }
  }
  EXPECT_GT(moved, base::kSanitized ? 2 : 20);
}

}  // namespace
}  // namespace tangram::plan
