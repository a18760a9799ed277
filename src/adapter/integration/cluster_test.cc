// Against a real API server and Prometheus: the folder of a testbed (testbed/README.md) in
// TANGRAM_TESTBED, made from testbed/clusters/small.yaml. integration/run.sh brings one up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "adapter/adapter.h"
#include "cluster/file_form.h"

namespace tangram::adapter {
namespace {

using cluster::Gpu;
using cluster::LayoutSource;
using cluster::Node;
using cluster::Pod;
using cluster::Snapshot;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class IntegrationTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* dir = std::getenv("TANGRAM_TESTBED");
    if (dir == nullptr) {
      GTEST_SKIP() << "TANGRAM_TESTBED is not set: src/adapter/integration/run.sh brings a testbed "
                      "up and runs these tests";
    }
    dir_ = dir;
  }

  // The value of NAME= in the testbed's env.
  std::string Env(const std::string& name) const {
    std::ifstream file(dir_ + "/env");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    }
    return "";
  }

  SnapshotRequest RequestWith(const std::string& kubeconfig) const {
    SnapshotRequest request;
    request.cluster.kubeconfig = dir_ + "/" + kubeconfig;
    request.usage = NoUsage{};
    request.window = std::chrono::hours(36);
    return request;
  }

  // Taken once for all tests: reading a window takes a while.
  const base::Result<Snapshot>& TakeWithUsage() const {
    if (with_usage_ == nullptr) {
      SnapshotRequest request = RequestWith("kubeconfig");
      telemetry::PrometheusUrl where;
      where.url = Env("PROMETHEUS");
      request.usage = where;
      with_usage_ = std::make_unique<base::Result<Snapshot>>(TakeSnapshot(request, clock_));
    }
    return *with_usage_;
  }
  static void TearDownTestSuite() { with_usage_.reset(); }

  std::string dir_;
  base::SystemClock clock_;
  inline static std::unique_ptr<base::Result<Snapshot>> with_usage_;
};

const Node& NodeNamed(const Snapshot& snapshot, const std::string& name) {
  const auto found = std::find_if(snapshot.nodes.begin(), snapshot.nodes.end(),
                                  [&](const Node& node) { return node.name == name; });
  EXPECT_NE(found, snapshot.nodes.end()) << name;
  return *found;
}

const Pod& PodOf(const Snapshot& snapshot, const std::string& prefix) {
  const auto found = std::find_if(snapshot.pods.begin(), snapshot.pods.end(),
                                  [&](const Pod& pod) { return pod.name.starts_with(prefix); });
  EXPECT_NE(found, snapshot.pods.end()) << prefix;
  return *found;
}

// "1g.5gb x7", "2g.10gb x1 3g.20gb x1", ... of one card.
std::string Profiles(const Gpu& gpu) {
  std::map<std::string, int> counts;
  for (const cluster::Instance& instance : gpu.instances) ++counts[instance.profile];
  std::string text;
  for (const auto& [profile, count] : counts) {
    text += (text.empty() ? "" : " ") + profile + " x" + std::to_string(count);
  }
  return text;
}

std::string Gaps(const Snapshot& snapshot) {
  std::string text;
  for (const cluster::Gap& gap : snapshot.gaps) text += gap.what + ": " + gap.why + "\n";
  return text;
}

TEST_F(IntegrationTest, ReadsEveryNode) {
  const auto snapshot = TakeSnapshot(RequestWith("kubeconfig-viewer"), clock_);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ(Gaps(*snapshot), "");
  ASSERT_THAT(snapshot->nodes, SizeIs(7));

  const Node& mig = NodeNamed(*snapshot, "a100-mig-0");
  ASSERT_THAT(mig.gpus, SizeIs(4));
  EXPECT_EQ(mig.mig_strategy, cluster::MigStrategy::kMixed);
  EXPECT_EQ(mig.cloud, "aws");
  EXPECT_EQ(mig.region, "us-east-1");
  EXPECT_EQ(mig.instance_type, "p4d.24xlarge");
  EXPECT_EQ(mig.gpus[0].product, "NVIDIA-A100-SXM4-40GB");
  EXPECT_EQ(mig.gpus[0].layout, LayoutSource::kInferred);
  std::map<std::string, int> counts;
  for (const Gpu& gpu : mig.gpus) {
    for (const auto& instance : gpu.instances) ++counts[instance.profile];
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"1g.5gb", 9}, {"2g.10gb", 1}, {"3g.20gb", 3}}));

  const Node& shared = NodeNamed(*snapshot, "t4-shared-0");
  ASSERT_THAT(shared.gpus, SizeIs(4));
  EXPECT_EQ(shared.gpus[0].sharing, cluster::Sharing::kTimeSlicing);
  EXPECT_EQ(shared.gpus[0].replicas, 4);
  EXPECT_EQ(shared.capacity_type, cluster::CapacityType::kSpot);

  const Node& spot = NodeNamed(*snapshot, "l4-spot-0");
  EXPECT_EQ(spot.cloud, "gcp");
  EXPECT_EQ(spot.capacity_type, cluster::CapacityType::kSpot);

  const Node& dra = NodeNamed(*snapshot, "h100-dra-0");
  ASSERT_THAT(dra.gpus, SizeIs(2));
  EXPECT_THAT(dra.gpus[0].uuid, HasSubstr("GPU-"));
  EXPECT_EQ(dra.gpus[0].dra_device, "gpu-0");
  std::string layouts;
  for (const Gpu& gpu : dra.gpus) layouts += Profiles(gpu);
  EXPECT_EQ(layouts, "1g.10gb x1");
  EXPECT_EQ(dra.cloud, "azure");
}

