// Broken and hostile objects: every decoder either reads or refuses, and never crashes.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "adapter/decode_dra.h"
#include "adapter/decode_gang.h"
#include "adapter/decode_kueue.h"
#include "adapter/decode_node.h"
#include "adapter/decode_pod.h"
#include "adapter/decode_policy.h"
#include "adapter/decode_testing.h"
#include "adapter/node_gpus.h"

namespace tangram::adapter {
namespace {

struct Decoder {
  const char* name;
  std::function<std::string(std::string_view)> run;  // the error; empty: it was read
};

template <class Decode>
Decoder Named(const char* name, Decode decode) {
  return {name, [decode](std::string_view json) {
            const auto result = DecodeText(decode, json);
            return result ? std::string() : result.error().message;
          }};
}

std::vector<Decoder> Decoders() {
  return {Named("Pod", DecodePod),
          Named("Node", DecodeNode),
          Named("Namespace", DecodeNamespace),
          Named("Quota", DecodeQuota),
          Named("DisruptionBudget", DecodeDisruptionBudget),
          Named("PriorityClass", DecodePriorityClass),
          Named("Claim", DecodeClaim),
          Named("Slice", DecodeSlice),
          Named("DeviceClass", DecodeDeviceClass),
          Named("ClusterQueue", DecodeClusterQueue),
          Named("LocalQueue", DecodeLocalQueue),
          Named("Job", DecodeJob),
          Named("JobSet", DecodeJobSet),
          Named("PodGroup", DecodePodGroup),
          Named("VolcanoPodGroup", DecodeVolcanoPodGroup)};
}

// Holds every field that some decoder reads.
constexpr std::string_view kEverything = R"({"metadata":{"name":"x","namespace":"n","uid":"u",
 "creationTimestamp":"2026-11-21T00:00:00Z","labels":{"a":"b","nvidia.com/gpu.count":"2"},
 "annotations":{"tangram.dev/a":"b"},"ownerReferences":[{"kind":"Job","name":"j",
 "controller":true}]},"value":5,"preemptionPolicy":"Never","spec":{"nodeName":"n","priority":1,
 "providerID":"aws:///x","unschedulable":false,"taints":[{"key":"k","effect":"NoSchedule"}],
 "schedulingGates":[{"name":"g"}],"nodeSelector":{"a":"b"},"tolerations":[{"operator":"Exists"}],
 "overhead":{"cpu":"1m"},"resources":{"requests":{"cpu":"1"}},"containers":[{"env":[{"name":"A",
 "value":"s"}],"resources":{"requests":{"cpu":"1","memory":"1Gi","nvidia.com/gpu":"1"},"limits":
 {"nvidia.com/gpu":"1"}}}],"initContainers":[{"restartPolicy":"Always"}],"resourceClaims":[{
 "name":"c","resourceClaimName":"cc"}],"hard":{"requests.nvidia.com/gpu":"4"},"selector":{
 "matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]},
 "driver":"gpu.nvidia.com","pool":{"name":"n","generation":1,"resourceSliceCount":1},"devices":[{
 "name":"gpu-0","attributes":{"uuid":{"string":"GPU-1"},"i":{"int":1},"b":{"bool":true},"v":{"version":"1.0.0"}},
 "capacity":{"memory":{"value":"1Gi","requestPolicy":{}}},"allNodes":true,"bindingConditions":["x"],
 "consumesCounters":[{"counterSet":"s","counters":{"c":{"value":"1"}}}],"nodeName":"n",
 "taints":[{"key":"k","effect":"None"}],"allowMultipleAllocations":true}],"sharedCounters":[{
 "name":"s","counters":{"c":{"value":"1"}}}],"perDeviceNodeSelection":true,"selectors":[{"cel":{
 "expression":"true"}}],"extendedResourceName":"a/b",
 "parallelism":4,"completions":4,"minMember":4,"schedulingPolicy":{"gang":{"minCount":4}},
 "schedulingGroup":{"podGroupName":"g"},"template":{"metadata":{"labels":{"tangram.dev/gang":"g"}}},
 "startupPolicy":{"startupPolicyOrder":"InOrder"},"replicatedJobs":[{"replicas":2,"dependsOn":[{
 "name":"d"}],"template":{"spec":{"parallelism":2,"template":{"metadata":{"labels":{
 "tangram.dev/gang":"g"}}}}}}],
 "cohort":"c","clusterQueue":"q","resourceGroups":[{"flavors":[{"name":"f","resources":[{
 "name":"nvidia.com/gpu","nominalQuota":"1"}]}]}]},"status":{"phase":"Running","startTime":
 "2026-11-21T00:00:00Z","conditions":[{"type":"Ready","status":"True"}],"allocatable":{"cpu":"1",
 "memory":"1Gi","nvidia.com/gpu":"2"},"used":{"requests.nvidia.com/gpu":"1"},
 "disruptionsAllowed":1,"allocation":{"devices":{"results":[{"request":"r","driver":"d","pool":"p",
 "device":"x"}]}},"reservedFor":[{"resource":"pods","uid":"u"}],"pendingWorkloads":1,
 "flavorsUsage":[{"name":"f","resources":[{"name":"nvidia.com/gpu","total":"1"}]}]}})";

