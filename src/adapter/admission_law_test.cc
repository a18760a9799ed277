// The contract of admission (docs/admission.md), for any pod in any cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "adapter/admission.h"
#include "adapter/admission_checker_testing.h"
#include "adapter/admission_testing.h"
#include "adapter/decode_pod.h"
#include "base/sanitized_testing.h"
#include "cluster/schedulable.h"
#include "cluster/testing/random_snapshot.h"

namespace tangram::adapter {
namespace {

using cluster::GpuClass;
using nlohmann::json;
using testing::AdmissionChecker;
using testing::CardNode;
using testing::Class;
using testing::IndexOf;
using testing::kA100;
using testing::ParseOrNull;
using testing::PatchedPod;
using testing::PodJson;
using testing::ReviewOf;

class PodMaker {
 public:
  explicit PodMaker(std::uint64_t seed) : random_(seed) {}

  json Make(const std::vector<GpuClass>& classes) {
    json pod = PodJson(classes[Below(classes.size())].name);
    json& spec = pod["spec"];
    if (Below(2) == 0) pod["metadata"]["annotations"] = {{"a/b~c", "d"}};
    if (Below(4) == 0) pod["metadata"]["annotations"]["tangram.dev/gpu-memory"] = "12Gi";
    if (Below(4) == 0) pod["metadata"]["labels"]["tangram.dev/isolation"] = "Exclusive";
    if (Below(3) == 0) spec["schedulingGates"] = json::parse(R"([{"name": "x/y"}])");
    if (Below(3) == 0) spec["tolerations"] = json::parse(R"([{"operator": "Exists"}])");
    if (Below(3) == 0) spec["affinity"] = Affinity();
    if (Below(3) == 0) spec["priority"] = 0, spec["preemptionPolicy"] = "PreemptLowerPriority";
    if (Below(3) == 0) spec["nodeSelector"] = {{"nvidia.com/gpu.product", kA100}};
    if (Below(3) == 0) spec["initContainers"] = json::parse(R"([{"name": "i"}])");
    if (Below(4) == 0)
      spec["containers"][0]["resources"] = json::parse(R"({"limits": {"cpu": 1}})");
    if (Below(4) == 0) spec["containers"][0]["resources"] = json::object();
    if (Below(4) == 0) spec["containers"][0].erase("env");
    return pod;
  }

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }

 private:
  json Affinity() {
    static const std::vector<std::string> kForms = {
        R"({})", R"({"podAntiAffinity": {}})", R"({"nodeAffinity": {}})",
        R"({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
             {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]},
             {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}, {}]}}})"};
    return json::parse(kForms[Below(kForms.size())]);
  }

  std::mt19937_64 random_;
};

bool HasInstances(const cluster::Node& node) {
  return std::any_of(node.gpus.begin(), node.gpus.end(),
                     [](const cluster::Gpu& gpu) { return !gpu.instances.empty(); });
}

// Whether a node that admits the pod gives it less than its class says. A reading of its own: cards
// and instances of the snapshot, not the index.
std::string LessThanAsked(const cluster::Snapshot& snapshot, const json& patched, bool exclusive) {
  const std::string text = patched.dump();
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  EXPECT_EQ(parser.iterate(padded).get(document), simdjson::SUCCESS);
  EXPECT_EQ(document.get_object().get(object), simdjson::SUCCESS);
  const auto pod = DecodeNewPod(object);
  EXPECT_TRUE(pod.has_value());
  for (const cluster::Node& node : snapshot.nodes) {
    for (const auto& [resource, count] : pod->devices) {
      if (cluster::CountOf(node.devices, resource) == 0 || !cluster::Admits(node, *pod)) continue;
      if (resource.ends_with(".shared")) return node.name + " shares " + resource;
      const bool card = resource == "nvidia.com/gpu";
      for (const cluster::Gpu& gpu : node.gpus) {
        if (card && gpu.replicas > 1) return node.name + " shares its cards";
      }
      const bool cut = node.mig_strategy == cluster::MigStrategy::kSingle;
      if (exclusive && (!card || (cut && HasInstances(node))))
        return node.name + " gives an instance";
    }
  }
  return "";
}

TEST(AdmissionLaw, OfAnyPodInAnyCluster) {
  const int seeds = base::kSanitized ? 8 : 80;
  base::ManualClock clock;
  int patched = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    PodMaker make(static_cast<std::uint64_t>(seed));
    cluster::Snapshot snapshot = cluster::RandomSnapshot(static_cast<std::uint64_t>(seed));
    snapshot.nodes.push_back(CardNode("zz-a", 2));
    snapshot.nodes.push_back(CardNode("zz-b", 2, 1 + static_cast<int>(make.Below(4))));
    const std::vector<GpuClass> classes = {Class("any", 0),
                                           Class("mine", 4, GpuClass::Isolation::kExclusive),
                                           Class("share", 2, GpuClass::Isolation::kShared)};
    Admission admission({}, clock);
    admission.SetIndex(IndexOf(snapshot, classes));
    for (int i = 0; i < 5; ++i) {
      const json pod = make.Make(classes);
      const json response = ParseOrNull(admission.Review(ReviewOf(pod).dump()).body)["response"];
      ASSERT_TRUE(response.is_object());
      if (response["allowed"] != true || !response.contains("patch")) continue;
      ++patched;
      const json after = PatchedPod(pod, response);
      ASSERT_EQ(AdmissionChecker().Check(pod, after), "") << seed << pod.dump(1) << after.dump(1);
      const json again = ParseOrNull(admission.Review(ReviewOf(after).dump()).body)["response"];
      EXPECT_FALSE(again.contains("patch")) << "not idempotent: " << seed;
      const std::string name = pod["metadata"]["labels"]["tangram.dev/gpu-class"];
      const bool exclusive =
          name == "mine" || pod["metadata"]["labels"].contains("tangram.dev/isolation");
      if (name != "share" || exclusive) {
        EXPECT_EQ(LessThanAsked(snapshot, after, exclusive), "") << seed << after.dump(1);
      }
    }
  }
  EXPECT_GT(patched, seeds * 2);
}

}  // namespace
}  // namespace tangram::adapter
