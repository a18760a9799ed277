#include "adapter/decode_dra.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/decode_testing.h"

namespace tangram::adapter {
namespace {

using cluster::AllocatedDevice;
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
         "adminAccess": true}]},
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
                                2,
                                false},
                  DeviceRequest{"alt/big", "gpu.nvidia.com", {}, 1, true},
                  DeviceRequest{"alt/small", "mig.nvidia.com", {}, 1, false}));
  EXPECT_THAT(claim->devices,
              ElementsAre(AllocatedDevice{"alt/small", "gpu.nvidia.com", "h100-0",
                                          "gpu-0-mig-1g10gb-19-0", false},
                          AllocatedDevice{"watch", "gpu.nvidia.com", "h100-0", "gpu-1", true}));
  EXPECT_THAT(claim->reserved_for, ElementsAre("u1"));
}

TEST(DecodeClaim, InlineRequestsOfV1beta1) {
  const auto claim = DecodeText(DecodeClaim, R"({"metadata": {"name": "c", "namespace": "n"},
    "spec": {"devices": {"requests": [{"name": "g", "deviceClassName": "gpu.nvidia.com",
      "allocationMode": "ExactCount", "count": 3}]}}})");
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_THAT(claim->requests, ElementsAre(DeviceRequest{"g", "gpu.nvidia.com", {}, 3, false}));
  EXPECT_TRUE(claim->devices.empty());
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
  EXPECT_THAT(slice->devices,
              ElementsAre(SliceDevice{"gpu-0", "gpu", "GPU-aa", "", "NVIDIA H100 80GB HBM3", "",
                                      base::MiB(81559)},
                          SliceDevice{"gpu-0-mig-1g10gb-19-3", "mig", "", "GPU-aa", "", "1g.10gb",
                                      base::MiB(9984)}));
}

TEST(DecodeSlice, BasicDevicesOfV1beta1) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "gpu.nvidia.com", "nodeName": "n", "pool": {"name": "n", "generation": 1,
    "resourceSliceCount": 1}, "devices": [{"name": "gpu-1", "basic": {"attributes":
    {"uuid": {"string": "GPU-bb"}}, "capacity": {"memory": {"value": "24Gi"}}}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  EXPECT_THAT(slice->devices,
              ElementsAre(SliceDevice{"gpu-1", "", "GPU-bb", "", "", "", base::MiB(24576)}));
}

TEST(DecodeSlice, SharedCountersAlone) {
  const auto slice = DecodeText(DecodeSlice, R"({"metadata": {"name": "s"}, "spec": {
    "driver": "gpu.nvidia.com", "nodeName": "n", "pool": {"name": "n", "generation": 1,
    "resourceSliceCount": 2}, "sharedCounters": [{"name": "gpu-0-counter-set", "counters":
    {"memory": {"value": "80Gi"}}}]}})");
  ASSERT_TRUE(slice) << slice.error().message;
  EXPECT_TRUE(slice->devices.empty());
}

}  // namespace
}  // namespace tangram::adapter
