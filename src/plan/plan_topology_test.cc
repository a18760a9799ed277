// Gangs that are to be near each other.
#include <gmock/gmock.h>

#include <array>

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
using testing::WaitsFor;

constexpr const char* kGpu = "nvidia.com/gpu";

// Two pods of four cards that are to be near each other; racks r1 and r2 in zone 1, r3 in zone 2.
Cluster Racks(const std::string& key, const std::string& value) {
  Cluster c;
  const std::vector<std::array<const char*, 3>> nodes = {
      {"a", "r1", "1"}, {"b", "r2", "1"}, {"d", "r2", "1"}, {"e", "r3", "2"}, {"f", "r3", "2"}};
  for (const auto& [name, rack, zone] : nodes) {
    c.Node(name, 4).labels = {{"topology.k8s.aws/network-node-layer-3", rack},
                              {"topology.kubernetes.io/zone", zone}};
  }
  for (const char* name : {"g-0", "g-1"}) {
    c.Pod(name, kGpu, 4).labels = {{"tangram.dev/gang", "g"}, {key, value}};
  }
  return c;
}

TEST(Topology, AGangGoesToTheNearestDomainThatHoldsIt) {
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  Cluster c = Racks("tangram.dev/topology", "Zone");
  c.Pod("held-0", kGpu, 1, "d");
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("place g-0 on e", "place g-1 on f", "give back a", "give back b"))
      << "one rack is nearer than one zone";
  c.Pod("held-1", kGpu, 1, "e");
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("place g-0 on a", "place g-1 on b", "give back f"));
}

TEST(Topology, RequiredIsNeverExceededAndPreferredIsIfNeedBe) {
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.give_back = false;
  Cluster required = Racks("tangram.dev/topology", "Rack");
  Cluster preferred = Racks("tangram.dev/topology-preferred", "Rack");
  for (Cluster* c : {&required, &preferred}) {
    c->Pod("held-0", kGpu, 1, "d");
    c->Pod("held-1", kGpu, 1, "e");
  }
  const Plan plan = Checked(required.snapshot(), policy);
  EXPECT_THAT(Lines(plan), IsEmpty());
  EXPECT_EQ(WaitsFor(plan, "g-0"), "Gang");
  EXPECT_THAT(plan.waiting[0].why, HasSubstr("in one Rack"));
  EXPECT_EQ(Lines(Checked(preferred.snapshot(), policy)).size(), 2U);
}

TEST(Topology, KueuesAnnotationNamesALabel) {
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.give_back = false;
  Cluster c = Racks("team", "ml");
  for (cluster::Pod& pod : c.snapshot().pods) {
    pod.annotations = {{"kueue.x-k8s.io/podset-required-topology", "acme.com/hall"}};
  }
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), IsEmpty()) << "no node has it";
  for (const std::size_t n : {1U, 4U})
    c.snapshot().nodes[n].labels.insert(c.snapshot().nodes[n].labels.begin(),
                                        {"acme.com/hall", "north"});
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)),
              ElementsAre("place g-0 on b", "place g-1 on f"));
}

TEST(Topology, StaysWithThoseThatRun) {
  PlanPolicy policy;
  policy.most_new_nodes = 0;
  policy.defaults.give_back = false;
  Cluster c = Racks("tangram.dev/topology", "Rack");
  c.snapshot().pods.pop_back();
  cluster::Pod& mate = c.Pod("g-1", kGpu, 4, "d");
  mate.labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/topology", "Rack"}};
  EXPECT_THAT(Lines(Checked(c.snapshot(), policy)), ElementsAre("place g-0 on b"));
}

TEST(Topology, OfNewNodesOnlyTheHostAndTheZoneAreKnown) {
  const auto lines = [](const char* level) {
    Cluster c;
    c.Node("a", 8).labels = {{"topology.kubernetes.io/zone", "1"}};
    c.Pod("held-0", kGpu, 5, "a");
    for (const char* name : {"g-0", "g-1", "h-0", "h-1"}) {
      c.Pod(name, kGpu, 4).labels = {{"tangram.dev/gang", std::string(name, 1)},
                                     {"tangram.dev/topology", level}};
    }
    return Lines(Checked(c.snapshot()));
  };
  const auto on_two_nodes =
      ElementsAre("add new-1 like a", "place g-0 on new-1", "place g-1 on new-1",
                  "add new-2 like a", "place h-0 on new-2", "place h-1 on new-2");
  EXPECT_THAT(lines("Host"), on_two_nodes);
  EXPECT_THAT(lines("Zone"), on_two_nodes);
  EXPECT_THAT(lines("Rack"), IsEmpty());
  EXPECT_THAT(lines("acme.com/hall"), IsEmpty());
}

TEST(Topology, AGangThatIsTooLargeForOneNewNodeGetsNoneOfThem) {
  Cluster c;
  c.Node("a", 4).labels = {{"topology.kubernetes.io/zone", "1"}};
  c.Pod("held-0", kGpu, 4, "a");
  for (const char* name : {"g-0", "g-1"}) {
    c.Pod(name, kGpu, 4).labels = {{"tangram.dev/gang", "g"}, {"tangram.dev/topology", "Host"}};
  }
  EXPECT_THAT(Lines(Checked(c.snapshot())), IsEmpty());
  for (cluster::Pod& pod : c.snapshot().pods) {
    std::erase_if(pod.labels,
                  [](const auto& label) { return label.first == "tangram.dev/topology"; });
  }
  EXPECT_EQ(Lines(Checked(c.snapshot())).size(), 4U) << "two nodes, and a pod on each";
}

TEST(Topology, ANewNodeIsNotNearThoseThatRun) {
  Cluster c;
  c.Node("a", 4).labels = {{"topology.kubernetes.io/zone", "1"}};
  for (const char* node : {"a", ""}) {
    c.Pod(node[0] == 'a' ? "g-0" : "g-1", kGpu, 4, node).labels = {
        {"tangram.dev/gang", "g"}, {"tangram.dev/topology", "Host"}};
  }
  EXPECT_THAT(Lines(Checked(c.snapshot())), IsEmpty());
}

}  // namespace
}  // namespace tangram::plan
