#include "adapter/decode_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "adapter/decode_testing.h"
#include "base/time_text.h"

namespace tangram::adapter {
namespace {

using cluster::Labels;
using cluster::Owner;
using cluster::ResourceCount;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// As the API server of 1.36 writes a pod of a Deployment, shortened where nothing is read.
constexpr std::string_view kDeploymentPod = R"({
  "metadata": {
    "name": "chat-7d9c5b8f6d-x2x9k", "generateName": "chat-7d9c5b8f6d-", "namespace": "serving",
    "uid": "8f1f7c5e-3c39-4f0a-9f6e-0d4f7e1a2b3c", "resourceVersion": "4711", "generation": 1,
    "creationTimestamp": "2026-11-16T09:30:00Z",
    "labels": {"app": "chat", "team": "search", "pod-template-hash": "7d9c5b8f6d",
               "controller-revision-hash": "77"},
    "annotations": {"karpenter.sh/do-not-disrupt": "true", "tangram.dev/note": "keep",
                    "kueue.x-k8s.io/workload": "w", "example.com/token": "MARKER-annotation",
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"MARKER\":1}"},
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "chat-7d9c5b8f6d",
      "uid": "u-rs", "controller": true, "blockOwnerDeletion": true}],
    "managedFields": [{"manager": "kube-controller-manager", "operation": "Update",
      "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {".": {}}}}}]
  },
  "spec": {
    "volumes": [{"name": "v", "secret": {"secretName": "MARKER-secret"}}],
    "containers": [{
      "name": "server", "image": "vllm", "command": ["MARKER-command"],
      "args": ["--api-key", "MARKER-args"],
      "env": [{"name": "DB_PASSWORD", "value": "MARKER-env"},
              {"name": "X", "valueFrom": {"secretKeyRef": {"name": "MARKER-ref", "key": "k"}}}],
      "envFrom": [{"secretRef": {"name": "MARKER-from"}}],
      "resources": {"limits": {"memory": "16Gi", "nvidia.com/gpu": "1"},
                    "requests": {"cpu": "3500m", "memory": "12Gi", "nvidia.com/gpu": "1",
                                 "ephemeral-storage": "10Gi"}},
      "livenessProbe": {"exec": {"command": ["MARKER-probe"]}}
    }, {"name": "log", "image": "l", "resources": {"requests": {"cpu": "0.5"}}}],
    "initContainers": [{"name": "pull", "image": "p",
      "resources": {"requests": {"cpu": "2", "memory": "20Gi"}}}],
    "restartPolicy": "Always", "nodeName": "l4-0", "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L4"},
    "schedulerName": "default-scheduler",
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"},
                    {"key": "node.kubernetes.io/not-ready", "operator": "Exists",
                     "effect": "NoExecute", "tolerationSeconds": 300},
                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists",
                     "effect": "NoExecute", "tolerationSeconds": 300},
                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists",
                     "effect": "NoExecute"},
                    {"key": "team", "value": "search", "effect": "NoSchedule"}],
    "priorityClassName": "production", "priority": 100000, "preemptionPolicy": "PreemptLowerPriority"
  },
  "status": {
    "phase": "Running", "observedGeneration": 1,
    "conditions": [
      {"type": "PodReadyToStartContainers", "status": "True", "lastProbeTime": null},
      {"type": "Ready", "status": "True", "lastProbeTime": null,
       "lastTransitionTime": "2026-11-16T09:31:00Z"},
      {"type": "PodScheduled", "status": "True"}],
    "startTime": "2026-11-16T09:30:05Z",
    "containerStatuses": [{"name": "server", "ready": true, "restartCount": 0,
      "state": {"running": {"startedAt": "2026-11-16T09:30:59Z"}}}],
    "qosClass": "Burstable", "podIP": "10.0.0.9"
  }
})";