TEST_F(IntegrationTest, ReadsPodsClaimsAndPolicies) {
  const auto snapshot = TakeSnapshot(RequestWith("kubeconfig-exec"), clock_);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const Pod& chat = PodOf(*snapshot, "chat-");
  EXPECT_EQ(chat.owner, (cluster::Owner{"Deployment", "chat"}));
  EXPECT_EQ(cluster::Find(chat.labels, "team"), "search");
  EXPECT_EQ(cluster::Find(chat.labels, "pod-template-hash"), "");
  EXPECT_EQ(cluster::CountOf(chat.devices, "nvidia.com/gpu"), 1);
  EXPECT_EQ(chat.cpu, base::MilliCpu(4000));
  EXPECT_EQ(chat.memory, base::MiB(16 * 1024));
  EXPECT_EQ(chat.priority, 100000);
  EXPECT_TRUE(chat.ready);
  EXPECT_TRUE(cluster::HoldsDevices(chat));
  EXPECT_EQ(PodOf(*snapshot, "lab-").owner.kind, "StatefulSet");
  EXPECT_EQ(PodOf(*snapshot, "train-").owner, (cluster::Owner{"Job", "train"}));
  EXPECT_EQ(PodOf(*snapshot, "whole").owner, cluster::Owner{});

  const Pod& waiting = PodOf(*snapshot, "wants-7g-");
  EXPECT_EQ(waiting.pending_reason, "Unschedulable");
  EXPECT_THAT(waiting.pending_message, HasSubstr("nvidia.com/mig-7g.40gb"));

  const Pod& slice = PodOf(*snapshot, "slice-");
  EXPECT_THAT(snapshot->slices, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(snapshot->device_classes, testing::Not(testing::IsEmpty()));
  ASSERT_THAT(slice.claims, SizeIs(1));
  const auto claim = std::find_if(
      snapshot->claims.begin(), snapshot->claims.end(),
      [&](const auto& item) { return item.ns == slice.ns && item.name == slice.claims[0]; });
  ASSERT_NE(claim, snapshot->claims.end());
  EXPECT_THAT(claim->reserved_for, testing::ElementsAre(slice.uid));
  ASSERT_THAT(claim->devices, SizeIs(1));
  EXPECT_EQ(claim->devices[0].driver, "gpu.nvidia.com");
  EXPECT_THAT(claim->devices[0].device, HasSubstr("-mig-1g10gb-"));

  ASSERT_THAT(snapshot->budgets, SizeIs(1));
  EXPECT_EQ(snapshot->budgets[0].disruptions_allowed, 1);
  ASSERT_THAT(snapshot->quotas, SizeIs(1));
  EXPECT_EQ(cluster::CountOf(snapshot->quotas[0].hard, "requests.nvidia.com/gpu"), 8);
  EXPECT_TRUE(std::any_of(snapshot->priority_classes.begin(), snapshot->priority_classes.end(),
                          [](const auto& item) {
                            return item.name == "batch" && item.value == 1000 && !item.preempts;
                          }));
}

TEST_F(IntegrationTest, NoEnvValueGetsIn) {
  const auto& snapshot = TakeWithUsage();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const std::string text = cluster::WriteSnapshot(*snapshot);
  EXPECT_THAT(text, HasSubstr("chat"));
  EXPECT_THAT(text, Not(HasSubstr("s3cr3t-do-not-leak")));
  EXPECT_THAT(text, Not(HasSubstr("DB_PASSWORD")));
}

// Which pod holds which card is what the testbed wrote down.
TEST_F(IntegrationTest, UsageIsOfTheCardsThatThePodsHold) {
  const auto& snapshot = TakeWithUsage();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_TRUE(snapshot->usage) << Gaps(*snapshot);
  const std::string path = dir_ + "/assignments.json";
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(json.is_object()) << path;
  int checked = 0;
  for (const auto& held : json["assignments"]) {
    if (held["replica"].get<int>() >= 0) continue;  // DCGM names one pod of a shared card
    const std::string pod = held["pod"];
    const auto usage = std::find_if(
        snapshot->usage->devices.begin(), snapshot->usage->devices.end(), [&](const auto& device) {
          return device.pod == pod && device.uuid == held["gpuUUID"].get<std::string>();
        });
    ASSERT_NE(usage, snapshot->usage->devices.end()) << pod;
    EXPECT_EQ(usage->node, held["node"].get<std::string>()) << pod;
    EXPECT_EQ(usage->gpu_index, held["gpu"].get<int>()) << pod;
    EXPECT_EQ(usage->profile, held.value("migProfile", "")) << pod;
    ++checked;
  }
  EXPECT_GE(checked, 10);
}

TEST_F(IntegrationTest, FiguresAreWhatTheTestbedPlays) {
  const auto& snapshot = TakeWithUsage();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_TRUE(snapshot->usage) << Gaps(*snapshot);
  const auto of = [&](const std::string& prefix) {
    const auto found =
        std::find_if(snapshot->usage->devices.begin(), snapshot->usage->devices.end(),
                     [&](const auto& device) { return device.pod.starts_with(prefix); });
    EXPECT_NE(found, snapshot->usage->devices.end()) << prefix;
    return *found;
  };
  const cluster::DeviceUsage steady = of("steady-");
  EXPECT_EQ(steady.metric, cluster::ActivityMetric::kEngine);
  EXPECT_NEAR(static_cast<double>(steady.active_mean.value()), 400'000, 30'000);
  EXPECT_GE(steady.memory_max.value_or(base::MiB(0)).value(), 12'000);
  const cluster::DeviceUsage lab = of("lab-");
  EXPECT_EQ(lab.profile, "3g.20gb");
  EXPECT_LT(lab.active_mean.value(), 50'000);
  EXPECT_GT(of("gappy-").rejected, 0);
}

TEST_F(IntegrationTest, SeriesShowTheLayouts) {
  const auto& snapshot = TakeWithUsage();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_TRUE(snapshot->usage) << Gaps(*snapshot);
  const Node& mig = NodeNamed(*snapshot, "a100-mig-0");
  ASSERT_THAT(mig.gpus, SizeIs(4));
  EXPECT_EQ(Profiles(mig.gpus[0]), "1g.5gb x2 2g.10gb x1 3g.20gb x1");
  EXPECT_EQ(Profiles(mig.gpus[1]), "1g.5gb x7");
  EXPECT_EQ(Profiles(mig.gpus[2]), "3g.20gb x2");
  EXPECT_EQ(Profiles(mig.gpus[3]), "");
  EXPECT_EQ(mig.gpus[0].layout, LayoutSource::kObserved);
  EXPECT_EQ(mig.gpus[3].layout, LayoutSource::kNone);
  for (const Gpu& gpu : mig.gpus) EXPECT_THAT(gpu.uuid, HasSubstr("GPU-"));
}

TEST_F(IntegrationTest, RestrictedUserGetsAReportWithGaps) {
  const auto snapshot = TakeSnapshot(RequestWith("kubeconfig-restricted"), clock_);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->nodes, SizeIs(7));
  EXPECT_THAT(snapshot->pods, Not(IsEmpty()));
  std::vector<std::string> gaps;
  for (const cluster::Gap& gap : snapshot->gaps) {
    gaps.push_back(gap.what);
    if (gap.what == "poddisruptionbudgets.policy") {
      EXPECT_EQ(gap.remedy,
                "{apiGroups: [\"policy\"], resources: [poddisruptionbudgets], verbs: [list]}");
    }
  }
  EXPECT_THAT(gaps,
              testing::IsSupersetOf(
                  {"namespaces", "poddisruptionbudgets.policy", "priorityclasses.scheduling.k8s.io",
                   "resourceclaims.resource.k8s.io", "resourceslices.resource.k8s.io",
                   "deviceclasses.resource.k8s.io", "resourcequotas", "jobs.batch"}));
}

TEST_F(IntegrationTest, ExpiredTokenIsDenied) {
  const auto snapshot = TakeSnapshot(RequestWith("kubeconfig-expired-token"), clock_);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, base::ErrorCode::kDenied);
}

TEST_F(IntegrationTest, NoPrometheusInTheClusterIsAGap) {
  SnapshotRequest request = RequestWith("kubeconfig");
  request.usage = FindInCluster{};
  const auto snapshot = TakeSnapshot(request, clock_);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_FALSE(snapshot->usage);
  EXPECT_THAT(Gaps(*snapshot), HasSubstr("usage: none of "));
}

TEST_F(IntegrationTest, PrometheusThatIsNotThereIsAGap) {
  SnapshotRequest request = RequestWith("kubeconfig");
  telemetry::PrometheusUrl where;
  where.url = "http://127.0.0.1:1";
  request.usage = where;
  const auto snapshot = TakeSnapshot(request, clock_);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_FALSE(snapshot->usage);
  EXPECT_THAT(Gaps(*snapshot), HasSubstr("usage: "));
}

}  // namespace
}  // namespace tangram::adapter
