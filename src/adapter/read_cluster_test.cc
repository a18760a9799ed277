#include "adapter/read_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "adapter/find_prometheus.h"
#include "adapter/read_usage.h"
#include "adapter/service_proxy.h"
#include "net/testing/test_server.h"

namespace tangram::adapter {
namespace {

using net::testing::Answer;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string ListOf(const std::string& kind, const std::string& items) {
  return R"({"kind":")" + kind + R"(List","apiVersion":"v1","metadata":{"resourceVersion":"9"},)" +
         R"("items":[)" + items + "]}";
}

std::string Served(const std::string& names) {
  return R"({"kind":"APIResourceList","groupVersion":"x/v1","resources":[)" + names + "]}";
}

constexpr const char* kForbidden = R"({"kind":"Status","apiVersion":"v1","status":"Failure",
  "message":"forbidden for User \"viewer\"","reason":"Forbidden","code":403})";

// An API server of fixed answers; what is not listed is 404.
struct FakeApi {
  std::map<std::string, std::pair<int, std::string>> answers;

  Answer operator()(const SeenRequest& request) const {
    const std::string path = request.target.substr(0, request.target.find('?'));
    const auto found = answers.find(path);
    if (found == answers.end()) return Reply(404, R"({"kind":"Status","message":"not found"})");
    return Reply(found->second.first, found->second.second, {{"content-type", "application/json"}});
  }
};

FakeApi Healthy() {
  FakeApi api;
  api.answers["/api/v1/nodes"] = {
      200, ListOf("Node", R"({"metadata":{"name":"b"}},{"metadata":{"name":"a","labels":{
        "nvidia.com/gpu.product":"NVIDIA-L4","nvidia.com/gpu.count":"1"}},
        "status":{"allocatable":{"nvidia.com/gpu":"1"}}})")};
  api.answers["/api/v1/pods"] = {200, ListOf("Pod", R"({"metadata":{"name":"p","namespace":"x"}},
        {"metadata":{"name":"bad","namespace":"x"},"spec":{"priority":"high"}})")};
  for (const char* plural : {"namespaces", "resourcequotas"}) {
    api.answers[std::string("/api/v1/") + plural] = {200, ListOf("", "")};
  }
  api.answers["/api/v1/namespaces"].second = ListOf("Namespace", "");
  api.answers["/api/v1/resourcequotas"].second = ListOf("ResourceQuota", "");
  api.answers["/apis/policy/v1/poddisruptionbudgets"] = {200, ListOf("PodDisruptionBudget", "")};
  api.answers["/apis/scheduling.k8s.io/v1/priorityclasses"] = {200, ListOf("PriorityClass", "")};
  api.answers["/apis/resource.k8s.io/v1"] = {
      200, Served(R"({"name":"resourceclaims"},{"name":"resourceslices"})")};
  api.answers["/apis/resource.k8s.io/v1/resourceclaims"] = {200, ListOf("ResourceClaim", "")};
  api.answers["/apis/resource.k8s.io/v1/resourceslices"] = {200, ListOf("ResourceSlice", "")};
  return api;
}

std::unique_ptr<kube::Client> ClientOf(const TestServer& server) {
  kube::Config config;
  config.server = server.Url();
  config.source = "test";
  kube::ClientOptions options;
  options.max_attempts = 1;
  auto client = kube::Client::Open(config, options);
  return client ? std::move(*client) : nullptr;
}

base::Result<cluster::Snapshot> Read(const FakeApi& api, const ReadOptions& options = {}) {
  const TestServer server(api);
  const auto client = ClientOf(server);
  const base::ManualClock clock(base::Time(std::chrono::hours(24)));
  return ReadCluster(*client, clock, options);
}

std::vector<std::string> GapNames(const cluster::Snapshot& snapshot) {
  std::vector<std::string> names;
  for (const cluster::Gap& gap : snapshot.gaps) names.push_back(gap.what);
  std::sort(names.begin(), names.end());
  return names;
}