TEST(Hostile, RandomBytesInAnObject) {
  const std::vector<Decoder> decoders = Decoders();
  const std::string pieces = "{}[]\",:0123456789-.eE\\u \ntrufalsn\x80\xff\x01";
  std::mt19937 random(1);
  for (int round = 0; round < 4000; ++round) {
    std::string json(kEverything);
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t i = 0; i < changes; ++i) {
      json[random() % json.size()] = pieces[random() % pieces.size()];
    }
    if (random() % 8 == 0) json.resize(random() % json.size());
    for (const Decoder& decoder : decoders) {
      const std::string error = decoder.run(json);
      for (const char c : error) ASSERT_TRUE(c >= ' ' && c <= '~') << decoder.name << json;
    }
  }
}

// Each value in turn becomes one of another type: the decoder refuses it or never reads it.
TEST(Hostile, WrongTypesEverywhere) {
  const std::vector<Decoder> decoders = Decoders();
  const std::string json(kEverything);
  int refused = 0;
  for (std::size_t at = json.find(':'); at != std::string::npos; at = json.find(':', at + 1)) {
    const char next = json[at + 1];
    if (next != '{' && next != '[' && next != '"') continue;
    for (const char* other : {"7,\"_\":", "true,\"_\":", "null,\"_\":", "[],\"_\":", "{},\"_\":"}) {
      std::string changed = json;
      changed.insert(at + 1, other);
      for (const Decoder& decoder : decoders) refused += decoder.run(changed).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(Hostile, DeepNestingWhereNothingIsRead) {
  const std::string deep(800, '[');
  const std::string json =
      R"({"metadata":{"name":"x"},"spec":{"driver":"d","pool":{"name":"p"},"volumes":)" + deep +
      std::string(800, ']') + "}}";
  for (const Decoder& decoder : Decoders()) {
    const std::string error = decoder.run(json);
    EXPECT_TRUE(error.empty()) << decoder.name << ": " << error;
  }
}

TEST(Hostile, NodesOfRandomLabels) {
  const char* keys[] = {"nvidia.com/gpu.product",          "nvidia.com/gpu.count",
                        "nvidia.com/gpu.replicas",         "nvidia.com/gpu.memory",
                        "nvidia.com/mig.strategy",         "nvidia.com/mig-1g.5gb.count",
                        "nvidia.com/mig-3g.20gb.count",    "nvidia.com/mig-1g.5gb.replicas",
                        "nvidia.com/mig-.count",           "nvidia.com/gpu.sharing-strategy",
                        "cloud.google.com/gke-accelerator"};
  const char* values[] = {"",          "0",
                          "1",         "7",
                          "14",        "9223372036854775807",
                          "-1",        "mixed",
                          "single",    "x",
                          "mps",       "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED",
                          "nvidia-l4", "NVIDIA-A100-SXM4-40GB"};
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    cluster::Node node;
    node.name = "n";
    for (const char* key : keys) {
      if (random() % 2 == 0) node.labels.emplace_back(key, values[random() % std::size(values)]);
    }
    std::sort(node.labels.begin(), node.labels.end());
    for (const char* name : {"nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb"}) {
      const std::int64_t counts[] = {0, 1, 7, 28, std::int64_t{1} << 62};
      if (random() % 2 == 0) node.devices.push_back({name, counts[random() % 5]});
    }
    const NodeGpus read = GpusOf(node, nullptr);
    EXPECT_LE(read.gpus.size(), 64U);
    for (const cluster::Gpu& gpu : read.gpus) EXPECT_GE(gpu.replicas, 1);
  }
}

}  // namespace
}  // namespace tangram::adapter
