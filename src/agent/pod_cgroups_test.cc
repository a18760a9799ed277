#include "agent/pod_cgroups.h"

#include <gmock/gmock.h>

#include "base/file_testing.h"

namespace tangram::agent {
namespace {

using ::testing::HasSubstr;

constexpr const char* kUid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

class PodCgroupsTest : public base::testing::InFolder {};

TEST_F(PodCgroupsTest, AreFoundUnderEitherDriver) {
  for (const std::string& folder :
       {std::string("kubepods.slice/kubepods-burstable.slice/"
                    "kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice"),
        std::string("kubepods.slice/kubepods-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice"),
        std::string("kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
                    "kubelet-kubepods-besteffort-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice"),
        std::string("kubepods/besteffort/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
        std::string("kubepods/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")}) {
    std::filesystem::create_directories(Path(folder));
    PodCgroups cgroups(Path(""));
    EXPECT_TRUE(cgroups.Of(kUid).ends_with(folder)) << folder;
    std::filesystem::remove_all(Path(folder));
    EXPECT_EQ(cgroups.Of(kUid), "") << "it went";
  }
}

TEST_F(PodCgroupsTest, WhatIsNoPodsIsNotLookedInto) {
  std::filesystem::create_directories(
      Path("system.slice/kubepods/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"));
  std::filesystem::create_directories(Path("kubepods/pod1"));
  EXPECT_EQ(PodCgroups(Path("")).Of(kUid), "");
  EXPECT_EQ(PodCgroups(Path("")).Of(""), "");
  EXPECT_EQ(PodCgroups(Path("gone")).Of(kUid), "");
}

TEST_F(PodCgroupsTest, OnlyVersionTwo) {
  EXPECT_THAT(PodCgroups(Path("")).Trouble(), HasSubstr("--cgroup-root"));
  Write("cgroup.controllers", "memory\n");
  EXPECT_EQ(PodCgroups(Path("")).Trouble(), "");
}

}  // namespace
}  // namespace tangram::agent