TEST(ReadCluster, ReadsAndLeavesOutWhatCannotBeRead) {
  const auto snapshot = Read(Healthy());
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  ASSERT_THAT(snapshot->nodes, SizeIs(2));
  EXPECT_EQ(snapshot->nodes[0].name, "a");
  EXPECT_THAT(snapshot->nodes[0].gpus, SizeIs(1));
  ASSERT_THAT(snapshot->pods, SizeIs(1));
  EXPECT_EQ(snapshot->taken_at, base::Time(std::chrono::hours(24)));
  ASSERT_THAT(snapshot->gaps, SizeIs(1));  // Kueue is not installed, which is no gap
  EXPECT_EQ(snapshot->gaps[0].what, "pods");
  EXPECT_EQ(snapshot->gaps[0].why, "Pod x/bad: spec.priority: expected a whole number, found text");
}

TEST(ReadCluster, AForbiddenKindIsAGapWithItsRule) {
  FakeApi api = Healthy();
  api.answers["/apis/policy/v1/poddisruptionbudgets"] = {403, kForbidden};
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(GapNames(*snapshot), ElementsAre("poddisruptionbudgets.policy", "pods"));
  const auto gap = std::find_if(snapshot->gaps.begin(), snapshot->gaps.end(),
                                [](const auto& item) { return item.what != "pods"; });
  EXPECT_THAT(gap->why, HasSubstr("forbidden for User"));
  EXPECT_EQ(gap->remedy,
            "{apiGroups: [\"policy\"], resources: [poddisruptionbudgets], verbs: [list]}");
}

TEST(ReadCluster, WhoSaysHowLargeGangsAre) {
  FakeApi api = Healthy();
  api.answers["/apis/batch/v1"] = {200, Served(R"({"name":"jobs"})")};
  api.answers["/apis/batch/v1/jobs"] = {200, ListOf("Job", R"(
      {"metadata":{"namespace":"x","name":"train"},"spec":{"parallelism":4,
       "template":{"metadata":{"labels":{"tangram.dev/gang":"g"}}}}},
      {"metadata":{"namespace":"x","name":"alone"},"spec":{"parallelism":4}},
      {"metadata":{"namespace":"x","name":"odd"},"spec":{"parallelism":-1}})")};
  api.answers["/apis/scheduling.run.ai/v2alpha2"] = {200, Served(R"({"name":"podgroups"})")};
  api.answers["/apis/scheduling.run.ai/v2alpha2/podgroups"] = {403, kForbidden};
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->gang_owners,
              ElementsAre(cluster::GangOwner{"x", "jobs.batch/train", {{"g", 4}}}));
  EXPECT_THAT(snapshot->gang_kinds, ElementsAre("jobs.batch")) << "the others are not all known";
  EXPECT_THAT(GapNames(*snapshot),
              ElementsAre("jobs.batch", "podgroups.scheduling.run.ai", "pods"));
}

TEST(ReadCluster, PodsWithoutNodesAreStillAReport) {
  FakeApi api = Healthy();
  api.answers["/api/v1/nodes"] = {403, kForbidden};
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->nodes, SizeIs(0));
  EXPECT_THAT(snapshot->pods, SizeIs(1));
  EXPECT_THAT(GapNames(*snapshot), ElementsAre("nodes", "pods"));
}

TEST(ReadCluster, NeitherNodesNorPodsIsDenied) {
  FakeApi api = Healthy();
  api.answers["/api/v1/nodes"] = {403, kForbidden};
  api.answers["/api/v1/pods"] = {403, kForbidden};
  const auto snapshot = Read(api);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(snapshot.error().message, HasSubstr("neither nodes nor pods can be listed"));
}

TEST(ReadCluster, OlderDraIsReadInItsOwnVersion) {
  FakeApi api = Healthy();
  api.answers.erase("/apis/resource.k8s.io/v1");
  api.answers["/apis/resource.k8s.io/v1beta1"] = {
      200, Served(R"({"name":"resourceclaims"},{"name":"resourceslices"})")};
  api.answers["/apis/resource.k8s.io/v1beta1/resourceclaims"] = {
      200, ListOf("ResourceClaim", R"({"metadata":{"name":"c","namespace":"x"}})")};
  api.answers["/apis/resource.k8s.io/v1beta1/resourceslices"] = {200, ListOf("ResourceSlice", "")};
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->claims, SizeIs(1));
}

