#include "adapter/decode_dra.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/decode_testing.h"
#include "adapter/dra_pools.h"
#include "base/time_text.h"

namespace tangram::adapter {
namespace {

using cluster::AllocatedDevice;
using cluster::AttributeType;
using cluster::Device;
using cluster::DeviceAttribute;
using cluster::DeviceConstraint;
using cluster::DeviceRequest;
using testing::ElementsAre;

TEST(DecodeClaim, ReadsRequestsAlternativesAndAllocation) {
  const auto claim = DecodeText(DecodeClaim, R"({
    "metadata": {"name": "b0-gpu-7xk2p", "namespace": "research", "uid": "c1",
      "annotations": {"resource.kubernetes.io/pod-claim-name": "gpu"}},
    "spec": {"devices": {"requests": [
      {"name": "g", "exactly": {"deviceClassName": "mig.nvidia.com", "allocationMode":
        "ExactCount", "count": 2, "selectors": [{"cel": {"expression":
        "device.attributes['gpu.nvidia.com'].profile == '1g.10gb'"}}]}},
      {"name": "alt", "firstAvailable": [
        {"name": "big", "deviceClassName": "gpu.nvidia.com", "allocationMode": "All"},
        {"name": "small", "deviceClassName": "mig.nvidia.com", "count": 1}]}],
      "constraints": [{"requests": ["g"], "matchAttribute": "resource.kubernetes.io/pcieRoot"}]}},
    "status": {"allocation": {"devices": {"results": [
        {"request": "alt/small", "driver": "gpu.nvidia.com", "pool": "h100-0",
         "device": "gpu-0-mig-1g10gb-19-0", "adminAccess": null},
        {"request": "watch", "driver": "gpu.nvidia.com", "pool": "h100-0", "device": "gpu-1",
         "adminAccess": true},
        {"request": "g", "driver": "gpu.nvidia.com", "pool": "h100-0", "device": "gpu-2",
         "shareID": "9b31", "consumedCapacity": {"memory": "10Gi"}}]},
        "nodeSelector": {"nodeSelectorTerms": []}},
      "reservedFor": [{"resource": "pods", "name": "b0", "uid": "u1"},
                      {"apiGroup": "x.io", "resource": "jobs", "name": "j", "uid": "u2"}]}})");
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_EQ(claim->uid, "c1");
  EXPECT_THAT(
      claim->requests,
      ElementsAre(DeviceRequest{"g",
                                "mig.nvidia.com",
                                {"device.attributes['gpu.nvidia.com'].profile == '1g.10gb'"},
                                2},
                  DeviceRequest{"alt/big", "gpu.nvidia.com", {}, 1, true},
                  DeviceRequest{"alt/small", "mig.nvidia.com", {}, 1, false}));
  EXPECT_THAT(
      claim->devices,
      ElementsAre(
          AllocatedDevice{"alt/small", "gpu.nvidia.com", "h100-0", "gpu-0-mig-1g10gb-19-0", false},
          AllocatedDevice{"watch", "gpu.nvidia.com", "h100-0", "gpu-1", true},
          AllocatedDevice{
              "g", "gpu.nvidia.com", "h100-0", "gpu-2", false, true, {{"memory", "10Gi"}}}));
  EXPECT_THAT(claim->reserved_for, ElementsAre("u1"));
  EXPECT_THAT(claim->constraints,
              ElementsAre(DeviceConstraint{{"g"}, "resource.kubernetes.io/pcieRoot", ""}));
  EXPECT_TRUE(claim->nodes.empty());
}

TEST(DecodeClaim, InlineRequestsOfV1beta1) {
  const auto claim = DecodeText(DecodeClaim, R"({"metadata": {"name": "c", "namespace": "n"},
    "spec": {"devices": {"requests": [{"name": "g", "deviceClassName": "gpu.nvidia.com",
      "allocationMode": "ExactCount", "count": 3}]}}})");
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_THAT(claim->requests, ElementsAre(DeviceRequest{"g", "gpu.nvidia.com", {}, 3, false}));
  EXPECT_TRUE(claim->devices.empty());
}

