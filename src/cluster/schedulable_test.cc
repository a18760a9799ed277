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

struct ExpressionCase {
  const char* name;
  SelectorTerm expression;
  bool holds = false;  // on a node with pool=a100, gpus=8
};

class ExpressionTest : public testing::TestWithParam<ExpressionCase> {};

TEST_P(ExpressionTest, IsReadAsKubernetesReadsIt) {
  Node node;
  node.labels = {{"gpus", "8"}, {"pool", "a100"}};
  Pod pod;
  pod.affinity.nodes = {{{GetParam().expression}, {}}};
  EXPECT_EQ(MeetsAffinity(node, pod), GetParam().holds);
  EXPECT_EQ(Admits(node, pod), GetParam().holds);
}

const ExpressionCase kExpressions[] = {
    {"In", {"pool", "In", {"h100", "a100"}}, true},
    {"InOther", {"pool", "In", {"h100"}}, false},
    {"InAbsent", {"zone", "In", {""}}, false},
    {"NotIn", {"pool", "NotIn", {"a100"}}, false},
    {"NotInAbsent", {"zone", "NotIn", {"a"}}, true},
    {"Exists", {"pool", "Exists", {}}, true},
    {"ExistsAbsent", {"zone", "Exists", {}}, false},
    {"DoesNotExist", {"zone", "DoesNotExist", {}}, true},
    {"DoesNotExistPresent", {"pool", "DoesNotExist", {}}, false},
    {"Gt", {"gpus", "Gt", {"7"}}, true},
    {"GtEqual", {"gpus", "Gt", {"8"}}, false},
    {"Lt", {"gpus", "Lt", {"9"}}, true},
    {"LtNoNumber", {"pool", "Lt", {"9"}}, false},
    {"GtAbsent", {"zone", "Gt", {"0"}}, false},
    {"UnknownOperator", {"pool", "Like", {"a100"}}, false},
};
INSTANTIATE_TEST_SUITE_P(Table, ExpressionTest, testing::ValuesIn(kExpressions),
                         [](const auto& test) { return test.param.name; });

TEST(Schedulable, OneTermOfTheAffinityIsEnoughAndAnEmptyOneIsNone) {
  Node node;
  node.name = "n1";
  Pod pod;
  pod.affinity.nodes = {{}};
  EXPECT_FALSE(Admits(node, pod));
  pod.affinity.nodes.push_back({{}, {{"metadata.name", "In", {"n1"}}}});
  EXPECT_TRUE(Admits(node, pod));
  pod.affinity.nodes.back().labels = {{"zone", "Exists", {}}};
  EXPECT_FALSE(Admits(node, pod)) << "all of a term has to hold";
  pod.affinity.preferred_nodes = {{7, {{}, {{"metadata.name", "In", {"n1"}}}}},
                                  {90, {{{"zone", "Exists", {}}}, {}}}};
  EXPECT_EQ(PreferenceFor(node, pod), 7);
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
