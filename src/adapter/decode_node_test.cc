#include "adapter/decode_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/decode_testing.h"

namespace tangram::adapter {
namespace {

using cluster::CapacityType;
using cluster::Labels;
using cluster::ResourceCount;
using testing::ElementsAre;

TEST(DecodeNode, ReadsWhatTheApiServerWrites) {
  const auto node = DecodeText(DecodeNode, R"({
    "metadata": {"name": "t4-0", "uid": "n1", "creationTimestamp": "2026-11-01T00:00:00Z",
      "labels": {"kubernetes.io/hostname": "t4-0", "node.kubernetes.io/instance-type":
        "g4dn.12xlarge", "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": "us-east-1b", "karpenter.sh/nodepool": "t4",
        "karpenter.sh/capacity-type": "spot"},
      "annotations": {"node.alpha.kubernetes.io/ttl": "0"}},
    "spec": {"podCIDR": "10.0.0.0/24", "providerID": "aws:///us-east-1b/i-0abc",
      "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
      "unschedulable": true},
    "status": {
      "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
      "allocatable": {"cpu": "47810m", "ephemeral-storage": "9Gi", "hugepages-2Mi": "0",
        "memory": "195847448Ki", "nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "16",
        "pods": "110"},
      "capacity": {"cpu": "48", "nvidia.com/gpu.shared": "32"},
      "conditions": [{"type": "MemoryPressure", "status": "False"},
                     {"type": "Ready", "status": "True", "reason": "KubeletReady"}],
      "images": [{"names": ["x"], "sizeBytes": 1}],
      "nodeInfo": {"kubeletVersion": "v1.36.1"}}})");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->name, "t4-0");
  EXPECT_TRUE(node->ready);
  EXPECT_FALSE(node->schedulable);
  EXPECT_EQ(node->cpu, base::MilliCpu(47810));
  EXPECT_EQ(node->memory, base::MiB(191257));  // 191257.27, rounded down
  EXPECT_THAT(node->devices, ElementsAre(ResourceCount{"nvidia.com/gpu", 0},
                                         ResourceCount{"nvidia.com/gpu.shared", 16}));
  EXPECT_THAT(node->taints, ElementsAre(cluster::Taint{"nvidia.com/gpu", "present", "NoSchedule"}));
  EXPECT_EQ(node->cloud, "aws");
  EXPECT_EQ(node->region, "us-east-1");
  EXPECT_EQ(node->zone, "us-east-1b");
  EXPECT_EQ(node->instance_type, "g4dn.12xlarge");
  EXPECT_EQ(node->capacity_type, CapacityType::kSpot);
  EXPECT_EQ(node->pool, "t4");
}

TEST(DecodeNode, SilentKubeletIsNotReady) {
  const auto unknown = DecodeText(DecodeNode, R"({"metadata": {"name": "n"}, "status":
    {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}})");
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(unknown->ready);
  const auto none = DecodeText(DecodeNode, R"({"metadata": {"name": "n"}})");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->ready);
  EXPECT_TRUE(none->schedulable);
}

TEST(DecodeNode, PartOfADeviceIsAFault) {
  const auto node = DecodeText(DecodeNode, R"({"metadata": {"name": "n"}, "status":
    {"allocatable": {"nvidia.com/gpu": "1500m"}}})");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().message,
            "Node n: status.allocatable[\"nvidia.com/gpu\"]: expected a whole number of devices, "
            "found \"1500m\"");
}

struct ProvenanceCase {
  std::string name;
  Labels labels;
  std::string provider_id;
  std::string cloud;
  CapacityType capacity;
  std::string pool;
};
const ProvenanceCase kProvenances[] = {
    {"EksOnDemand",
     {{"eks.amazonaws.com/capacityType", "ON_DEMAND"}, {"eks.amazonaws.com/nodegroup", "gpu"}},
     "aws:///us-east-1a/i-1",
     "aws",
     CapacityType::kOnDemand,
     "gpu"},
    {"EksSpot", {{"eks.amazonaws.com/capacityType", "SPOT"}}, "", "aws", CapacityType::kSpot, ""},
    {"EksCapacityBlock",
     {{"eks.amazonaws.com/capacityType", "CAPACITY_BLOCK"}},
     "",
     "aws",
     CapacityType::kReserved,
     ""},
    {"KarpenterReserved",
     {{"karpenter.sh/capacity-type", "reserved"}, {"karpenter.sh/nodepool", "p5"}},
     "aws:///b/i-2",
     "aws",
     CapacityType::kReserved,
     "p5"},
    {"GkeSpot",
     {{"cloud.google.com/gke-nodepool", "l4"}, {"cloud.google.com/gke-spot", "true"}},
     "gce://p/us-central1-a/n",
     "gcp",
     CapacityType::kSpot,
     "l4"},
    {"GkePreemptible",
     {{"cloud.google.com/gke-preemptible", "true"}},
     "gce://p/z/n",
     "gcp",
     CapacityType::kSpot,
     ""},
    {"GkeProvisioningSpot",
     {{"cloud.google.com/gke-provisioning", "spot"}},
     "gce://p/z/n",
     "gcp",
     CapacityType::kSpot,
     ""},
    {"GkeStandardPool",
     {{"cloud.google.com/gke-nodepool", "l4"}, {"cloud.google.com/gke-provisioning", "standard"}},
     "gce://p/z/n",
     "gcp",
     CapacityType::kOnDemand,
     "l4"},
    {"GkePoolWithoutAWord",
     {{"cloud.google.com/gke-nodepool", "l4"}},
     "gce://p/z/n",
     "gcp",
     CapacityType::kOnDemand,
     "l4"},
    {"AksSpot",
     {{"kubernetes.azure.com/agentpool", "s"}, {"kubernetes.azure.com/scalesetpriority", "spot"}},
     "azure:///subscriptions/x",
     "azure",
     CapacityType::kSpot,
     "s"},
    {"AksRegular",
     {{"kubernetes.azure.com/agentpool", "a100"}},
     "azure:///subscriptions/x",
     "azure",
     CapacityType::kOnDemand,
     "a100"},
    {"LifecycleLabel", {{"node.kubernetes.io/lifecycle", "spot"}}, "", "", CapacityType::kSpot, ""},
    {"LabelsNameTheCloudOfKwokNodes",
     {{"eks.amazonaws.com/nodegroup", "g"}},
     "kwok://n",
     "aws",
     CapacityType::kUnknown,
     "g"},
    {"OtherProvider",
     {{"karpenter.sh/capacity-type", "on-demand"}},
     "openstack:///x",
     "",
     CapacityType::kOnDemand,
     ""},
    {"Nothing", {}, "", "", CapacityType::kUnknown, ""},
    {"WordNobodyKnows",
     {{"karpenter.sh/capacity-type", "free"}},
     "",
     "",
     CapacityType::kUnknown,
     ""},
};
class ProvenanceTest : public testing::TestWithParam<ProvenanceCase> {};
TEST_P(ProvenanceTest, Read) {
  const Provenance from = ProvenanceOf(GetParam().labels, GetParam().provider_id);
  EXPECT_EQ(from.cloud, GetParam().cloud);
  EXPECT_EQ(from.capacity_type, GetParam().capacity);
  EXPECT_EQ(from.pool, GetParam().pool);
}
INSTANTIATE_TEST_SUITE_P(Table, ProvenanceTest, testing::ValuesIn(kProvenances),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tangram::adapter