TEST(DecodeClaim, ReadsWhatDecidesWhichDevicesFit) {
  const auto claim = DecodeText(DecodeClaim, R"({"metadata": {"name": "c", "namespace": "n"},
    "spec": {"devices": {"requests": [{"name": "g", "exactly": {"deviceClassName": "gpu.nvidia.com",
      "adminAccess": true, "capacity": {"requests": {"memory": "10Gi", "cores": 2}},
      "tolerations": [{"key": "xid", "operator": "Exists"}, {"key": "slow", "value": "yes",
        "effect": "NoSchedule"}]}}],
      "constraints": [{"distinctAttribute": "a.io/rack"}, {"someOther": {}}]}},
    "status": {"allocation": {"nodeSelector": {"nodeSelectorTerms": [{"matchFields": [
      {"key": "metadata.name", "operator": "In", "values": ["h100-0"]}]}]}}}})");
  ASSERT_TRUE(claim) << claim.error().message;
  DeviceRequest wanted{"g", "gpu.nvidia.com", {}, 1, false, true};
  wanted.tolerations = {{"xid", "Exists", "", ""}, {"slow", "Equal", "yes", "NoSchedule"}};
  wanted.capacity = {{"cores", "2"}, {"memory", "10Gi"}};
  EXPECT_THAT(claim->requests, ElementsAre(wanted));
  EXPECT_THAT(claim->constraints,
              ElementsAre(DeviceConstraint{{}, "", "a.io/rack"}, DeviceConstraint{}));
  EXPECT_THAT(claim->nodes,
              ElementsAre(cluster::NodeTerm{{}, {{"metadata.name", "In", {"h100-0"}}}}));
}

TEST(DecodeClaim, ACountBelowOneIsAFault) {
  const auto claim = DecodeText(DecodeClaim, R"({"metadata": {"name": "c", "namespace": "n"},
    "spec": {"devices": {"requests": [{"name": "g", "exactly": {"count": 0}}]}}})");
  ASSERT_FALSE(claim);
  EXPECT_EQ(claim.error().message,
            "ResourceClaim n/c: spec.devices.requests[0].exactly.count: expected a count of at "
            "least 1, found 0");
}

