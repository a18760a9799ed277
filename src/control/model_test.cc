#include "control/model.h"

#include <gmock/gmock.h>

#include <random>

#include "base/sanitized_testing.h"
#include "cluster/gate.h"

namespace tangram::control {
namespace {

using ::testing::ElementsAre;

cluster::Node Named(const std::string& name) {
  cluster::Node node;
  node.name = name;
  return node;
}

std::vector<std::string> NodesIn(Model& model) {
  std::vector<std::string> names;
  for (const cluster::Node& node : model.Take({}).nodes) names.push_back(node.name);
  return names;
}

TEST(Model, ListsAreSortedWhateverTheOrder) {
  Model model;
  for (const char* name : {"c", "a", "b"}) model.Set(Named(name));
  EXPECT_THAT(NodesIn(model), ElementsAre("a", "b", "c"));
  model.Remove<cluster::Node>({"", "b"});
  model.Set(Named("d"));
  EXPECT_THAT(NodesIn(model), ElementsAre("a", "c", "d"));
}

TEST(Model, AWholeListRemovesWhatIsNotInIt) {
  Model model;
  for (const char* name : {"a", "b"}) model.Set(Named(name));
  model.Take({});
  model.Set(Named("c"));
  model.KeepOnly<cluster::Node>({{"", "c"}, {"", "a"}});
  EXPECT_THAT(NodesIn(model), ElementsAre("a", "c"));
}

// Whatever comes, and whenever it is looked at: what is there is what was set last.
// A kind that the cluster does not have is looked for again and again, and each time is an empty
// list; each change costs a plan, and an index of classes.
TEST(Model, WhatChangesNothingIsNoChange) {
  Model model;
  model.Set(Named("a"));
  model.SetGaps({{"pods", "forbidden", "allow it"}});
  const std::uint64_t before = model.changes();
  model.KeepOnly<cluster::Queue>({});
  model.KeepOnly<cluster::Node>({{"", "a"}, {"", "b"}});
  model.Remove<cluster::Node>({"", "b"});
  model.Remove<cluster::Queue>({"", "q"});
  model.SetGaps({{"pods", "forbidden", "allow it"}});
  model.Set(Named("a"));
  EXPECT_EQ(model.changes(), before);
  model.Take({});
  model.KeepOnly<cluster::Node>({{"", "a"}});
  EXPECT_EQ(model.changes(), before);
  model.KeepOnly<cluster::Node>({});
  EXPECT_EQ(model.changes(), before + 1);
  model.KeepOnly<cluster::Node>({});
  EXPECT_EQ(model.changes(), before + 1) << "it is gone already";
  EXPECT_THAT(NodesIn(model), ::testing::IsEmpty());
}

TEST(ModelLaw, EqualsAMapThatGetsTheSameChanges) {
  for (unsigned seed = 0; seed < (base::kSanitized ? 20u : 200u); ++seed) {
    std::mt19937 random(seed);
    Model model;
    std::map<Key, int> expected;
    for (int step = 0; step < 200; ++step) {
      const Key key{"ns", std::to_string(random() % 20)};
      if (random() % 3 == 0) {
        model.RemovePod(key);
        expected.erase(key);
      } else {
        cluster::Pod pod;
        pod.ns = key.ns;
        pod.name = key.name;
        pod.priority = step;
        if (random() % 2 == 0) pod.gates = {std::string(cluster::kPlacementGate)};
        model.SetPod(pod, std::to_string(step), "");
        expected[key] = step;
      }
      if (random() % 10 != 0) continue;
      std::map<Key, int> found;
      for (const cluster::Pod& pod : model.Take({}).pods) found[KeyOf(pod)] = pod.priority;
      ASSERT_EQ(found, expected) << seed;
    }
  }
}

cluster::Pod GatedPod() {
  cluster::Pod pod;
  pod.ns = "ns";
  pod.name = "p";
  pod.uid = "u";
  pod.gates = {std::string(cluster::kPlacementGate)};
  return pod;
}

TEST(Model, AGatedPodIsWrittenToAtItsLastVersion) {
  Model model;
  cluster::Pod pod = GatedPod();
  model.SetPod(pod, "1", "{}");
  model.SetPod(pod, "2", R"({"required":1})");
  ASSERT_EQ(model.gated().size(), 1u);
  EXPECT_EQ(model.gated().begin()->second.version, "2");
  EXPECT_EQ(model.gated().begin()->second.node_affinity, R"({"required":1})");
  pod.gates.clear();
  model.SetPod(pod, "3", "");
  EXPECT_TRUE(model.gated().empty());
}

TEST(Model, AssumedPodsAreOnTheirNodeUntilForgotten) {
  Model model;
  cluster::Pod pod = GatedPod();
  model.SetPod(pod, "1", "");
  model.Assume({"ns", "p", "u"}, "a");
  EXPECT_EQ(model.Take({}).pods.at(0).node, "a");
  EXPECT_TRUE(model.Take({}).pods.at(0).gates.empty());
  model.SetPod(pod, "2", "");  // somebody else changed it meanwhile
  EXPECT_EQ(model.Take({}).pods.at(0).node, "a");
  model.Forget({"ns", "p", "u"});
  EXPECT_EQ(model.Take({}).pods.at(0).node, "");
  model.Assume({"ns", "p", "another"}, "a");
  EXPECT_EQ(model.Take({}).pods.at(0).node, "");
}

}  // namespace
}  // namespace tangram::control
