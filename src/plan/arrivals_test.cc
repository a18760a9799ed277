#include "plan/arrivals.h"

#include <gmock/gmock.h>

#include <random>

#include "base/sanitized_testing.h"
#include "plan/plan_lines_testing.h"
#include "plan/plan_testing.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Lines;
using ::testing::SizeIs;

constexpr const char* kCard = "nvidia.com/gpu";
constexpr const char* kSmall = "nvidia.com/mig-1g.5gb";
constexpr const char* kLarge = "nvidia.com/mig-3g.20gb";
constexpr const char* kShared = "nvidia.com/gpu.shared";

PlanPolicy PlaceOnly() {
  PlanPolicy policy;
  policy.on = {true, true};  // kAdmit, kPlace
  return policy;
}

// A pod that came after the snapshot.
cluster::Pod PodOf(const std::string& name, const std::string& resource, std::int64_t count = 1,
                   const std::string& node = "") {
  Cluster other;
  return other.Pod(name, resource, count, node);
}

class ArrivalsTest : public ::testing::Test {
 protected:
  // After which the cluster stays as it is.
  Arrivals& arrivals() {
    if (!arrivals_) {
      cluster::Normalize(cluster.snapshot());
      arrivals_.emplace(cluster.snapshot(), policy);
    }
    return *arrivals_;
  }
  // "place a on n", a line each; "all": a whole plan is needed.
  std::vector<std::string> Placed(const std::vector<cluster::Pod>& pods) {
    std::vector<const cluster::Pod*> came;
    for (const cluster::Pod& pod : pods) came.push_back(&pod);
    Plan plan;
    if (!arrivals().Place(came, plan.actions)) return {"all"};
    return Lines(plan);
  }

  Cluster cluster;
  PlanPolicy policy = PlaceOnly();

 private:
  std::optional<Arrivals> arrivals_;
};

TEST_F(ArrivalsTest, MakesThePlanFirst) {
  cluster.Node("a", 2);
  cluster.Pod("p-0", kCard);
  EXPECT_EQ(arrivals().plan(), MakePlan(cluster.snapshot(), policy));
  EXPECT_THAT(Lines(arrivals().plan()), ElementsAre("place p-0 on a"));
}

TEST_F(ArrivalsTest, WhatItPlacedCounts) {
  cluster.Node("a", 2);
  cluster.Pod("p-0", kCard);
  EXPECT_THAT(Placed({PodOf("q-0", kCard)}), ElementsAre("place q-0 on a"));
  EXPECT_THAT(Placed({PodOf("q-1", kCard)}), ElementsAre("all")) << "both cards are held";
  EXPECT_THAT(Placed({PodOf("q-2", kSmall)}), ElementsAre("all")) << "of no use any more";
}

TEST_F(ArrivalsTest, WhoCameToRunCounts) {
  cluster.Node("a", 2);
  EXPECT_TRUE(arrivals().Came(PodOf("other-0", kCard, 2, "a")));
  EXPECT_THAT(Placed({PodOf("p-0", kCard)}), ElementsAre("all"));
}

TEST_F(ArrivalsTest, WhoRunsOnANodeThatIsNotKnownTakesNoRoom) {
  cluster.Node("a", 1);
  EXPECT_TRUE(arrivals().Came(PodOf("other-0", kCard, 1, "elsewhere")));
  EXPECT_THAT(Placed({PodOf("p-0", kCard)}), ElementsAre("place p-0 on a"));
}

TEST_F(ArrivalsTest, TheMoreUrgentOfThoseThatComeGoesFirst) {
  cluster.Node("a", 1);
  cluster.Node("b", 2);
  cluster::Pod urgent = PodOf("z-0", kCard, 2);
  urgent.priority = 10;
  EXPECT_THAT(Placed({PodOf("p-0", kCard), urgent}),
              ElementsAre("place z-0 on b", "place p-0 on a"));
}

TEST_F(ArrivalsTest, GangsClaimsAndPlansWithStepsNeedAWholePlan) {
  cluster.Node("a", 4);
  cluster::Pod gang = PodOf("g-0", kCard);
  gang.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/gang-size", "1"}};
  EXPECT_THAT(Placed({gang}), ElementsAre("all"));

  Cluster claims;
  claims.Node("a", 4);
  Arrivals by_claim(claims.snapshot(), policy);
  cluster::Pod claiming = PodOf("c-0", kCard);
  claiming.claims = {"c"};
  std::vector<Action> placed;
  EXPECT_FALSE(by_claim.Place({&claiming}, placed));

  Cluster full;
  full.Node("a", 1);
  full.Pod("low-0", kCard, 1, "a");
  full.Pod("high-0", kCard).priority = 10;
  PlanPolicy preempts;
  preempts.on = {true, true, false, false, false, true};  // and kPreempt
  preempts.defaults.preempt = true;
  cluster::Normalize(full.snapshot());
  Arrivals evicting(full.snapshot(), preempts);
  ASSERT_THAT(evicting.plan().actions, SizeIs(2)) << "evicts, then places";
  EXPECT_FALSE(evicting.Place({}, placed)) << "the room is not there before the pod is gone";
}

