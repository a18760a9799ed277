#include "agent/cgroup.h"

#include <gtest/gtest.h>

#include <random>

namespace tangram::agent {
namespace {

const std::string kUid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const std::string kSlice = "0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0";
const std::string kId = std::string(60, 'a') + "0123";
const std::string kOther = std::string(64, 'b');
const std::string kOtherUid = "ffffffff-4b5a-6978-8796-a5b4c3d2e1f0";

struct CgroupCase {
  std::string name;
  std::string text;
  std::optional<CgroupPlace> want;
};

const CgroupCase kCases[] = {
    {"V2SystemdContainerd",
     "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kSlice +
         ".slice/cri-containerd-" + kId + ".scope\n",
     CgroupPlace{kUid, kId}},
    {"V2SystemdCrioGuaranteed",
     "0::/kubepods.slice/kubepods-pod" + kSlice + ".slice/crio-" + kId + ".scope",
     CgroupPlace{kUid, kId}},
    {"V2BelowTheContainer",
     "0::/kubepods.slice/kubepods-pod" + kSlice + ".slice/crio-" + kId + ".scope/init.scope/x",
     CgroupPlace{kUid, kId}},
    {"V2CgroupfsContainerd", "0::/kubepods/besteffort/pod" + kUid + "/" + kId,
     CgroupPlace{kUid, kId}},
    {"StaticPod", "0::/kubepods/pod" + std::string(32, 'c') + "/" + kId,
     CgroupPlace{std::string(32, 'c'), kId}},
    {"V2Kind",
     "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + kSlice +
         ".slice/cri-containerd-" + kId + ".scope",
     CgroupPlace{kUid, kId}},
    {"V2OurOwnNamespace",
     "0::/../../kubepods-besteffort.slice/kubepods-besteffort-pod" + kSlice +
         ".slice/cri-containerd-" + kId + ".scope",
     CgroupPlace{kUid, kId}},
    {"V2ContainerOfOurOwnPod", "0::/../cri-containerd-" + kId + ".scope", CgroupPlace{"", kId}},
    {"V2OurOwnContainer", "0::/", std::nullopt},
    {"V1Cgroupfs",
     "12:pids:/kubepods/burstable/pod" + kUid + "/" + kId +
         "\n11:cpu,cpuacct:/kubepods/burstable/pod" + kUid + "/" + kId +
         "\n1:name=systemd:/\n0::/\n",
     CgroupPlace{kUid, kId}},
    {"V1ContainerdWithoutSystemd",
     "3:memory:/system.slice/containerd.service/kubepods-burstable-pod" + kSlice +
         ".slice:cri-containerd:" + kId,
     CgroupPlace{kUid, kId}},
    {"V1Docker",
     "4:devices:/kubepods.slice/kubepods-pod" + kSlice + ".slice/docker-" + kId + ".scope",
     CgroupPlace{kUid, kId}},
    {"PodButNoContainer", "0::/kubepods/pod" + kUid + "/conmon", CgroupPlace{kUid, ""}},
    {"Conmon", "0::/kubepods.slice/kubepods-pod" + kSlice + ".slice/crio-conmon-" + kId + ".scope",
     CgroupPlace{kUid, ""}},
    {"Host", "0::/system.slice/nvidia-persistenced.service\n", std::nullopt},
    {"DockerWithoutKubernetes", "0::/system.slice/docker-" + kId + ".scope", std::nullopt},
    // A container that may make cgroups names them as another pod's.
    {"AnotherPodsNameBelow",
     "0::/kubepods/pod" + kUid + "/" + kId + "/kubepods/pod" + kOtherUid + "/" + kOther,
     CgroupPlace{kUid, kId}},
    {"AnotherPodsNameInPlaceOfTheContainer",
     "0::/kubepods/pod" + kUid + "/pod" + kOtherUid + "/" + kOther, CgroupPlace{kUid, ""}},
    {"BesideUs", "0::/../pod" + kOtherUid + "x/" + kOther, std::nullopt},
    {"UidWithALetterTooMany", "0::/kubepods/pod" + kUid + "0/" + kId, std::nullopt},
    {"UidWithOtherLetters", "0::/kubepods/pod" + std::string(36, 'z') + "/" + kId, std::nullopt},
    {"IdTooShort", "0::/kubepods/pod" + kUid + "/abc", CgroupPlace{kUid, ""}},
    {"Empty", "", std::nullopt},
    {"NoColon", "/kubepods/pod" + kUid, std::nullopt},
    {"Rubbish", std::string("\0\xff::::/../..//pod/.slice:", 24), std::nullopt},
};

class CgroupTest : public ::testing::TestWithParam<CgroupCase> {};
TEST_P(CgroupTest, SaysWhereTheProcessIs) {
  EXPECT_EQ(ParseCgroup(GetParam().text), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, CgroupTest, ::testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

// Whatever is cut out, put in or changed: an answer is of the right form, or none.
TEST(Cgroup, AnyInputIsSafe) {
  std::mt19937 random(1);
  const std::string letters = "/:-_.\nkubepods.slice0f" + kUid;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = kCases[random() % std::size(kCases)].text;
    for (int edits = static_cast<int>(random() % 6); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = letters[random() % letters.size()];
          break;
        case 1:
          text.erase(at, random() % 40);
          break;
        default:
          text.insert(at, letters.substr(random() % letters.size()));
      }
    }
    const auto place = ParseCgroup(text);
    if (!place) continue;
    ASSERT_FALSE(place->pod_uid.empty() && place->container_id.empty()) << text;
    ASSERT_TRUE(place->container_id.empty() || place->container_id.size() == 64) << text;
    const std::size_t digits = place->pod_uid.size();
    ASSERT_TRUE(digits == 0 || digits == 32 || digits == 36) << text;
  }
}

}  // namespace
}  // namespace tangram::agent
