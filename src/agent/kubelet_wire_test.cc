#include "agent/kubelet_wire.h"

#include <gmock/gmock.h>

#include <random>

#include "agent/testing/wire.h"

namespace tangram::agent {
namespace {

using testing::Claim;
using testing::Container;
using testing::Devices;
using ::testing::ElementsAre;
using testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Number;
using testing::Pod;

std::string Whole() {
  return Pod("ns", "whole", Container("main", Devices("nvidia.com/gpu", "GPU-a", "GPU-b"))) +
         Pod("ns", "shared",
             Container("main", Devices("nvidia.com/gpu.shared", "GPU-c::3") +
                                   Devices("example.com/nic", "eth1"))) +
         Pod("other", "claims",
             Container("one", Claim("gpu.nvidia.com", "gpu-0", "k8s.gpu.nvidia.com/claim=u-gpu-0") +
                                  Claim("nic.example.com", "eth0", "x=y")));
}

TEST(KubeletWire, ReadsNvidiasDevices) {
  const auto read = DecodePodResources(Whole());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(
      read->plugin,
      ElementsAre(PluginDevices{{"ns", "whole", "main"}, "nvidia.com/gpu", {"GPU-a", "GPU-b"}},
                  PluginDevices{{"ns", "shared", "main"}, "nvidia.com/gpu.shared", {"GPU-c::3"}}));
  EXPECT_THAT(read->claimed, ElementsAre(ClaimedDevice{{"other", "claims", "one"},
                                                       "claim",
                                                       "gpu.nvidia.com",
                                                       "gpu-0",
                                                       {"k8s.gpu.nvidia.com/claim=u-gpu-0"}}));
}

TEST(KubeletWire, NothingIsAnAnswer) {
  const auto read = DecodePodResources("");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, PodDevices{});
}

TEST(KubeletWire, FieldsInAnyOrderAndUnknownOnes) {
  const std::string container = Field(
      3, Devices("nvidia.com/gpu", "GPU-a") + Field(99, "new") + Number(98, 7) + Field(1, "main"));
  const auto read =
      DecodePodResources(Field(7, "x") + Field(1, container + Field(2, "ns") + Field(1, "late")));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->plugin,
              ElementsAre(PluginDevices{{"ns", "late", "main"}, "nvidia.com/gpu", {"GPU-a"}}));
}

TEST(KubeletWire, WhatIsCutShortIsRefused) {
  const std::string whole = Whole();
  int refused = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto read = DecodePodResources(std::string_view(whole).substr(0, size));
    if (!read) {
      ++refused;
      EXPECT_THAT(read.error().message, HasSubstr("no ListPodResourcesResponse"));
    }
  }
  EXPECT_EQ(refused, static_cast<int>(whole.size()) - 3);  // but between two pods
}

TEST(KubeletWire, LiesAboutLengthsAreRefused) {
  EXPECT_FALSE(DecodePodResources("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_FALSE(DecodePodResources("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
  EXPECT_FALSE(DecodePodResources("\x0a\x05"));
  EXPECT_FALSE(DecodePodResources("\x0b"));  // a group: gone from proto3
  EXPECT_FALSE(DecodePodResources("<html>"));
}

TEST(KubeletWire, AnyInputIsSafe) {
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = Whole();
    for (int edits = 1 + static_cast<int>(random() % 5); edits > 0 && !bytes.empty(); --edits) {
      const std::size_t at = random() % bytes.size();
      if (random() % 2 == 0) {
        bytes[at] = static_cast<char>(random());
      } else {
        bytes.erase(at, random() % 20);
      }
    }
    const auto read = DecodePodResources(bytes);
    if (!read) continue;
    ASSERT_LE(read->plugin.size() + read->claimed.size(), bytes.size());
  }
}

}  // namespace
}  // namespace tangram::agent