TEST(DecodePod, ReadsWhatTheApiServerWrites) {
  const auto pod = DecodeText(DecodePod, kDeploymentPod);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->ns, "serving");
  EXPECT_EQ(pod->name, "chat-7d9c5b8f6d-x2x9k");
  EXPECT_EQ(pod->uid, "8f1f7c5e-3c39-4f0a-9f6e-0d4f7e1a2b3c");
  EXPECT_EQ(pod->owner, (Owner{"Deployment", "chat"}));
  EXPECT_EQ(pod->labels, (Labels{{"app", "chat"}, {"team", "search"}}));
  EXPECT_EQ(pod->annotations, (Labels{{"karpenter.sh/do-not-disrupt", "true"},
                                      {"kueue.x-k8s.io/workload", "w"},
                                      {"tangram.dev/note", "keep"}}));
  EXPECT_EQ(pod->node, "l4-0");
  EXPECT_EQ(pod->phase, cluster::PodPhase::kRunning);
  EXPECT_TRUE(pod->ready);
  EXPECT_EQ(base::FormatTime(pod->created_at), "2026-11-16T09:30:00Z");
  EXPECT_EQ(base::FormatTime(pod->started_at.value()), "2026-11-16T09:30:05Z");
  EXPECT_EQ(pod->priority, 100000);
  EXPECT_EQ(pod->priority_class, "production");
  EXPECT_TRUE(pod->can_preempt);
  EXPECT_EQ(pod->cpu, base::MilliCpu(4000));
  EXPECT_EQ(pod->memory, base::MiB(20 * 1024));  // the init container's
  EXPECT_THAT(pod->devices, ElementsAre(ResourceCount{"nvidia.com/gpu", 1}));
  EXPECT_EQ(pod->node_selector, (Labels{{"nvidia.com/gpu.product", "NVIDIA-L4"}}));
  EXPECT_THAT(
      pod->tolerations,
      ElementsAre(cluster::Toleration{"nvidia.com/gpu", "Exists", "", ""},
                  cluster::Toleration{"node.kubernetes.io/unreachable", "Exists", "", "NoExecute"},
                  cluster::Toleration{"team", "Equal", "search", "NoSchedule"}))
      << "without those that every pod has, for a while";
  EXPECT_EQ(pod->pending_reason, "");
}

std::string Dump(const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) text += key + "=" + value + "\n";
  return text;
}

// Everything of a pod that is text.
std::string Dump(const cluster::Pod& pod) {
  std::string text = pod.ns + "\n" + pod.name + "\n" + pod.uid + "\n" + pod.owner.kind +
                     pod.owner.name + Dump(pod.labels) + Dump(pod.annotations) +
                     Dump(pod.node_selector) + pod.node + pod.priority_class + pod.pending_reason +
                     pod.pending_message;
  for (const auto& device : pod.devices) text += device.name + "\n";
  for (const auto& claim : pod.claims) text += claim + "\n";
  for (const auto& gate : pod.gates) text += gate + "\n";
  for (const auto& t : pod.tolerations) text += t.key + t.op + t.value + t.effect;
  return text;
}

TEST(DecodePod, ReadsNoSecret) {
  const auto pod = DecodeText(DecodePod, kDeploymentPod);
  ASSERT_TRUE(pod);
  EXPECT_THAT(Dump(*pod), Not(HasSubstr("MARKER")));
}

TEST(DecodePod, GatedPodWithClaimsAndPending) {
  const auto pod = DecodeText(DecodePod, R"({
    "metadata": {"name": "b0", "namespace": "research", "uid": "u1",
      "ownerReferences": [{"kind": "StatefulSet", "name": "lab", "controller": true}]},
    "spec": {"containers": [{"name": "c", "resources": {"claims": [{"name": "gpu"}]}}],
      "schedulingGates": [{"name": "kueue.x-k8s.io/admission"}, {"name": "tangram.dev/placement"}],
      "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "mig"},
                         {"name": "shared", "resourceClaimName": "team-card"}],
      "preemptionPolicy": "Never", "priority": -10},
    "status": {"phase": "Pending",
      "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                      "message": "Scheduling is blocked due to non-empty scheduling gates"}],
      "resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "b0-gpu-7xk2p"}],
      "extendedResourceClaimStatus": {"requestMappings": [{"containerName": "c",
        "resourceName": "nvidia.com/mig-1g.5gb", "requestName": "container-0-request-0"}],
        "resourceClaimName": "b0-extended-resources-9r556"}}})");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->owner, (Owner{"StatefulSet", "lab"}));
  EXPECT_THAT(pod->gates, ElementsAre("kueue.x-k8s.io/admission", "tangram.dev/placement"));
  EXPECT_THAT(pod->claims, ElementsAre("b0-gpu-7xk2p", "team-card"));
  EXPECT_EQ(pod->pending_reason, "SchedulingGated");
  EXPECT_THAT(pod->pending_message, HasSubstr("scheduling gates"));
  EXPECT_FALSE(pod->can_preempt);
  EXPECT_EQ(pod->priority, -10);
  EXPECT_FALSE(pod->started_at);
  EXPECT_FALSE(pod->ready);
  EXPECT_FALSE(pod->terminating);
}