TEST(DecodeSlice, ReadsNvidiasDevices) {
  const auto slice = DecodeText(DecodeSlice, R"({
    "metadata": {"name": "h100-0-gpu.nvidia.com-abc", "generateName": "h100-0-"},
    "spec": {"driver": "gpu.nvidia.com", "nodeName": "h100-0",
      "pool": {"name": "h100-0", "generation": 3, "resourceSliceCount": 2},
      "devices": [
        {"name": "gpu-0", "attributes": {
           "type": {"string": "gpu"}, "gpu.nvidia.com/uuid": {"string": "GPU-aa"},
           "productName": {"string": "NVIDIA H100 80GB HBM3"},
           "cudaComputeCapability": {"version": "9.0.0"}, "other.io/uuid": {"string": "no"},
           "resource.kubernetes.io/pcieRoot": {"string": "pci0000:00"}},
         "capacity": {"memory": {"value": "81559Mi"}},
         "consumesCounters": [{"counterSet": "gpu-0-counter-set", "counters":
           {"memory-slice-0": {"value": "1"}}}]},
        {"name": "gpu-0-mig-1g10gb-19-3", "attributes": {"type": {"string": "mig"},
           "profile": {"string": "1g.10gb"}, "parentUUID": {"string": "GPU-aa"}},
         "capacity": {"memory": {"value": "9984Mi"}, "multiprocessors": {"value": "16"}}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  EXPECT_EQ(slice->pool, "h100-0");
  EXPECT_EQ(slice->generation, 3);
  EXPECT_EQ(slice->pool_slices, 2);
  EXPECT_EQ(slice->reach, cluster::NodeReach{.node = "h100-0"});
  ASSERT_EQ(slice->devices.size(), 2u);
  EXPECT_EQ(slice->devices[0],
            (Device{"gpu-0",
                    {{"type", AttributeType::kString, "gpu"},
                     {"gpu.nvidia.com/uuid", AttributeType::kString, "GPU-aa"},
                     {"productName", AttributeType::kString, "NVIDIA H100 80GB HBM3"},
                     {"cudaComputeCapability", AttributeType::kVersion, "9.0.0"},
                     {"other.io/uuid", AttributeType::kString, "no"},
                     {"resource.kubernetes.io/pcieRoot", AttributeType::kString, "pci0000:00"}},
                    {{"memory", "81559Mi"}},
                    {{"gpu-0-counter-set", {{"memory-slice-0", 1000}}}},
                    {},
                    false,
                    false,
                    {}}));
  EXPECT_EQ(
      ReadNvidiaDevice(slice->devices[0]),
      (SliceDevice{"gpu-0", "gpu", "GPU-aa", "", "NVIDIA H100 80GB HBM3", "", base::MiB(81559)}));
  EXPECT_EQ(
      ReadNvidiaDevice(slice->devices[1]),
      (SliceDevice{"gpu-0-mig-1g10gb-19-3", "mig", "", "GPU-aa", "", "1g.10gb", base::MiB(9984)}));
}

TEST(DecodeSlice, ReadsWhatDecidesWhoMayUseADevice) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "a.io", "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
    "perDeviceNodeSelection": true, "devices": [
      {"name": "x", "allNodes": true, "allowMultipleAllocations": true,
       "bindingConditions": ["a.io/ready"],
       "attributes": {"count": {"int": -3}, "ok": {"bool": true}, "odd": {"strings": ["a"]}},
       "capacity": {"memory": {"value": "80Gi", "requestPolicy": {"default": "1Gi",
         "validRange": {"min": "1Gi", "max": "40Gi", "step": "512Mi"}}},
         "slots": {"value": "8", "requestPolicy": {"validValues": ["1", "2"]}}},
       "taints": [{"key": "xid", "value": "79", "effect": "NoSchedule"}]},
      {"name": "y", "nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "rack", "operator": "In", "values": ["r1"]}]}]}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  EXPECT_TRUE(slice->reach_by_device);
  const Device& x = slice->devices[0];
  EXPECT_TRUE(x.reach.all_nodes && x.shared_by_capacity && x.has_binding_conditions);
  EXPECT_THAT(x.attributes, ElementsAre(DeviceAttribute{"count", AttributeType::kInt, "-3"},
                                        DeviceAttribute{"ok", AttributeType::kBool, "true"},
                                        DeviceAttribute{"odd", AttributeType::kList, ""}));
  EXPECT_THAT(x.capacity,
              ElementsAre(
                  cluster::DeviceCapacity{
                      "memory",
                      "80Gi",
                      {{.fallback = "1Gi", .min = "1Gi", .max = "40Gi", .step = "512Mi"}}},
                  cluster::DeviceCapacity{"slots", "8", {{.values = {"1", "2"}}}}));
  EXPECT_THAT(x.taints, ElementsAre(cluster::Taint{"xid", "79", "NoSchedule"}));
  EXPECT_THAT(slice->devices[1].reach.nodes,
              ElementsAre(cluster::NodeTerm{{{"rack", "In", {"r1"}}}, {}}));
}

TEST(DecodeSlice, ACounterThatIsNoAmountIsAFault) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "a.io", "pool": {"name": "p"}, "sharedCounters": [{"name": "c", "counters":
    {"memory": {"value": "-1"}}}]}})");
  ASSERT_FALSE(slice);
  EXPECT_EQ(slice.error().message,
            "ResourceSlice s: spec.sharedCounters[0].counters.memory.value: expected an amount, "
            "found \"-1\"");
}

TEST(DecodeDeviceClass, ReadsSelectorsAndExtendedResource) {
  const auto read = DecodeText(DecodeDeviceClass, R"({"metadata": {"name": "gpu.nvidia.com",
    "creationTimestamp": "2026-11-21T12:00:00Z"},
    "spec": {"selectors": [{"cel": {"expression": "device.driver == 'gpu.nvidia.com'"}}],
             "extendedResourceName": "example.com/gpu"}})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, (cluster::DeviceClass{"gpu.nvidia.com",
                                         {"device.driver == 'gpu.nvidia.com'"},
                                         "example.com/gpu",
                                         *base::ParseTime("2026-11-21T12:00:00Z")}));
}

TEST(DecodeSlice, BasicDevicesOfV1beta1) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "gpu.nvidia.com", "nodeName": "n", "pool": {"name": "n", "generation": 1,
    "resourceSliceCount": 1}, "devices": [{"name": "gpu-1", "basic": {"attributes":
    {"uuid": {"string": "GPU-bb"}}, "capacity": {"memory": {"value": "24Gi"}}}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  ASSERT_EQ(slice->devices.size(), 1u);
  EXPECT_EQ(ReadNvidiaDevice(slice->devices[0]),
            (SliceDevice{"gpu-1", "", "GPU-bb", "", "", "", base::MiB(24576)}));
}

TEST(DecodeSlice, SharedCountersAlone) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "gpu.nvidia.com", "nodeName": "n", "pool": {"name": "n", "generation": 1,
    "resourceSliceCount": 2}, "sharedCounters": [{"name": "gpu-0-counter-set", "counters":
    {"memory": {"value": "80Gi"}}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  EXPECT_TRUE(slice->devices.empty());
  EXPECT_THAT(slice->counters, ElementsAre(cluster::CounterSet{"gpu-0-counter-set",
                                                               {{"memory", 85'899'345'920'000}}}));
}

}  // namespace
}  // namespace tangram::adapter
