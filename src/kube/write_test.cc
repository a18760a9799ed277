#include "kube/write.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "kube/client.h"
#include "kube/leader.h"
#include "net/testing/test_server.h"

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using net::testing::Answer;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;

const Resource kPods{.version = "v1", .plural = "pods", .kind = "Pod"};
const Resource kDeployments{
    .group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment"};
const ObjectRef kPod{.resource = kPods, .ns = "team", .name = "x"};

struct CallCase {
  std::string name;
  Call call;
  std::string method;
  std::string target;
  std::string content_type;
  std::string body;
  Repeat repeat;
};
std::ostream& operator<<(std::ostream& out, const CallCase& row) { return out << row.name; }

const std::string kFields = "fieldManager=tangram&fieldValidation=Strict";
const std::string kPodPath = "/api/v1/namespaces/team/pods/x";

const CallCase kCalls[] = {
    {"Create", CreateCall({.resource = kPods, .ns = "team"}, "{}"), "POST",
     "/api/v1/namespaces/team/pods?" + kFields, "", "{}", Repeat::kIfSafe},
    {"UpdateOfAnyVersion", UpdateCall(kPod, R"({"metadata":{}})"), "PUT", kPodPath + "?" + kFields,
     "", R"({"metadata":{}})", Repeat::kIfSafe},
    {"UpdateOfOneVersion", UpdateCall(kPod, R"({"metadata":{"resourceVersion":"7"}})"), "PUT",
     kPodPath + "?" + kFields, "", R"({"metadata":{"resourceVersion":"7"}})", Repeat::kAlways},
    {"UpdateOfWhatIsNoObject", UpdateCall(kPod, "["), "PUT", kPodPath + "?" + kFields, "", "[",
     Repeat::kIfSafe},
    {"Status",
     PatchCall({.resource = kPods, .ns = "team", .name = "x", .subresource = "status"},
               PatchType::kMerge, "{}"),
     "PATCH", kPodPath + "/status?" + kFields, "application/merge-patch+json", "{}",
     Repeat::kAlways},
    {"StrategicMerge", PatchCall(kPod, PatchType::kStrategicMerge, "{}"), "PATCH",
     kPodPath + "?" + kFields, "application/strategic-merge-patch+json", "{}", Repeat::kAlways},
    {"JsonPatch", PatchCall(kPod, PatchType::kJson, "[]"), "PATCH", kPodPath + "?" + kFields,
     "application/json-patch+json", "[]", Repeat::kIfSafe},
    {"Apply", ApplyCall(kPod, "{}", Ownership::kRespect), "PATCH", kPodPath + "?" + kFields,
     "application/apply-patch+yaml", "{}", Repeat::kAlways},
    {"ApplyByForceAndDry",
     ApplyCall(kPod, "{}", Ownership::kForce,
               {.field_manager = "a/b",
                .dry_run = WriteOptions::DryRun::kAll,
                .field_validation = WriteOptions::FieldValidation::kWarn}),
     "PATCH", kPodPath + "?fieldManager=a%2Fb&fieldValidation=Warn&dryRun=All&force=true",
     "application/apply-patch+yaml", "{}", Repeat::kAlways},
    {"Scale", ScaleCall({.resource = kDeployments, .ns = "team", .name = "d"}, 3), "PATCH",
     "/apis/apps/v1/namespaces/team/deployments/d/scale?" + kFields, "application/merge-patch+json",
     R"({"spec":{"replicas":3}})", Repeat::kAlways},
    {"EvictAnyOfThatName", EvictCall({.ns = "team", .pod = "x"}), "POST", kPodPath + "/eviction",
     "",
     R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"x","namespace":"team"},)"
     R"("deleteOptions":{}})",
     Repeat::kIfSafe},
    {"EvictThisOne",
     EvictCall({.ns = "team", .pod = "x", .must = {.uid = "u"}, .grace = 5s},
               {.dry_run = WriteOptions::DryRun::kAll}),
     "POST", kPodPath + "/eviction", "",
     R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"x","namespace":"team"},)"
     R"("deleteOptions":{"preconditions":{"uid":"u"},"gracePeriodSeconds":5,"dryRun":["All"]}})",
     Repeat::kAlways},
    {"Delete", DeleteCall(kPod, {}), "DELETE", kPodPath, "",
     R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"})",
     Repeat::kIfSafe},
    {"DeleteThisVersion",
     DeleteCall(kPod, {.must = {.uid = "u", .resource_version = "7"},
                       .propagation = Propagation::kForeground,
                       .grace = 0s}),
     "DELETE", kPodPath, "",
     R"({"apiVersion":"v1","kind":"DeleteOptions",)"
     R"("preconditions":{"uid":"u","resourceVersion":"7"},"gracePeriodSeconds":0,)"
     R"("propagationPolicy":"Foreground"})",
     Repeat::kAlways},
};