TEST(DecodePod, KnowsThatItsDeletionHasBegun) {
  const auto pod = DecodeText(DecodePod, R"({"metadata": {"name": "b0",
    "deletionTimestamp": "2026-11-16T09:30:00Z", "deletionGracePeriodSeconds": 30}})");
  ASSERT_TRUE(pod);
  EXPECT_TRUE(pod->terminating);
}

TEST(DecodePod, AClaimThatIsNotMadeYetCountsAllTheSame) {
  const auto claims_of = [](const std::string& statuses) {
    const auto pod = DecodeText(DecodePod, R"({"metadata": {"name": "b0"}, "spec": {
      "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "mig"},
                         {"name": "nic", "resourceClaimTemplateName": "rdma"}]},
      "status": {"resourceClaimStatuses": [)" + statuses +
                                               "]}}");
    EXPECT_TRUE(pod);
    return pod->claims;
  };
  EXPECT_THAT(claims_of(""), ElementsAre("b0-gpu-", "b0-nic-"));
  EXPECT_THAT(claims_of(R"({"name": "gpu", "resourceClaimName": "b0-gpu-7xk2p"})"),
              ElementsAre("b0-gpu-7xk2p", "b0-nic-"));
  EXPECT_THAT(claims_of(R"({"name": "gpu", "resourceClaimName": "b0-gpu-7xk2p"}, {"name": "nic"})"),
              ElementsAre("b0-gpu-7xk2p"))
      << "for the second none is made";
}

TEST(DecodePod, TheSchedulersClaimIsThatOfAPodOnItsNode) {
  const auto claims_of = [](const std::string& spec) {
    const auto pod = DecodeText(DecodePod, R"({"metadata": {"name": "b0"}, "spec": )" + spec + R"(,
      "status": {"extendedResourceClaimStatus": {"requestMappings": [{"containerName": "c",
        "resourceName": "nvidia.com/mig-1g.5gb", "requestName": "container-0-request-0"}],
        "resourceClaimName": "b0-extended-resources-9r556"}}})");
    EXPECT_TRUE(pod);
    return pod->claims;
  };
  EXPECT_THAT(claims_of(R"({"nodeName": "n"})"), ElementsAre("b0-extended-resources-9r556"));
  EXPECT_THAT(claims_of("{}"), IsEmpty()) << "left over from an attempt that failed";
}