TEST_F(ArrivalsTest, KnowsPodsThatSayOfOthersWhatIsSaidAlready) {
  cluster.Node("a", 2).labels = {{"kubernetes.io/hostname", "a"}};
  cluster.Node("b", 2).labels = {{"kubernetes.io/hostname", "b"}};
  const auto apart = [](const std::string& name, const std::string& node) {
    cluster::Pod pod = PodOf(name, kCard, 1, node);
    pod.labels = {{"app", "web"}};
    cluster::PodTerm term;
    term.topology_key = "kubernetes.io/hostname";
    term.selector.emplace().match_labels = {{"app", "web"}};
    pod.affinity.anti_pods = {term};
    return pod;
  };
  cluster.snapshot().pods.push_back(apart("web-0", "a"));
  EXPECT_THAT(Placed({apart("web-1", "")}), ElementsAre("place web-1 on b"));
  cluster::Pod news = apart("web-2", "");
  news.affinity.anti_pods.front().selector->match_labels = {{"app", "db"}};
  EXPECT_THAT(Placed({news}), ElementsAre("all")) << "who is a db was not counted";
}

// A random cluster, in which room is short of everything.
class RandomFleet {
 public:
  explicit RandomFleet(unsigned seed) : random_(seed) {
    for (int n = 0; n < 3 + Roll(5); ++n) {
      cluster::Node& node = cluster_.Node("n" + std::to_string(n), 2 + Roll(7));
      node.labels = {{"kubernetes.io/hostname", node.name}, {"zone", std::to_string(Roll(2))}};
      if (Roll(3) == 0) Cluster::Share(node, 2 + Roll(3));
      if (Roll(3) == 0 && node.devices.size() == 1) {
        Cluster::Cut(node, 0, {{"1g.5gb", 0}, {"1g.5gb", 1}, {"3g.20gb", 4}});
      }
      if (Roll(6) == 0) node.taints = {{"only", "them", "NoSchedule"}};
    }
    for (int p = 0; p < Roll(12); ++p) cluster_.snapshot().pods.push_back(Any(Roll(2) == 0));
    cluster::Normalize(cluster_.snapshot());
  }

  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  cluster::Snapshot& snapshot() { return cluster_.snapshot(); }

  cluster::Pod Any(bool runs) {
    const std::string name =
        std::string(1, static_cast<char>('a' + Roll(4))) + "-" + std::to_string(names_++);
    constexpr std::array kKinds = {kCard, kCard, kSmall, kLarge, kShared};
    const std::string kind = kKinds.at(static_cast<std::size_t>(Roll(kKinds.size())));
    cluster::Pod pod = PodOf(name, kind, kind == kCard ? 1 + Roll(2) : 1);
    pod.labels = {{"app", name.substr(0, 1)}};
    pod.priority = Roll(2);
    if (Roll(5) == 0) pod.node_selector = {{"zone", std::to_string(Roll(2))}};
    if (Roll(5) == 0) pod.tolerations = {{"only", "Exists", "", ""}};
    if (Roll(3) == 0) {
      cluster::PodTerm term;
      term.topology_key = Roll(2) == 0 ? "zone" : "kubernetes.io/hostname";
      term.selector.emplace().match_labels = pod.labels;
      (Roll(3) == 0 ? pod.affinity.pods : pod.affinity.anti_pods) = {term};
    }
    if (!runs) return pod;
    pod.phase = cluster::PodPhase::kRunning;
    const auto& nodes = snapshot().nodes;
    pod.node = nodes.at(static_cast<std::size_t>(Roll(static_cast<int>(nodes.size())))).name;
    return pod;
  }

 private:
  std::mt19937 random_;
  Cluster cluster_;
  int names_ = 0;
};

// The plan's actions, checked against the cluster in which they are to happen. What is wrong with
// its sums is left out: it is no plan of the whole.
std::vector<std::string> WrongIn(const std::vector<Action>& actions,
                                 const cluster::Snapshot& snapshot, const PlanPolicy& policy) {
  Plan plan;
  plan.actions = actions;
  std::vector<std::string> wrong = Validate(plan, snapshot, policy);
  std::erase_if(wrong, [](const std::string& what) { return !what.starts_with("action "); });
  return wrong;
}

void CarryOut(const std::vector<Action>& actions, cluster::Snapshot& snapshot) {
  for (const Action& action : actions) {
    const auto& place = std::get<PlacePod>(action.change);
    for (cluster::Pod& pod : snapshot.pods) {
      if (pod.name == place.pod.name) pod.node = place.node;
    }
  }
}

TEST(ArrivalsLaw, WhatComesIsPlacedAsInAWholePlanOfThatMoment) {
  int placed_later = 0;
  int whole = 0;
  for (unsigned seed = 0; seed < (base::kSanitized ? 60u : 1'500u); ++seed) {
    RandomFleet fleet(seed);
    const PlanPolicy policy = PlaceOnly();
    Arrivals arrivals(fleet.snapshot(), policy);
    cluster::Snapshot now = fleet.snapshot();
    CarryOut(arrivals.plan().actions, now);
    for (int step = 0; step < 12; ++step) {
      std::vector<cluster::Pod> pods;
      for (int p = 0; p < 1 + fleet.Roll(3); ++p) pods.push_back(fleet.Any(fleet.Roll(4) == 0));
      std::vector<const cluster::Pod*> arrived;
      bool lasts = true;
      for (const cluster::Pod& pod : pods) {
        now.pods.push_back(pod);
        if (pod.node.empty()) {
          arrived.push_back(&pod);
        } else {
          lasts = lasts && arrivals.Came(pod);
        }
      }
      cluster::Normalize(now);
      std::vector<Action> placed;
      if (!lasts || !arrivals.Place(arrived, placed)) {
        ++whole;
        break;
      }
      ASSERT_THAT(placed, SizeIs(arrived.size())) << seed;
      ASSERT_THAT(WrongIn(placed, now, policy), IsEmpty()) << seed;
      CarryOut(placed, now);
      placed_later += static_cast<int>(placed.size());
    }
  }
  if (base::kSanitized) return;
  EXPECT_GT(placed_later, 500);
  EXPECT_GT(whole, 1'000);
}

}  // namespace
}  // namespace tangram::plan
