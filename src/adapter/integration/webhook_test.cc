// The webhook's logic behind TLS on loopback, asked by a real API server: the folder of a testbed
// (testbed/README.md) in TANGRAM_TESTBED. integration/run.sh brings one up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapter/adapter.h"
#include "adapter/admission.h"
#include "base/clock.h"
#include "kube/base64.h"
#include "kube/integration/live.h"
#include "net/testing/test_server.h"
#include "net/testing/test_tls.h"

namespace tangram::adapter {
namespace {

using cluster::GpuClass;
using kube::integration::Testbed;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kNamespace = "webhook-test";

GpuClass Class(const std::string& name, std::int64_t gib, GpuClass::Isolation isolation) {
  GpuClass of;
  of.name = name;
  of.memory = base::MiB(1024) * gib;
  of.isolation = isolation;
  return of;
}

json Template() {
  return json::parse(R"({"metadata": {"labels": {"app": "x", "tangram.dev/gpu-class": "small"}},
    "spec": {"containers": [{"name": "main", "image": "example.com/none:1"}]}})");
}

json PodOf(const std::string& name, const std::string& class_name) {
  json pod = Template();
  pod.update({{"apiVersion", "v1"}, {"kind", "Pod"}});
  pod["metadata"]["name"] = name;
  pod["metadata"]["labels"]["tangram.dev/gpu-class"] = class_name;
  return pod;
}

class WebhookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* dir = std::getenv("TANGRAM_TESTBED");
    if (dir == nullptr) {
      GTEST_SKIP() << "TANGRAM_TESTBED is not set: src/adapter/integration/run.sh brings a testbed "
                      "up and runs these tests";
    }
    bed_ = std::make_unique<Testbed>(dir);
    SnapshotRequest request;
    request.cluster.kubeconfig = std::string(dir) + "/kubeconfig";
    request.usage = NoUsage{};
    auto snapshot = TakeSnapshot(request, clock_);
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    admission_.SetIndex(plan::classes::Index::Build(
        *snapshot, {.classes = {Class("small", 4, GpuClass::Isolation::kHardware),
                                Class("notebook", 2, GpuClass::Isolation::kShared),
                                Class("huge", 900, GpuClass::Isolation::kHardware)}}));
    Apply({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kNamespace}}}});
  }

  void TearDown() override {
    if (bed_ == nullptr) return;
    bed_->Kubectl(
        {"delete", "mutatingwebhookconfigurations", "tangram-test", "--ignore-not-found"});
    bed_->Kubectl({"delete", "namespace", kNamespace, "--ignore-not-found"});
  }

  std::string Write(const json& object) const {
    const std::string file = ::testing::TempDir() + "/webhook_test_object.json";
    std::ofstream(file) << object.dump();
    return file;
  }
  void Apply(const json& object) const { bed_->Kubectl({"apply", "-f", Write(object)}); }

  // Serves reviews, each after `pause`, and tells the API server where.
  void Serve(std::chrono::milliseconds pause = {}) {
    const auto authority = net::testing::MakeAuthority("webhook-test");
    const auto own = net::testing::IssueCertificate(authority, "localhost");
    server_ = std::make_unique<net::testing::TestServer>(
        [this, pause](const net::testing::SeenRequest& request) {
          const Reviewed reviewed = admission_.Review(request.body);
          auto answer = net::testing::Reply(reviewed.status, reviewed.body,
                                            {{"content-type", "application/json"}});
          if (pause.count() > 0) answer.insert(answer.begin(), net::testing::Pause{pause});
          return answer;
        },
        net::testing::ServerTls{.cert_pem = own.cert_pem, .key_pem = own.key_pem});
    json webhook = json::parse(R"({"name": "pods.tangram.dev", "sideEffects": "NoneOnDryRun",
      "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "timeoutSeconds": 1,
      "reinvocationPolicy": "IfNeeded", "matchPolicy": "Equivalent",
      "objectSelector": {"matchExpressions": [{"key": "tangram.dev/gpu-class", "operator": "Exists"}]},
      "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                 "resources": ["pods"], "scope": "Namespaced"}]})");
    webhook["clientConfig"] = {{"url", server_->Url() + "/admission"},
                               {"caBundle", kube::EncodeBase64(authority.cert_pem)}};
    Apply({{"apiVersion", "admissionregistration.k8s.io/v1"},
           {"kind", "MutatingWebhookConfiguration"},
           {"metadata", {{"name", "tangram-test"}}},
           {"webhooks", json::array({webhook})}});
    if (pause.count() == 0) WaitUntilAsked();
  }

  // The API server reads configurations a moment after they are written.
  void WaitUntilAsked() const {
    json pod = PodOf("probe", "small");
    pod["metadata"]["namespace"] = kNamespace;
    const auto until = base::MonotonicNow() + kube::integration::kPatience;
    while (base::MonotonicNow() < until) {
      const std::string made =
          bed_->Kubectl({"create", "--dry-run=server", "-o", "json", "-f", Write(pod)});
      if (made.find("tangram.dev/choice") != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL() << "the API server does not ask the webhook";
  }

  json Create(json object) const {
    object["metadata"]["namespace"] = kNamespace;
    return json::parse(bed_->Kubectl({"create", "-o", "json", "-f", Write(object)}), nullptr,
                       false);
  }

  json PodsOf(const std::string& app) const {
    const auto until = base::MonotonicNow() + kube::integration::kPatience;
    json items = json::array();
    while (items.empty() && base::MonotonicNow() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      items = json::parse(bed_->Kubectl(
          {"get", "pods", "-n", kNamespace, "-l", "app=" + app, "-o", "json"}))["items"];
    }
    return items;
  }

  static bool IsOurs(const json& pod) {
    const json& resources = pod["spec"]["containers"][0]["resources"];
    return pod.dump().find(R"({"name":"tangram.dev/placement"})") != std::string::npos &&
           pod["metadata"]["annotations"].contains("tangram.dev/choice") &&
           resources.contains("limits") && resources["limits"] == resources["requests"];
  }

  base::SystemClock clock_;
  Admission admission_{{}, clock_};
  std::unique_ptr<Testbed> bed_;
  std::unique_ptr<net::testing::TestServer> server_;
};

TEST_F(WebhookTest, PodsOfEveryWorkloadAreMutated) {
  Serve();
  EXPECT_TRUE(IsOurs(Create(PodOf("bare", "small"))));
  const auto with = [](json spec, const std::string& kind, const std::string& api) {
    json pod_template = Template();
    pod_template["metadata"]["labels"]["app"] = kind;
    if (kind == "job") pod_template["spec"]["restartPolicy"] = "Never";
    spec["template"] = pod_template;
    return json{{"apiVersion", api}, {"metadata", {{"name", kind}}}, {"spec", spec}};
  };
  json deployment =
      with(json::parse(R"({"replicas": 2, "selector": {"matchLabels": {"app": "deployment"}}})"),
           "deployment", "apps/v1");
  deployment["kind"] = "Deployment";
  json stateful = with(
      json::parse(R"({"serviceName": "x", "selector": {"matchLabels": {"app": "statefulset"}}})"),
      "statefulset", "apps/v1");
  stateful["kind"] = "StatefulSet";
  json job = with(json::object(), "job", "batch/v1");
  job["kind"] = "Job";
  for (const json& each : {deployment, stateful, job}) Create(each);
  for (const char* app : {"deployment", "statefulset", "job"}) {
    const json pods = PodsOf(app);
    ASSERT_FALSE(pods.empty()) << app;
    for (const json& pod : pods) EXPECT_TRUE(IsOurs(pod)) << pod.dump(1);
  }
  json cron = {{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"metadata", {{"name", "cron"}}}};
  json cron_job = job["spec"];
  cron_job["template"]["metadata"]["labels"]["app"] = "cron";
  cron["spec"] = {{"schedule", "0 0 1 1 *"}, {"jobTemplate", {{"spec", cron_job}}}};
  Create(cron);
  bed_->Kubectl({"create", "job", "now", "--from=cronjob/cron", "-n", kNamespace});
  const json pods = PodsOf("cron");
  ASSERT_FALSE(pods.empty());
  EXPECT_TRUE(IsOurs(pods[0])) << pods[0].dump(1);
}

// Once IfNeeded has the API server ask again, and for what is left alone, nothing changes.
TEST_F(WebhookTest, OtherPodsStayAsTheyAre) {
  Serve();
  json own = PodOf("own", "small");
  own["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "1";
  EXPECT_FALSE(Create(own)["spec"].contains("schedulingGates"));
  json plain = PodOf("plain", "small");
  plain["metadata"]["labels"].erase("tangram.dev/gpu-class");
  EXPECT_FALSE(Create(plain)["spec"].contains("schedulingGates"));
  json shared = Create(PodOf("shared", "notebook"));
  EXPECT_TRUE(IsOurs(shared)) << shared.dump(1);
}

// Its priority plugin has filled in a number before us, and checks it again after us.
TEST_F(WebhookTest, ThePriorityOfTheClassIsTaken) {
  cluster::Snapshot snapshot;
  cluster::Node& node = snapshot.nodes.emplace_back();
  node.name = "n";
  node.cpu = base::MilliCpu(8'000);
  node.memory = base::MiB(65'536);
  node.devices = {{"nvidia.com/gpu", 1}};
  snapshot.priority_classes = {{"gpu-class-test", 1234}};
  GpuClass of = Class("small", 0, GpuClass::Isolation::kHardware);
  of.priority_class = "gpu-class-test";
  admission_.SetIndex(plan::classes::Index::Build(snapshot, {.classes = {of}}));
  Apply(json::parse(R"({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                        "metadata": {"name": "gpu-class-test"}, "value": 1234})"));
  Serve();
  const json pod = Create(PodOf("urgent", "small"));
  EXPECT_EQ(pod["spec"]["priority"], 1234) << pod.dump(1);
}

TEST_F(WebhookTest, DownOrSilentPodsAreMadeAsWithoutUs) {
  Serve();
  server_.reset();
  const auto start = base::MonotonicNow();
  EXPECT_FALSE(Create(PodOf("down", "small"))["spec"].contains("schedulingGates"));
  const auto down = base::MonotonicNow() - start;
  Serve(std::chrono::seconds(20));
  const auto again = base::MonotonicNow();
  EXPECT_FALSE(Create(PodOf("silent", "small"))["spec"].contains("schedulingGates"));
  const auto silent = base::MonotonicNow() - again;
  // kubectl and a busy machine take their part; the second is the webhook's timeout.
  EXPECT_LT(down, std::chrono::seconds(10));
  EXPECT_LT(silent, std::chrono::seconds(10));
}

// The API server compiles the selectors of what our claims are made from.
TEST_F(WebhookTest, ClaimTemplatesAreTaken) {
  cluster::Snapshot snapshot;
  cluster::Node& node = snapshot.nodes.emplace_back();
  node.name = "dra";
  node.cpu = base::MilliCpu(8'000);
  node.memory = base::MiB(65'536);
  cluster::Gpu& gpu = node.gpus.emplace_back();
  gpu.product = "NVIDIA-H100-80GB-HBM3";
  gpu.memory = base::MiB(81'559);
  gpu.dra_device = "gpu-0";
  GpuClass of = Class("picked", 16, GpuClass::Isolation::kHardware);
  of.models = {"H100-80GB"};
  const auto index = plan::classes::Index::Build(snapshot, {.classes = {of}});
  const cluster::Pod pod;
  const auto decision = plan::classes::Decide(*index, {"picked", pod});
  const auto& choice = std::get<plan::classes::Choice>(decision);
  const auto& claim = std::get<plan::classes::ClaimAsk>(choice.ask);
  const json made = Create(json::parse(ClaimTemplateJson(kNamespace, claim)));
  EXPECT_EQ(made["metadata"]["name"], claim.template_name);
  EXPECT_GT(made["spec"]["spec"]["devices"]["requests"][0]["firstAvailable"].size(), 2U);
}

}  // namespace
}  // namespace tangram::adapter
