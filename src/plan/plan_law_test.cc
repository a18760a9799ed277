// Laws that hold for every plan, and that validation sees what breaks them.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>

#include "base/sanitized_testing.h"
#include "cluster/testing/random_snapshot.h"
#include "plan/cards.h"
#include "plan/plan.h"
#include "plan/plan_testing.h"
#include "plan/validate.h"

namespace tangram::plan {
namespace {

using testing::Cluster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using base::kSanitized;
constexpr unsigned kRounds = kSanitized ? 60 : 300;

constexpr const char* kGpu = "nvidia.com/gpu";

PlanPolicy PolicyOf(unsigned seed) {
  PlanPolicy policy;
  policy.defaults.moves = static_cast<Moves>(seed % 3);
  policy.defaults.mig = static_cast<MigBackend>(seed / 3 % 3);
  policy.defaults.most_replicas = seed % 2 == 0 ? 4 : (seed % 3 == 0 ? 12 : 1);
  policy.most_new_nodes = seed % 5 == 0 ? 0 : 3;
  policy.defaults.keep_empty = seed % 4 == 0 ? 1 : 0;
  policy.defaults.preempt = seed % 3 != 1;
  policy.defaults.stop_idle = seed % 2 == 0;
  if (seed % 4 == 2) policy.defaults.sharing = cluster::Sharing::kMps;
  policy.defaults.resize = seed % 7 < 5;
  return policy;
}

NodePolicy RandomNodePolicy(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::vector<std::vector<std::string>> profiles = {
      {}, {}, {"1g.5gb"}, {"4g.20gb", "2g.10gb"}, {"7g.40gb", "1g.24gb"}};
  const std::array<std::optional<cluster::Sharing>, 4> sharing = {
      std::nullopt, cluster::Sharing::kTimeSlicing, cluster::Sharing::kMps,
      cluster::Sharing::kNone};
  NodePolicy policy;
  policy.mode = static_cast<Mode>(below(3));
  policy.moves = static_cast<Moves>(below(3));
  policy.preempt = below(2) == 0;
  policy.stop_idle = below(2) == 0;
  policy.resize = below(2) == 0;
  policy.mig = static_cast<MigBackend>(below(3));
  policy.profiles = profiles[static_cast<std::size_t>(below(5))];
  policy.sharing = sharing[static_cast<std::size_t>(below(4))];
  policy.most_replicas = 1 + below(8);
  policy.give_back = below(3) > 0;
  policy.keep_empty = below(2);
  return policy;
}

// Of the pools of RandomCluster's nodes some have a policy of their own.
PlanPolicy PolicyWithPools(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  PlanPolicy policy = PolicyOf(seed);
  for (int p = 0; p < 3; ++p) {
    if (below(4) == 0) continue;
    const std::string name = "pool" + std::to_string(p);
    Pool pool{.name = name, .selector = {{"pool", name}}, .policy = RandomNodePolicy(random)};
    pool.least_nodes = below(3);
    if (below(2) == 0) pool.most_nodes = below(5);
    if (below(2) == 0) pool.most_new_nodes = below(3);
    if (below(2) == 0) pool.most_recut_nodes = below(3);
    for (const char* profile : {"3g.20gb", "1g.5gb"}) {
      if (below(4) == 0) pool.ready.push_back({.profile = profile, .free = 1 + below(4)});
    }
    policy.pools.push_back(std::move(pool));
  }
  return policy;
}

// One pod in four says something of nodes or of other pods.
void Relate(cluster::Pod& pod, std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  if (below(4) != 0) return;
  const std::string app = "w" + std::to_string(below(4));
  if (cluster::Find(pod.labels, "app").empty()) pod.labels.emplace_back("app", app);
  std::sort(pod.labels.begin(), pod.labels.end());
  const cluster::Selector selector{{{"app", app}}, {}};
  const std::string key = below(2) == 0 ? "zone" : "kubernetes.io/hostname";
  const cluster::PodTerm term{key, selector, {}, std::nullopt};
  const int kind = below(6);
  if (kind == 0) pod.affinity.pods = {term};
  if (kind == 1 || kind == 2) pod.affinity.anti_pods = {term};
  if (kind == 3 || kind == 4) pod.affinity.spread = {{key, 1 + below(2), selector}};
  if (kind == 5) pod.affinity.nodes = {{{{"zone", "In", {std::to_string(below(2))}}}, {}}};
}

// A cluster as the device plugin shows one: what nodes offer is what their cards are, and no pod
// holds what is not there.
cluster::Snapshot RandomCluster(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::vector<std::string> profiles = {"1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"};
  Cluster c;
  for (int n = 0; n < 8; ++n) {
    cluster::Node& node = c.Node("n" + std::to_string(n), 1 + below(4));
    node.pool = "pool" + std::to_string(below(3));
    node.labels = {{"kubernetes.io/hostname", node.name},
                   {"pool", node.pool},
                   {"topology.kubernetes.io/zone", std::to_string(below(2))},
                   {"zone", std::to_string(below(2))}};
    if (below(5) == 0) node.taints = {{"team", "ml", "NoSchedule"}};
    if (below(9) == 0) node.schedulable = false;
    if (below(9) == 0) node.price.reset();
    if (below(3) == 0) node.labels.emplace_back("nvidia.com/mps.capable", "true");
    std::sort(node.labels.begin(), node.labels.end());
    if (node.price && below(2) == 0) node.price->spot_rate = node.price->rate / 3;
    const int kind = below(3);
    if (kind == 0) Cluster::Share(node, 2);
    for (int g = 0; kind == 1 && g < static_cast<int>(node.gpus.size()); ++g) {
      if (below(2) == 0) Cluster::Cut(node, g, {{"3g.20gb", 0}, {"2g.10gb", 4}});
      if (below(4) == 0 && node.gpus[static_cast<std::size_t>(g)].instances.empty()) {
        Cluster::Cut(node, g, {{"1g.5gb", 0}, {"1g.5gb", 3}});
      }
    }
    for (cluster::ResourceCount& device : node.devices) {
      for (std::int64_t i = 0; i < device.count; ++i) {
        if (below(3) != 0) continue;
        const std::string name = "w" + std::to_string(below(4)) + "-" + node.name + device.name;
        cluster::Pod& pod = c.Pod(name + std::to_string(i), device.name, 1, node.name);
        pod.labels = {{"app", pod.owner.name}};
        if (below(6) == 0) pod.owner = {"Job", "j"};
      }
    }
    std::sort(node.devices.begin(), node.devices.end());
  }
  const int waiting = 2 + below(12);
  for (int p = 0; p < waiting; ++p) {
    const int kind = below(4);
    const std::string resource = kind == 0   ? "nvidia.com/gpu.shared"
                                 : kind == 1 ? std::string(kGpu)
                                 : kind == 2 ? "nvidia.com/mig-" + profiles[random() % 5]
                                             : "nvidia.com/mig-1g.5gb.shared";
    cluster::Pod& pod = c.Pod("p" + std::to_string(seed % 2 == 0 ? 0 : p) + "-" + std::to_string(p),
                              resource, 1 + below(5) / 4);
    pod.priority = below(3);
    if (below(3) == 0) pod.node_selector = {{"zone", std::to_string(below(3))}};
    if (below(4) == 0) pod.tolerations = {{"team", "Exists", "", ""}};
    if (below(5) == 0) {
      pod.labels = {{"tangram.dev/gang", "g"}};
      if (seed % 4 == 1) pod.labels.emplace_back("batch.kubernetes.io/job-name", "j");
      if (seed % 3 == 1) pod.labels.emplace_back("tangram.dev/topology", "Zone");
    }
    if (below(2) == 0) pod.labels.emplace_back("tangram.dev/interruptible", "true");
    if (below(9) == 0) pod.labels.emplace_back("tangram.dev/isolation", "Hardware");
    if (below(5) == 0) pod.labels.emplace_back("tangram.dev/latency", "Sensitive");
    if (below(5) == 0) pod.labels.emplace_back("tangram.dev/workload", "development");
    std::sort(pod.labels.begin(), pod.labels.end());
    if (below(3) == 0) {
      const std::string need = std::to_string(1 + below(kind == 3 ? 3 : 20)) + "Gi";
      pod.annotations = {{"tangram.dev/gpu-memory", need}};
    }
    if (below(3) == 0) pod.priority = 10;
  }
  for (cluster::Pod& pod : c.snapshot().pods) Relate(pod, random);
  cluster::Usage& usage = c.snapshot().usage.emplace();
  usage.to = c.snapshot().taken_at;
  usage.from = usage.to - std::chrono::hours(24);
  for (cluster::Pod& pod : c.snapshot().pods) {
    if (pod.node.empty()) continue;
    pod.started_at = usage.from;
    const cluster::Node* node = nullptr;
    for (const cluster::Node& known : c.snapshot().nodes) {
      if (known.name == pod.node) node = &known;
    }
    // A card of the right kind; the pod's series may name one that another pod's name too.
    const bool whole = pod.devices[0].name == kGpu;
    cluster::DeviceUsage& record = usage.devices.emplace_back();
    record.node = pod.node;
    record.gpu_index = below(static_cast<int>(node->gpus.size()));
    record.ns = pod.ns;
    record.pod = pod.name;
    record.metric = cluster::ActivityMetric::kEngine;
    record.samples = 2880;
    if (whole && below(2) == 0) continue;  // nothing ran on it
    record.active_mean = base::PartsPerMillion(20'000 + 10'000 * below(9));
    record.active_max = record.active_mean * 2;
    record.busy_share = base::PartsPerMillion(500'000);
    record.last_active = usage.to;
    record.memory_max = base::MiB(2'000 * (1 + below(6)));
    record.memory_total = base::MiB(40'960);
  }
  c.snapshot().gang_kinds = {"jobs.batch"};
  c.snapshot().gang_owners = {{"ns", "jobs.batch/j", {{"g", 1 + seed % 5}}}};
  cluster::DisruptionBudget budget;
  budget.ns = "ns";
  budget.name = "w0";
  budget.match_labels = {{"app", "w0"}};
  budget.disruptions_allowed = below(3);
  c.snapshot().budgets = {budget};
  cluster::Normalize(c.snapshot());
  return c.snapshot();
}

// Whatever a snapshot holds: most of these agree with themselves in nothing.
cluster::Snapshot AnySnapshot(unsigned seed) {
  cluster::Snapshot snapshot = cluster::RandomSnapshot(seed, {.nodes = 6, .pods = 40});
  if (seed % 2 == 0) {
    for (cluster::Pod& pod : snapshot.pods) pod.claims.clear();
  }
  for (std::size_t i = 0; i < snapshot.pods.size(); i += 3) {
    cluster::Pod& pod = snapshot.pods[i];
    pod.node.clear();
    pod.phase = cluster::PodPhase::kPending;
    pod.gates.clear();
    if (i % 2 == 0) pod.node_selector.clear();
    if (i % 4 == 0) pod.labels = {{"tangram.dev/gang", "g"}};
  }
  return snapshot;
}

TEST(PlanLaw, EveryPlanHoldsAgainstItsSnapshot) {
  std::array<int, std::variant_size_v<Change>> actions{};
  int of_instances = 0;
  int by_mps = 0;
  int as_spot = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    const cluster::Snapshot snapshot = seed % 3 == 0 ? AnySnapshot(seed) : RandomCluster(seed);
    const PlanPolicy policy = PolicyOf(seed);
    const Plan plan = MakePlan(snapshot, policy);
    ASSERT_THAT(Validate(plan, snapshot, policy), IsEmpty()) << seed;
    for (const Action& action : plan.actions) {
      ++actions[action.change.index()];
      const auto* add = std::get_if<AddNode>(&action.change);
      if (add != nullptr && add->capacity == cluster::CapacityType::kSpot) ++as_spot;
      const auto* share = std::get_if<Reshare>(&action.change);
      if (share == nullptr) continue;
      if (!share->profile.empty()) ++of_instances;
      if (share->sharing == cluster::Sharing::kMps) ++by_mps;
    }
  }
  if (kSanitized) return;  // too few to count
  EXPECT_THAT(actions, ::testing::Each(::testing::Gt(10))) << "each kind of change was seen";
  EXPECT_GT(of_instances, 10);
  EXPECT_GT(by_mps, 0);
  EXPECT_GT(as_spot, 0);
}

TEST(PlanLaw, EveryPlanKeepsToThePolicyOfEachNode) {
  std::array<int, std::variant_size_v<Change>> actions{};
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    const cluster::Snapshot snapshot = seed % 7 == 0 ? AnySnapshot(seed) : RandomCluster(seed);
    const PlanPolicy policy = PolicyWithPools(seed);
    const Plan plan = MakePlan(snapshot, policy);
    ASSERT_THAT(Validate(plan, snapshot, policy), IsEmpty()) << seed;
    for (const Action& action : plan.actions) ++actions[action.change.index()];
  }
  EXPECT_THAT(actions, ::testing::Each(::testing::Gt(kSanitized ? 0 : 4)));
}

// Where pods and devices agree before a plan, each device that a pod holds then is a seat.
TEST(PlanLaw, EveryPodOfAChangedNodeIsOnItsCards) {
  std::int64_t seats = 0;
  for (unsigned seed = 0; seed < kRounds; seed += 3) {
    const cluster::Snapshot snapshot = RandomCluster(seed);
    const Plan plan = MakePlan(snapshot, PolicyOf(seed));
    std::map<std::string, std::int64_t> change;  // of seats held, by node
    const auto devices = [&](const PodName& name) {
      const auto pod = std::find_if(snapshot.pods.begin(), snapshot.pods.end(),
                                    [&](const auto& one) { return one.name == name.name; });
      return pod->devices.front().count;
    };
    for (const Action& action : plan.actions) {
      if (const auto* place = std::get_if<PlacePod>(&action.change)) {
        change[place->node] += devices(place->pod);
      } else if (const auto* move = std::get_if<MovePod>(&action.change)) {
        change[move->from] -= devices(move->pod);
        change[move->to] += devices(move->pod);
      } else if (const auto* evict = std::get_if<EvictPod>(&action.change)) {
        change[evict->node] -= devices(evict->pod);
      } else if (const auto* stop = std::get_if<StopPod>(&action.change)) {
        change[stop->node] -= devices(stop->pod);
      } else if (const auto* resize = std::get_if<ResizePod>(&action.change)) {
        change[resize->from] -= devices(resize->pod);
        change[resize->to] += 1;
      }
    }
    for (const NodeChange& node : ChangesOf(plan, snapshot)) {
      std::int64_t held = change[node.name];
      for (const CardChange& card : node.cards) {
        const auto count = [](const std::vector<CardSeat>& of) {
          return std::count_if(of.begin(), of.end(), [](const auto& seat) { return seat.pod; });
        };
        held += count(card.before) - count(card.after);
        seats += count(card.after);
      }
      EXPECT_EQ(held, 0) << seed << " " << node.name;
    }
  }
  EXPECT_GT(seats, kSanitized ? 30 : 300);
}

TEST(PlanLaw, TheOrderOfObjectsDoesNotMatter) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    const cluster::Snapshot snapshot = RandomCluster(seed);
    cluster::Snapshot shuffled = snapshot;
    std::mt19937 random(seed);
    std::shuffle(shuffled.nodes.begin(), shuffled.nodes.end(), random);
    std::shuffle(shuffled.pods.begin(), shuffled.pods.end(), random);
    cluster::Normalize(shuffled);
    const PlanPolicy policy = PolicyWithPools(seed);
    EXPECT_TRUE(MakePlan(snapshot, policy) == MakePlan(shuffled, policy)) << seed;
  }
}

TEST(PlanLaw, ValidationSeesWhatIsWrong) {
  Cluster c;
  c.Node("a", 1);
  c.Node("b", 1);
  c.Pod("new-0", kGpu);
  cluster::Normalize(c.snapshot());
  const Plan good = MakePlan(c.snapshot(), {});
  const auto wrong = [&](auto change) {
    Plan plan = good;
    change(plan);
    const auto found = Validate(plan, c.snapshot(), {});
    return found.empty() ? std::string() : found.front();
  };
  EXPECT_EQ(wrong([](Plan&) {}), "");
  EXPECT_THAT(wrong([](Plan& p) { p.actions.clear(); }), HasSubstr("neither placed nor told"));
  EXPECT_THAT(wrong([](Plan& p) { p.actions[0].needs = {1}; }), HasSubstr("not before it"));
  EXPECT_THAT(wrong([](Plan& p) { std::get<PlacePod>(p.actions[0].change).node = "x"; }),
              HasSubstr("no node x"));
  EXPECT_THAT(wrong([](Plan& p) { std::get<PlacePod>(p.actions[0].change).node = "b"; }),
              HasSubstr("pod ns/new-0 is on b"));
  EXPECT_THAT(wrong([](Plan& p) { p.after.rate = {}; }), HasSubstr("sums"));
  EXPECT_THAT(wrong([](Plan& p) { p.actions.push_back(p.actions[0]); }), HasSubstr("place 2"));
  EXPECT_THAT(wrong([](Plan& p) { p.certificates = {{"x", 1, 2}}; }), HasSubstr("below its bound"));
}

}  // namespace
}  // namespace tangram::plan
