#include "adapter/decode_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/decode_kueue.h"
#include "adapter/decode_testing.h"

namespace tangram::adapter {
namespace {

using cluster::Labels;
using cluster::QueueResource;
using cluster::ResourceCount;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(DecodeNamespace, NameAndLabels) {
  const auto ns = DecodeText(DecodeNamespace, R"({"metadata": {"name": "research",
    "labels": {"kubernetes.io/metadata.name": "research", "team": "vision"}},
    "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})");
  ASSERT_TRUE(ns) << ns.error().message;
  EXPECT_EQ(ns->name, "research");
  EXPECT_EQ(cluster::Find(ns->labels, "team"), "vision");
}

TEST(DecodeQuota, KeepsGpuKeysOnly) {
  const auto quota = DecodeText(DecodeQuota, R"({"metadata": {"name": "q", "namespace": "a"},
    "spec": {"hard": {"requests.cpu": "100", "requests.nvidia.com/gpu": "8", "pods": "10",
      "requests.nvidia.com/mig-1g.5gb": "14",
      "mig.nvidia.com.deviceclass.resource.k8s.io/devices": "4"}},
    "status": {"hard": {"requests.nvidia.com/gpu": "8"},
      "used": {"requests.cpu": "250m", "requests.nvidia.com/gpu": "3"}}})");
  ASSERT_TRUE(quota) << quota.error().message;
  ASSERT_TRUE(quota->has_value());
  EXPECT_THAT((*quota)->hard,
              ElementsAre(ResourceCount{"mig.nvidia.com.deviceclass.resource.k8s.io/devices", 4},
                          ResourceCount{"requests.nvidia.com/gpu", 8},
                          ResourceCount{"requests.nvidia.com/mig-1g.5gb", 14}));
  EXPECT_THAT((*quota)->used, ElementsAre(ResourceCount{"requests.nvidia.com/gpu", 3}));
}

TEST(DecodeQuota, WithoutGpusIsNothing) {
  const auto quota = DecodeText(DecodeQuota, R"({"metadata": {"name": "q", "namespace": "a"},
    "spec": {"hard": {"requests.cpu": "100"}}})");
  ASSERT_TRUE(quota);
  EXPECT_FALSE(quota->has_value());
}

TEST(DecodeDisruptionBudget, Reads) {
  const auto budget = DecodeText(DecodeDisruptionBudget, R"({
    "metadata": {"name": "chat", "namespace": "serving"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "chat"},
      "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}},
    "status": {"currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1,
      "expectedPods": 2, "observedGeneration": 1}})");
  ASSERT_TRUE(budget) << budget.error().message;
  ASSERT_TRUE(budget->has_value());
  EXPECT_EQ((*budget)->match_labels, (Labels{{"app", "chat"}}));
  EXPECT_THAT((*budget)->match_expressions,
              ElementsAre(cluster::SelectorTerm{"tier", "In", {"a", "b"}}));
  EXPECT_EQ((*budget)->disruptions_allowed, 1);
}

TEST(DecodeDisruptionBudget, NullSelectsNothingAndEmptySelectsAll) {
  const auto null = DecodeText(DecodeDisruptionBudget,
                               R"({"metadata": {"name": "n", "namespace": "a"},
                                   "spec": {"selector": null}})");
  ASSERT_TRUE(null);
  EXPECT_FALSE(null->has_value());
  const auto all = DecodeText(DecodeDisruptionBudget,
                              R"({"metadata": {"name": "n", "namespace": "a"},
                                  "spec": {"selector": {}}})");
  ASSERT_TRUE(all);
  ASSERT_TRUE(all->has_value());
  EXPECT_THAT((*all)->match_labels, IsEmpty());
}

TEST(DecodePriorityClass, Reads) {
  const auto batch = DecodeText(DecodePriorityClass, R"({"metadata": {"name": "batch"},
    "value": -1000, "preemptionPolicy": "Never", "globalDefault": false})");
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(*batch, (cluster::PriorityClass{"batch", -1000, false}));
}

constexpr std::string_view kClusterQueue = R"({"metadata": {"name": "gpus"},
  "spec": {COHORT, "resourceGroups": [{"coveredResources": ["cpu", "nvidia.com/gpu"],
    "flavors": [
      {"name": "on-demand", "resources": [{"name": "cpu", "nominalQuota": "40"},
        {"name": "nvidia.com/gpu", "nominalQuota": "8", "borrowingLimit": "4"}]},
      {"name": "spot", "resources": [{"name": "cpu", "nominalQuota": "500m"},
        {"name": "nvidia.com/gpu", "nominalQuota": 16}]}]}]},
  "status": {"pendingWorkloads": 3, "admittedWorkloads": 5, "reservingWorkloads": 6,
    "flavorsReservation": [{"name": "spot", "resources": [{"name": "nvidia.com/gpu",
      "total": "20"}]}],
    "flavorsUsage": [{"name": "spot", "resources": [{"name": "cpu", "total": "1"},
      {"name": "nvidia.com/gpu", "total": "18", "borrowed": "2"}]}]}})";

std::string WithCohort(const std::string& cohort) {
  std::string json(kClusterQueue);
  return json.replace(json.find("COHORT"), 6, cohort);
}

TEST(DecodeClusterQueue, BothVersions) {
  for (const char* cohort : {"\"cohort\": \"all\"", "\"cohortName\": \"all\""}) {
    const auto queue = DecodeText(DecodeClusterQueue, WithCohort(cohort));
    ASSERT_TRUE(queue) << queue.error().message;
    EXPECT_EQ(queue->cohort, "all");
    EXPECT_THAT(queue->resources, ElementsAre(QueueResource{"on-demand", "nvidia.com/gpu", 8, 0, 0},
                                              QueueResource{"spot", "nvidia.com/gpu", 16, 18, 2}));
    EXPECT_EQ(queue->pending_workloads, 3);
    EXPECT_EQ(queue->admitted_workloads, 5);
  }
}

TEST(DecodeClusterQueue, PartOfAGpuIsAFault) {
  const auto queue = DecodeText(DecodeClusterQueue, R"({"metadata": {"name": "q"}, "spec":
    {"resourceGroups": [{"flavors": [{"name": "f", "resources": [{"name": "nvidia.com/gpu",
    "nominalQuota": "1500m"}]}]}]}})");
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().message,
            "ClusterQueue q: spec.resourceGroups[0].flavors[0].resources[0]: expected a whole "
            "number of devices, found \"1500m\"");
}

TEST(DecodeLocalQueue, Reads) {
  const auto queue = DecodeText(DecodeLocalQueue, R"({"metadata": {"name": "lq",
    "namespace": "research"}, "spec": {"clusterQueue": "gpus"}, "status":
    {"pendingWorkloads": 2}})");
  ASSERT_TRUE(queue) << queue.error().message;
  EXPECT_EQ(*queue, (cluster::LocalQueue{"research", "lq", "gpus", 2}));
}

}  // namespace
}  // namespace tangram::adapter