TEST(DecodePod, ReadsWhatKeepsItOffNodes) {
  const auto pod = DecodeText(DecodePod, R"({
    "metadata": {"name": "web-0", "namespace": "a", "labels": {"app": "web", "track": "blue"}},
    "spec": {
      "affinity": {
        "nodeAffinity": {
          "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "gpus", "operator": "Gt", "values": ["3"]}]},
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]},
          "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 7,
            "preference": {"matchExpressions": [{"key": "spot", "operator": "Exists"}]}}]},
        "podAffinity": {
          "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone",
            "labelSelector": {"matchLabels": {"app": "db", "pod-template-hash": "x1"}},
            "namespaceSelector": {}}],
          "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
            "podAffinityTerm": {"topologyKey": "zone"}}]},
        "podAntiAffinity": {
          "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "host",
            "labelSelector": {"matchExpressions": [
              {"key": "app", "operator": "In", "values": ["web"]}]},
            "namespaces": ["a", "b"]}]}},
      "topologySpreadConstraints": [
        {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
         "labelSelector": {"matchLabels": {"app": "web"}}, "minDomains": 3,
         "nodeTaintsPolicy": "Honor", "nodeAffinityPolicy": "Ignore",
         "matchLabelKeys": ["track", "pod-template-hash"]},
        {"maxSkew": 1, "topologyKey": "host", "whenUnsatisfiable": "ScheduleAnyway"}]}})");
  ASSERT_TRUE(pod) << pod.error().message;
  const cluster::Affinity& affinity = pod->affinity;
  const std::vector<cluster::NodeTerm> nodes = {{{{"gpus", "Gt", {"3"}}}, {}},
                                                {{}, {{"metadata.name", "In", {"n1"}}}}};
  EXPECT_EQ(affinity.nodes, nodes);
  ASSERT_EQ(affinity.preferred_nodes.size(), 1U);
  EXPECT_EQ(affinity.preferred_nodes[0].weight, 7);
  const cluster::Selector db{{{"app", "db"}}, {}};
  EXPECT_THAT(affinity.pods, ElementsAre(cluster::PodTerm{"zone", db, {}, cluster::Selector()}));
  const cluster::Selector web{{}, {{"app", "In", {"web"}}}};
  EXPECT_THAT(affinity.anti_pods,
              ElementsAre(cluster::PodTerm{"host", web, {"a", "b"}, std::nullopt}));
  const cluster::Selector blue{{{"app", "web"}}, {{"track", "In", {"blue"}}}};
  EXPECT_THAT(affinity.spread,
              ElementsAre(cluster::SpreadConstraint{"zone", 2, blue, 3, true, true}));
}

TEST(DecodePod, AnAffinityThatTheApiWouldRefuseIsAFault) {
  const auto fault = [](std::string_view affinity) {
    const auto pod = DecodeText(DecodePod, R"({"metadata": {"name": "b"}, "spec": {"affinity": )" +
                                               std::string(affinity) + "}}");
    return pod ? std::string() : pod.error().message;
  };
  EXPECT_THAT(fault(R"({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}})"),
              HasSubstr("podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"));
  EXPECT_THAT(fault(R"({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                   {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a"}]}]}}})"),
              HasSubstr("matchExpressions[0]"));
}

TEST(DecodePod, ABarePodOfAlmostNothing) {
  const auto pod = DecodeText(DecodePod, R"({"metadata": {"name": "p"}, "spec": null})");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->name, "p");
  EXPECT_EQ(pod->owner, Owner{});
  EXPECT_EQ(pod->phase, cluster::PodPhase::kPending);
}

struct OwnerCase {
  std::string name;
  std::string meta;
  Owner want;
};
const OwnerCase kOwners[] = {
    {"ReplicaSetWithoutHash",
     R"("ownerReferences":[{"kind":"ReplicaSet","name":"web","controller":true}])",
     {"ReplicaSet", "web"}},
    {"ReplicaSetOfAnotherHash",
     R"("labels":{"pod-template-hash":"abc"},
        "ownerReferences":[{"kind":"ReplicaSet","name":"web-xyz","controller":true}])",
     {"ReplicaSet", "web-xyz"}},
    {"JobStays",
     R"("labels":{"batch.kubernetes.io/controller-uid":"u"},
        "ownerReferences":[{"kind":"Job","name":"train","controller":true}])",
     {"Job", "train"}},
    {"OwnerThatDoesNotControl", R"("ownerReferences":[{"kind":"Node","name":"n"}])", {}},
    {"TheControllerAmongOwners",
     R"("ownerReferences":[{"kind":"A","name":"a"},{"kind":"RayCluster","name":"r",
        "controller":true}])",
     {"RayCluster", "r"}},
};
class OwnerTest : public testing::TestWithParam<OwnerCase> {};
TEST_P(OwnerTest, Named) {
  const auto pod = DecodeText(DecodePod, R"({"metadata":{"name":"p",)" + GetParam().meta + "}}");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->owner, GetParam().want);
  EXPECT_EQ(cluster::Find(pod->labels, "batch.kubernetes.io/controller-uid"), "");
}
INSTANTIATE_TEST_SUITE_P(Table, OwnerTest, testing::ValuesIn(kOwners),
                         [](const auto& test) { return test.param.name; });