class WriteCall : public testing::TestWithParam<CallCase> {};
TEST_P(WriteCall, IsWhatTheServerTakes) {
  const CallCase& want = GetParam();
  EXPECT_EQ(want.call.method, want.method);
  EXPECT_EQ(Target(want.call), want.target);
  EXPECT_EQ(want.call.content_type, want.content_type);
  EXPECT_EQ(want.call.body, want.body);
  EXPECT_EQ(want.call.repeat, want.repeat);
}
INSTANTIATE_TEST_SUITE_P(Table, WriteCall, testing::ValuesIn(kCalls),
                         [](const auto& row) { return row.param.name; });

std::unique_ptr<Client> Connect(const TestServer& server) {
  ClientOptions options;
  options.backoff = {.first = 1ms, .cap = 4ms};
  options.max_retry_after = 20ms;
  auto client = Client::Open({.server = server.Url(), .source = "the test"}, options);
  return client ? std::move(*client) : nullptr;
}

// Answers the n-th request with the n-th answer, and the last one for ever.
TestServer::Script InTurn(std::vector<Answer> answers) {
  return [answers = std::move(answers), next = std::size_t{0}](const SeenRequest&) mutable {
    return answers[std::min(next++, answers.size() - 1)];
  };
}

TEST(Write, IsRepeatedWhereTwiceIsOnce) {
  TestServer server(InTurn({{net::testing::Close{}}, Reply(503, ""), Reply(200, "{}")}));
  const auto client = Connect(server);
  EXPECT_TRUE(client->Send(PatchCall(kPod, PatchType::kMerge, "{}")));
  EXPECT_EQ(server.Requests().size(), 3U);
  EXPECT_EQ(server.Requests()[2].body, "{}");
}

TEST(Write, IsNotRepeatedWhereItMightBeDoneTwice) {
  TestServer server(InTurn({Reply(503, "")}));
  const auto client = Connect(server);
  EXPECT_FALSE(client->Send(PatchCall(kPod, PatchType::kJson, "[]")));
  EXPECT_FALSE(client->Send(CreateCall({.resource = kPods, .ns = "team"}, "{}")));
  EXPECT_FALSE(client->Send(DeleteCall(kPod, {})));
  EXPECT_FALSE(client->Send(EvictCall({.ns = "team", .pod = "x"})));
  EXPECT_EQ(server.Requests().size(), 4U);
}

TEST(Write, IsNeverRepeatedWhereTheCallerDecides) {
  TestServer server(InTurn({Reply(429, "", {{"Retry-After", "1"}})}));
  const auto client = Connect(server);
  Call call = PatchCall(kPod, PatchType::kMerge, "{}");
  call.repeat = Repeat::kNever;
  EXPECT_FALSE(client->Send(call));
  EXPECT_EQ(server.Requests().size(), 1U);
}

// ---- what the leader writes ----

Fence Leading(std::int64_t transitions) {
  return {.holder = "us", .transitions = transitions, .write_time = 5s};
}

TEST(FencedWrite, IsCutShortBeforeAnotherCanLead) {
  const Fence fence = Leading(1);
  const Call call = PatchCall(kPod, PatchType::kMerge, "{}");
  EXPECT_EQ(call.timeout, 30s);
  EXPECT_EQ(Fenced(call, fence, [&] { return fence; }).timeout, 5s);
  Call quick = call;
  quick.timeout = 1s;
  EXPECT_EQ(Fenced(quick, fence, [&] { return fence; }).timeout, 1s);
  // Without an election there is nobody to wait for.
  EXPECT_EQ(Fenced(call, Fence{}, [] { return Fence{}; }).timeout, 30s);
}

