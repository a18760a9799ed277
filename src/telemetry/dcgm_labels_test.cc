#include "telemetry/dcgm_labels.h"

#include <gtest/gtest.h>

namespace tangram::telemetry {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct FormCase {
  std::string name;
  Pairs series;
  Pairs up;  // the target's own labels; empty: Prometheus does not store `up`
  Holder want;
};

const Pairs kNoUp = {};
const Pairs kOperator = {
    {"namespace", "gpu-operator"}, {"pod", "exp-x7k"}, {"container", "exporter"}};

const FormCase kForms[] = {
    {"HonorLabels",
     {{"namespace", "ml"}, {"pod", "train"}, {"container", "main"}},
     kNoUp,
     {"ml", "train", "main"}},
    {"HonorLabelsWithTargetLabels",
     {{"namespace", "ml"}, {"pod", "train"}, {"container", "main"}},
     kOperator,
     {"ml", "train", "main"}},
    {"NotHonoredIsExported",
     {{"namespace", "gpu-operator"},
      {"pod", "exp-x7k"},
      {"container", "exporter"},
      {"exported_namespace", "ml"},
      {"exported_pod", "train"},
      {"exported_container", "main"}},
     kOperator,
     {"ml", "train", "main"}},
    {"NotHonoredAndNobodyHoldsIt",
     {{"namespace", "gpu-operator"}, {"pod", "exp-x7k"}, {"container", "exporter"}},
     kOperator,
     {}},
    {"ExporterByNameWithoutUp",
     {{"namespace", "gpu-operator"}, {"pod", "nvidia-dcgm-exporter-x7k"}, {"container", "e"}},
     kNoUp,
     {}},
    {"ExporterByContainerWithoutUp",
     {{"namespace", "gpu-operator"}, {"pod", "exp"}, {"container", "nvidia-dcgm-exporter"}},
     kNoUp,
     {}},
    {"OldNames",
     {{"pod_namespace", "ml"}, {"pod_name", "train"}, {"container_name", "main"}},
     kNoUp,
     {"ml", "train", "main"}},
    {"OldNamesBesideTheTargets",
     {{"pod_namespace", "ml"},
      {"pod_name", "train"},
      {"container_name", "main"},
      {"namespace", "gpu-operator"},
      {"pod", "exp-x7k"},
      {"container", "exporter"}},
     kOperator,
     {"ml", "train", "main"}},
    {"OnlyTheNamespaceClashes",
     {{"namespace", "gpu-operator"},
      {"exported_namespace", "ml"},
      {"pod", "train"},
      {"container", "main"}},
     {{"namespace", "gpu-operator"}},
     {"ml", "train", "main"}},
    {"ExportedPodWithoutContainer",
     {{"namespace", "gpu-operator"},
      {"pod", "exp-x7k"},
      {"container", "exporter"},
      {"exported_namespace", "ml"},
      {"exported_pod", "train"}},
     kOperator,
     {"ml", "train", ""}},
    {"ANamesakeInAnotherNamespace",
     {{"namespace", "ml"}, {"pod", "exp-x7k"}, {"container", "main"}},
     kOperator,
     {"ml", "exp-x7k", "main"}},
    {"NoPodAtAll", {{"Hostname", "node-a"}}, kNoUp, {}},
    {"ContainerAloneIsNoHolder", {{"container", "main"}, {"namespace", "ml"}}, kNoUp, {}},
};

class FormTest : public testing::TestWithParam<FormCase> {};

TEST_P(FormTest, NamesTheHolder) {
  const Pairs scrape = {{"job", "dcgm"}, {"instance", "10.0.0.5:9400"}};
  Pairs series = GetParam().series;
  series.insert(series.end(), scrape.begin(), scrape.end());
  ScrapeTargets targets;
  if (!GetParam().up.empty()) {
    Pairs up = GetParam().up;
    up.insert(up.end(), scrape.begin(), scrape.end());
    targets.Add(Labels(up));
  }
  const Labels labels(series);
  EXPECT_EQ(KeyOf(labels, FormOf(labels, targets)).holder, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, FormTest, testing::ValuesIn(kForms),
                         [](const auto& test) { return test.param.name; });

struct NodeCase {
  std::string name;
  Pairs series;
  std::string want;
  std::string want_label;
};

const NodeCase kNodes[] = {
    {"Hostname", {{"Hostname", "a"}, {"instance", "10.0.0.5:9400"}}, "a", "Hostname"},
    {"LowerCaseSince2026", {{"hostname", "a"}, {"node", "b"}}, "a", "hostname"},
    {"Node", {{"node", "b"}, {"instance", "x:1"}}, "b", "node"},
    {"KubernetesNode", {{"kubernetes_node", "c"}, {"instance", "x:1"}}, "c", "kubernetes_node"},
    {"InstanceIsTheLastResort", {{"instance", "10.0.0.5:9400"}}, "10.0.0.5", "instance"},
    {"InstanceIpv6", {{"instance", "[fd00::1]:9400"}}, "fd00::1", "instance"},
    {"InstanceBareIpv6", {{"instance", "fd00::1"}}, "fd00::1", "instance"},
    {"InstanceUnclosed", {{"instance", "[fd00"}}, "[fd00", "instance"},
    {"Nothing", {}, "", ""},
};

class NodeTest : public testing::TestWithParam<NodeCase> {};

TEST_P(NodeTest, NamesTheNode) {
  const NodeName node = NodeOf(Labels(GetParam().series));
  EXPECT_EQ(node.name, GetParam().want);
  EXPECT_EQ(node.label, GetParam().want_label);
}
INSTANTIATE_TEST_SUITE_P(Table, NodeTest, testing::ValuesIn(kNodes),
                         [](const auto& test) { return test.param.name; });

TEST(Labels, AnAbsentLabelReadsEmpty) {
  const Labels labels({{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(labels.Get("a"), "1");
  EXPECT_EQ(labels.Get("b"), "2");
  EXPECT_EQ(labels.Get("aa"), "");
  EXPECT_EQ(Labels().Get("a"), "");
}

}  // namespace
}  // namespace tangram::telemetry