struct BadCase {
  std::string name;
  std::string json;
  std::string want;  // all of the message
};
const BadCase kBad[] = {
    {"NameIsNumber", R"({"metadata":{"namespace":"a","name":7}})",
     "Pod a/(unnamed): metadata.name: expected text, found a number"},
    {"NoName", R"({"metadata":{}})", "Pod (unnamed): metadata.name is missing"},
    {"SpecIsList", R"({"metadata":{"name":"p","namespace":"a"},"spec":[]})",
     "Pod a/p: spec: expected an object, found a list"},
    {"RequestIsWord",
     R"({"metadata":{"name":"p","namespace":"a"},"spec":{"containers":[{},
        {"resources":{"requests":{"nvidia.com/gpu":"many"}}}]}})",
     "Pod a/p: spec.containers[1].resources.requests[\"nvidia.com/gpu\"]: expected a whole number "
     "of devices, found \"many\""},
    {"HalfAGpu",
     R"({"metadata":{"name":"p"},"spec":{"containers":[
        {"resources":{"requests":{"nvidia.com/gpu":"500m"}}}]}})",
     "Pod p: spec.containers[0].resources.requests[\"nvidia.com/gpu\"]: expected a whole number of "
     "devices, found \"500m\""},
    {"NegativeCpu",
     R"({"metadata":{"name":"p"},"spec":{"containers":[{"resources":{"requests":{"cpu":"-1"}}}]}})",
     "Pod p: spec.containers[0].resources.requests.cpu: expected an amount of cpu, found \"-1\""},
    {"MoreThanAnyMachineHas",
     R"({"metadata":{"name":"p"},"spec":{"containers":[{"resources":{"requests":{"memory":"7Ei"}}}]}})",
     "Pod p: spec.containers[0].resources.requests.memory: expected an amount of memory, found "
     "\"7Ei\""},
    {"SumPast64Bits",
     R"({"metadata":{"name":"p"},"spec":{"containers":[
        {"resources":{"requests":{"memory":"900Pi"}}},{"resources":{"requests":{"memory":"900Pi"}}},
        {"resources":{"requests":{"memory":"900Pi"}}},{"resources":{"requests":{"memory":"900Pi"}}},
        {"resources":{"requests":{"memory":"900Pi"}}},{"resources":{"requests":{"memory":"900Pi"}}},
        {"resources":{"requests":{"memory":"900Pi"}}},{"resources":{"requests":{"memory":"900Pi"}}},
        {"resources":{"requests":{"memory":"900Pi"}}},{"resources":{"requests":{"memory":"900Pi"}}}]}})",
     "Pod p: the sum of memory is more than 64 bits hold"},
    {"TimeOfNoDay", R"({"metadata":{"name":"p","creationTimestamp":"yesterday"}})",
     "Pod p: metadata.creationTimestamp: expected a time as in 2026-11-21T13:20:41Z, found "
     "\"yesterday\""},
    {"TerminalCodesInText",
     "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"\\u001b[2J\\u0007\"}}",
     "Pod p: metadata.creationTimestamp: expected a time as in 2026-11-21T13:20:41Z, found "
     "\"?[2J?\""},
    {"PriorityPast32Bits", R"({"metadata":{"name":"p"},"spec":{"priority":4294967296}})",
     "Pod p: spec.priority: expected a priority of 32 bits, found 4294967296"},
    {"GateIsText", R"({"metadata":{"name":"p"},"spec":{"schedulingGates":["x"]}})",
     "Pod p: spec.schedulingGates[0]: expected an object, found text"},
};
class BadPodTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadPodTest, NamesObjectAndField) {
  const auto pod = DecodeText(DecodePod, GetParam().json);
  ASSERT_FALSE(pod);
  EXPECT_EQ(pod.error().message, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, BadPodTest, testing::ValuesIn(kBad),
                         [](const auto& test) { return test.param.name; });

TEST(DecodePod, FieldOrderDoesNotMatter) {
  const auto pod = DecodeText(DecodePod, R"({
    "status": {"phase": "Running"},
    "spec": {"containers": [{"resources": {"requests": {"nvidia.com/gpu": 2}}}]},
    "metadata": {"name": "p", "namespace": "n"}})");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->ns, "n");
  EXPECT_EQ(cluster::CountOf(pod->devices, "nvidia.com/gpu"), 2);
}

}  // namespace
}  // namespace tangram::adapter
