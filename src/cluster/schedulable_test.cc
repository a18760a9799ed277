#include "cluster/schedulable.h"

#include <gtest/gtest.h>

namespace tangram::cluster {
namespace {

Node Tainted(const std::string& effect) {
  Node node;
  node.labels = {{"pool", "a100"}, {"zone", "b"}};
  node.taints = {{"nvidia.com/gpu", "present", effect}};
  return node;
}

Pod Tolerating(const Toleration& toleration) {
  Pod pod;
  pod.tolerations = {toleration};
  return pod;
}

TEST(Schedulable, TaintsKeepOffWhatDoesNotTolerateThem) {
  EXPECT_FALSE(Admits(Tainted("NoSchedule"), {}));
  EXPECT_FALSE(Admits(Tainted("NoExecute"), {}));
  EXPECT_TRUE(Admits(Tainted("PreferNoSchedule"), {}));
}

TEST(Schedulable, TolerationsAreReadAsKubernetesReadsThem) {
  const Node node = Tainted("NoSchedule");
  EXPECT_TRUE(Admits(node, Tolerating({"nvidia.com/gpu", "Exists", "", ""})));
  EXPECT_TRUE(Admits(node, Tolerating({"", "Exists", "", ""})));
  EXPECT_TRUE(Admits(node, Tolerating({"nvidia.com/gpu", "Equal", "present", "NoSchedule"})));
  EXPECT_TRUE(Admits(node, Tolerating({"nvidia.com/gpu", "", "present", ""})));
  EXPECT_FALSE(Admits(node, Tolerating({"nvidia.com/gpu", "Equal", "absent", ""})));
  EXPECT_FALSE(Admits(node, Tolerating({"nvidia.com/gpu", "Exists", "", "NoExecute"})));
  EXPECT_FALSE(Admits(node, Tolerating({"other", "Exists", "", ""})));
  EXPECT_EQ(UntoleratedTaint(node, {})->key, "nvidia.com/gpu");
}

TEST(Schedulable, EverySelectorHasToBeMet) {
  const Node node = Tainted("PreferNoSchedule");
  Pod pod;
  pod.node_selector = {{"pool", "a100"}, {"zone", "b"}};
  EXPECT_TRUE(Admits(node, pod));
  pod.node_selector = {{"pool", "a100"}, {"zone", "c"}};
  EXPECT_FALSE(Admits(node, pod));
  EXPECT_EQ(UnmetSelector(node, pod)->second, "c");
}

TEST(Schedulable, NodesThatAreCordonedOrNotReadyTakeNothing) {
  Node node = Tainted("PreferNoSchedule");
  node.schedulable = false;
  EXPECT_FALSE(Admits(node, {}));
  node.schedulable = true;
  node.ready = false;
  EXPECT_FALSE(Admits(node, {}));
}

}  // namespace
}  // namespace tangram::cluster