TEST(ReadCluster, ManyBadObjectsAreNamedUpToAPointAndCounted) {
  FakeApi api = Healthy();
  std::string items;
  for (int i = 0; i < 50; ++i) {
    items += (i == 0 ? "" : ",") + std::string(R"({"metadata":{"name":"p)") + std::to_string(i) +
             R"("},"spec":[]})";
  }
  api.answers["/api/v1/pods"].second = ListOf("Pod", items);
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->gaps, SizeIs(21));
  EXPECT_TRUE(std::any_of(snapshot->gaps.begin(), snapshot->gaps.end(), [](const auto& gap) {
    return gap.why == "30 more objects could not be read";
  }));
}

TEST(ReadCluster, TruncatedListGivesNoWrongSum) {
  FakeApi api = Healthy();
  std::string& pods = api.answers["/api/v1/pods"].second;
  pods.resize(pods.size() - 2);
  const auto snapshot = Read(api);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(snapshot->pods, SizeIs(0));
  EXPECT_THAT(GapNames(*snapshot), testing::Contains("pods"));
}

TEST(ReadCluster, SaysHowFarItIs) {
  std::map<std::string, std::size_t> last;
  ReadOptions options;
  options.progress = [&](const Progress& progress) { last[progress.doing] = progress.count; };
  ASSERT_TRUE(Read(Healthy(), options));
  EXPECT_EQ(last["nodes"], 2U);
  EXPECT_EQ(last["pods"], 2U);
}

// ---- finding Prometheus through the API server ----

const char* const kProxy = "/api/v1/namespaces/mon/services/prometheus-operated:9090/proxy";

FakeApi WithPrometheus(const std::string& vector) {
  FakeApi api = Healthy();
  api.answers["/api/v1/services"] = {
      200, ListOf("Service", R"({"metadata":{"name":"prometheus-operated","namespace":"mon"},
        "spec":{"ports":[{"name":"web","port":9090}]}})")};
  const std::string proxy = kProxy;
  api.answers[proxy + "/api/v1/status/buildinfo"] = {
      200, R"({"status":"success","data":{"version":"3.5.0","revision":"x"}})"};
  api.answers[proxy + "/api/v1/query"] = {
      200, R"({"status":"success","data":{"resultType":"vector","result":[)" + vector + "]}}"};
  return api;
}

TEST(FindPrometheus, TakesTheServiceThatHasDcgm) {
  const TestServer server(WithPrometheus(R"({"metric":{},"value":[1,"8"]})"));
  const auto client = ClientOf(server);
  const auto found = FindPrometheus(*client, base::Time(std::chrono::hours(1)));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->source, "service mon/prometheus-operated:9090");
}

TEST(FindPrometheus, SaysWhatWasLookedForWhereNoneAnswers) {
  FakeApi api = WithPrometheus("");
  api.answers.erase(std::string(kProxy) + "/api/v1/status/buildinfo");
  api.answers[std::string(kProxy) + "/api/v1/query"] = {403, kForbidden};
  const TestServer server(api);
  const auto client = ClientOf(server);
  const auto found = FindPrometheus(*client, base::Time(std::chrono::hours(1)));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("none of 1 services"));
  EXPECT_THAT(found.error().message, HasSubstr("service mon/prometheus-operated:9090: "));
  EXPECT_THAT(found.error().message, HasSubstr("--prometheus URL"));
}

TEST(ReadUsage, NoSeriesIsAGapAndNoUsage) {
  const TestServer server(WithPrometheus(""));
  const auto client = ClientOf(server);
  const ServicePort port{"mon", "prometheus-operated", "9090", "", ""};
  const telemetry::Prometheus prometheus(FetchThrough(*client, port));
  cluster::Snapshot snapshot;
  snapshot.taken_at = base::Time(std::chrono::hours(1000));
  UsageOptions options;
  options.window = std::chrono::hours(1);
  options.source = "test";
  snapshot = ReadUsage(std::move(snapshot), prometheus, options);
  EXPECT_FALSE(snapshot.usage);
  ASSERT_THAT(snapshot.gaps, SizeIs(1));
  EXPECT_EQ(snapshot.gaps[0].what, "usage");
  EXPECT_THAT(snapshot.gaps[0].why, HasSubstr("nothing was read from test"));
}

}  // namespace
}  // namespace tangram::adapter
