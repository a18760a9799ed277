#include "adapter/live/cluster_policy.h"

#include <gmock/gmock.h>

namespace tangram::adapter {
namespace {

const MigLayoutsIn kLayouts{"gpu-operator", "tangram-mig-layouts"};
const SharingConfigsIn kSharing{"gpu-operator", "tangram-device-plugin", "default"};

std::string List(const std::string& spec) {
  return R"({"kind":"ClusterPolicyList","items":[{"metadata":{"name":"cluster-policy"},"spec":)" +
         spec + "}]}";
}

TEST(UnseenByTest, WhatIsNamedIsSeen) {
  const auto unseen = UnseenBy(
      List(R"({"migManager":{"config":{"name":"tangram-mig-layouts"}},)"
           R"("devicePlugin":{"config":{"name":"tangram-device-plugin","default":"default"}}})"),
      kLayouts, kSharing);
  EXPECT_EQ(unseen, control::Unseen{});
}

TEST(UnseenByTest, AnotherNameAndNoneSayWhatToDo) {
  const auto unseen =
      UnseenBy(List(R"({"migManager":{"config":{"name":"theirs"}}})"), kLayouts, kSharing);
  EXPECT_EQ(unseen.layouts,
            "of the ConfigMap that mig-manager reads, ClusterPolicy cluster-policy names theirs, "
            "and Tangram writes to gpu-operator/tangram-mig-layouts: name that in "
            "spec.migManager.config.name, or set migManager.configMap of the chart to theirs");
  EXPECT_EQ(unseen.sharing,
            "of the ConfigMap that the device plugin reads, ClusterPolicy cluster-policy names "
            "none, and Tangram writes to gpu-operator/tangram-device-plugin: name that in "
            "spec.devicePlugin.config.name");
}

TEST(UnseenByTest, OnlyWhatWeWrite) { EXPECT_EQ(UnseenBy(List("{}"), {}, {}), control::Unseen{}); }

TEST(UnseenByTest, WithoutClusterPolicyNobodyKnows) {
  for (const char* text : {R"({"items":[]})", "", "[]", R"({"items":{}})", "<html>"}) {
    EXPECT_EQ(UnseenBy(text, kLayouts, kSharing), control::Unseen{}) << text;
  }
  for (const char* spec : {"null", "7", R"({"migManager":{"config":[]}})"}) {
    EXPECT_NE(UnseenBy(List(spec), kLayouts, kSharing).layouts, "") << spec;
  }
}

}  // namespace
}  // namespace tangram::adapter