// Whatever held it up: retries, our own flow limit, a process that was stopped.
TEST(FencedWrite, IsNotSentOnceSomebodyElseLeads) {
  for (const std::optional<Fence>& later : {std::optional<Fence>(), std::optional(Leading(2))}) {
    std::atomic<int> asked = 0;
    TestServer server(InTurn({Reply(503, "")}));
    const auto client = Connect(server);
    const auto answer = client->Send(
        Fenced(PatchCall(kPod, PatchType::kMerge, "{}"), Leading(1),
               [&]() -> std::optional<Fence> { return ++asked < 3 ? Leading(1) : later; }));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable);
    EXPECT_THAT(answer.error().message, testing::HasSubstr("this replica no longer leads"));
    EXPECT_EQ(server.Requests().size(), 2U);
  }
}

TEST(Write, EachAttemptIsToldBeforeAndWhatWasDoneAfter) {
  TestServer server(InTurn({Reply(503, ""), Reply(200, "{}"), Reply(200, "{}"), Reply(409, "")}));
  std::vector<std::string> told;
  ClientOptions options;
  options.backoff = {.first = 1ms, .cap = 4ms};
  options.on_write = [&](WriteMoment moment, const Asked& asked) {
    told.push_back((moment == WriteMoment::kBefore ? "before " : "after ") + asked.verb +
                   fmt::format(" at {}", server.Requests().size()));
  };
  const auto client = Client::Open({.server = server.Url(), .source = "the test"}, options);
  ASSERT_TRUE(client);
  EXPECT_TRUE((*client)->Send(PatchCall(kPod, PatchType::kMerge, "{}")));
  EXPECT_TRUE((*client)->GetPath("/version"));
  EXPECT_FALSE((*client)->Send(CreateCall({.resource = kPods, .ns = "team"}, "{}")));
  EXPECT_EQ(told, (std::vector<std::string>{"before patch at 0", "before patch at 1",
                                            "after patch at 2", "before create at 3"}));
}

// As Kubernetes 1.36.1 answers an eviction that a budget forbids.
const char kBudgetStatus[] =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)"
    R"("Cannot evict pod as it would violate the pod's disruption budget.","reason":)"
    R"("TooManyRequests","details":{"causes":[{"reason":"DisruptionBudget","message":)"
    R"("The disruption budget web needs 2 healthy pods and has 2 currently"}]},"code":429})";

TEST(Write, BudgetMeansLaterAndIsNotRepeated) {
  TestServer server(InTurn({Reply(429, kBudgetStatus, {{"Retry-After", "10"}})}));
  const auto client = Connect(server);
  const auto answer = client->Send(EvictCall({.ns = "team", .pod = "x", .must = {.uid = "u"}}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kLater);
  EXPECT_EQ(answer.error().message,
            "create pods/eviction \"x\" in namespace \"team\": not now: Cannot evict pod as it "
            "would violate the pod's disruption budget. [The disruption budget web needs 2 healthy "
            "pods and has 2 currently] [the test]");
  EXPECT_EQ(server.Requests().size(), 1U);
}

TEST(Write, BusyServerIsNoBudget) {
  TestServer server(InTurn({Reply(429, R"({"message":"too many requests","details":{"causes":[3,)"
                                       R"({"reason":"Other"}]}})")}));
  const auto client = Connect(server);
  const auto answer = client->Send(EvictCall({.ns = "team", .pod = "x"}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable);
}

TEST(Write, ForbiddenSubresourceNamesItsRule) {
  const base::Error error =
      ErrorOf(403, "", ScaleCall({.resource = kDeployments, .ns = "team", .name = "d"}, 1).asked);
  EXPECT_EQ(error.code, base::ErrorCode::kDenied);
  EXPECT_NE(
      error.message.find("{apiGroups: [\"apps\"], resources: [deployments/scale], verbs: [patch]}"),
      std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find("patch deployments.apps/scale \"d\" in namespace \"team\""),
            std::string::npos)
      << error.message;
}

TEST(MetaOf, ReadsTheAnswer) {
  net::Response answer;
  answer.body =
      R"({"kind":"Pod","metadata":{"name":"x","namespace":"team","uid":"u","resourceVersion":"8"}})";
  const auto meta = MetaOf(answer);
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->kind, "Pod");
  EXPECT_EQ(meta->name, "x");
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version, "8");
  for (const char* broken : {"", "[]", "{", "nul", R"({"kind":"Pod"})"}) {
    answer.body = broken;
    const auto none = MetaOf(answer);
    ASSERT_FALSE(none) << broken;
    EXPECT_EQ(none.error().code, base::ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace tangram::kube
