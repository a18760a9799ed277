#include "kube/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kube/json_text.h"
#include "net/testing/test_server.h"

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using net::testing::Answer;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;

const Resource kPods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};
const Resource kSlices{.group = "resource.k8s.io",
                       .version = "v1",
                       .plural = "resourceslices",
                       .kind = "ResourceSlice"};

ClientOptions Fast() {
  ClientOptions options;
  options.backoff = {.first = 1ms, .cap = 4ms};
  options.max_retry_after = 20ms;
  return options;
}

std::unique_ptr<Client> Connect(const TestServer& server, Config config = {}) {
  config.server = server.Url();
  config.source = "the test";
  auto client = Client::Open(config, Fast());
  return client ? std::move(*client) : nullptr;
}

std::string Page(const std::string& next, std::initializer_list<const char*> names) {
  std::string items;
  for (const char* name : names) {
    items += std::string(items.empty() ? "" : ",") + R"({"metadata":{"name":")" + name + "\"}}";
  }
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":")" +
         next + "\"},\"items\":[" + items + "]}";
}

base::Result<std::string> NameOf(simdjson::ondemand::object& item) {
  simdjson::ondemand::value name;
  if (item["metadata"]["name"].get(name)) {
    return base::Fail(base::ErrorCode::kInvalid, "no name");
  }
  return StringOf(name).value_or("?");
}

// Answers the n-th request with the n-th answer, and the last one for ever.
TestServer::Script InTurn(std::vector<Answer> answers) {
  return [answers = std::move(answers), next = std::size_t{0}](const SeenRequest&) mutable {
    return answers[std::min(next++, answers.size() - 1)];
  };
}

TEST(ClientList, FollowsThePages) {
  TestServer server(InTurn({Reply(200, Page("t 1", {"a", "b"})), Reply(200, Page("", {"c"}))}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(
      *client, kPods, {.ns = "x", .label_selector = "a=b,c", .page_size = 2}, NameOf);
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_EQ(*names, (std::vector<std::string>{"a", "b", "c"}));
  const auto seen = server.Requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].target, "/api/v1/namespaces/x/pods?labelSelector=a%3Db%2Cc&limit=2");
  EXPECT_EQ(seen[1].target,
            "/api/v1/namespaces/x/pods?labelSelector=a%3Db%2Cc&limit=2&continue=t%201");
  EXPECT_EQ(seen[0].Header("accept-encoding"), "gzip");
}

TEST(ClientList, BeginsAgainWholeWhenItExpiresHalfWay) {
  TestServer server(InTurn({Reply(200, Page("t", {"a"})), Reply(410, R"({"message":"too old"})"),
                            Reply(200, Page("", {"b", "c"}))}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(*client, kPods, {.page_size = 1}, NameOf);
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_EQ(*names, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(server.Requests().at(2).target, "/api/v1/pods");
}

TEST(ClientList, AsksForMetadataOnly) {
  TestServer server(InTurn({Reply(
      200,
      R"({"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":"1"},"items":[]})")}));
  const auto client = Connect(server);
  ASSERT_TRUE(client->List(kPods, {.content = Content::kMetadataOnly},
                           {.on_item = [](auto&) { return base::Result<void>(); }}));
  EXPECT_EQ(server.Requests().at(0).Header("accept"),
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
}

struct BadPage {
  std::string name;
  std::string body;
};
std::ostream& operator<<(std::ostream& out, const BadPage& row) { return out << row.name; }

const BadPage kBadPages[] = {
    {"Empty", ""},
    {"NotJson", "<html>login</html>"},
    {"Array", "[]"},
    {"Truncated", R"({"kind":"PodList","items":[{"metadata":{"name":"a"}})"},
    {"WrongKind", R"({"kind":"NodeList","metadata":{"resourceVersion":"1"},"items":[]})"},
    {"Status", R"({"kind":"Status","message":"x"})"},
    {"NoItems", R"({"kind":"PodList","metadata":{"resourceVersion":"1"}})"},
    {"ItemIsText", R"({"kind":"PodList","items":["a"]})"},
    {"ItemsIsObject", R"({"kind":"PodList","items":{}})"},
    {"TokenIsNumber", R"({"kind":"PodList","metadata":{"continue":4},"items":[]})"},
    {"SomethingFollows", R"({"kind":"PodList","items":[]} {})"},
    {"SameTokenForEver", Page("again", {})},
    {"DeepNesting", R"({"kind":"PodList","metadata":)" + std::string(100'000, '[')},
};

class ClientBadPage : public testing::TestWithParam<BadPage> {};
TEST_P(ClientBadPage, IsAnError) {
  TestServer server(InTurn({Reply(200, GetParam().body)}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(*client, kPods, {}, NameOf);
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().code, base::ErrorCode::kUnavailable) << names.error().message;
  EXPECT_TRUE(names.error().message.starts_with("list pods: ")) << names.error().message;
}
INSTANTIATE_TEST_SUITE_P(Table, ClientBadPage, testing::ValuesIn(kBadPages),
                         [](const auto& row) { return row.param.name; });

TEST(Client, NullItemsAreNone) {
  TestServer server(InTurn({Reply(200, R"({"items":null,"kind":"PodList","metadata":{}})")}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(*client, kPods, {}, NameOf);
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_TRUE(names->empty());
}

TEST(Client, ItemThatTheDecoderRefusesEndsTheList) {
  TestServer server(InTurn({Reply(200, R"({"kind":"PodList","items":[{"a":1}]})")}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(*client, kPods, {}, NameOf);
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().message, "list pods: item 0: no name");
}

struct StatusCase {
  std::string name;
  int status;
  base::ErrorCode code;
  std::size_t attempts;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const StatusCase& row) { return out << row.name; }

const StatusCase kStatuses[] = {
    {"BadRequest", 400, base::ErrorCode::kInvalid, 1, "the server's words"},
    {"Unauthorized", 401, base::ErrorCode::kDenied, 1, "log in again"},
    {"Forbidden", 403, base::ErrorCode::kDenied, 1,
     "{apiGroups: [\"resource.k8s.io\"], resources: [resourceslices], verbs: [list]}"},
    {"NotFound", 404, base::ErrorCode::kNotFound, 1, "list resourceslices.resource.k8s.io"},
    {"Conflict", 409, base::ErrorCode::kConflict, 1, ""},
    {"Gone", 410, base::ErrorCode::kExpired, 1, ""},
    {"TooMany", 429, base::ErrorCode::kUnavailable, 5, ""},
    {"Internal", 500, base::ErrorCode::kUnavailable, 5, ""},
    {"Unavailable", 503, base::ErrorCode::kUnavailable, 5, "answered 503"},
    {"Redirect", 302, base::ErrorCode::kInvalid, 1, ""},
};

class ClientStatus : public testing::TestWithParam<StatusCase> {};
TEST_P(ClientStatus, BecomesAnError) {
  TestServer server(InTurn({Reply(GetParam().status, R"({"message":"the server's words"})")}));
  const auto client = Connect(server);
  const auto names = ListAll<std::string>(*client, kSlices, {}, NameOf);
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().code, GetParam().code);
  EXPECT_EQ(server.Requests().size(), GetParam().attempts);
  EXPECT_NE(names.error().message.find(GetParam().says), std::string::npos)
      << names.error().message;
}
INSTANTIATE_TEST_SUITE_P(Table, ClientStatus, testing::ValuesIn(kStatuses),
                         [](const auto& row) { return row.param.name; });

TEST(Client, ComesBackAfterTheServerAsksToWait) {
  TestServer server(InTurn(
      {Reply(429, "", {{"Retry-After", "1"}}), Reply(503, ""), Reply(200, Page("", {"a"}))}));
  const auto client = Connect(server);
  EXPECT_TRUE(ListAll<std::string>(*client, kPods, {}, NameOf));
}

TEST(Client, WritesAreNotRepeatedUnlessTheServerTookNothing) {
  TestServer server(InTurn({Reply(429, "", {{"Retry-After", "1"}}), Reply(503, "busy")}));
  const auto client = Connect(server);
  const auto answer = client->Send({.asked = {.verb = "create", .resource = kPods},
                                    .method = "POST",
                                    .path = kPods.Path("x"),
                                    .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(server.Requests().size(), 2U);
  EXPECT_EQ(server.Requests()[0].Header("content-type"), "application/json");
}

TEST(Client, SlowServerIsATimeOut) {
  TestServer server(InTurn({{net::testing::WaitForGate{"never"}}}));
  const auto client = Connect(server);
  const auto answer = client->Send({.asked = {.verb = "get", .resource = {}, .path = "/x"},
                                    .method = "PUT",
                                    .path = "/x",
                                    .timeout = 50ms});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("no full answer in time"), std::string::npos);
}

TEST(Client, DiscoveryTellsAbsentFromBroken) {
  TestServer server([](const SeenRequest& request) {
    if (request.target == "/apis/resource.k8s.io/v1") {
      return Reply(200,
                   R"({"kind":"APIResourceList","resources":[{"name":"resourceslices"},3,{}]})");
    }
    if (request.target == "/apis/broken/v1") return Reply(200, "[]");
    if (request.target == "/apis/down/v1") return Reply(503, "");
    return Reply(404, "");
  });
  const auto client = Connect(server);
  EXPECT_TRUE(*client->Serves(kSlices));
  EXPECT_FALSE(*client->Serves({.group = "resource.k8s.io", .version = "v1", .plural = "other"}));
  EXPECT_FALSE(*client->Serves({.group = "none", .version = "v1", .plural = "x"}));
  EXPECT_FALSE(client->Serves({.group = "broken", .version = "v1", .plural = "x"}));
  EXPECT_FALSE(client->Serves({.group = "down", .version = "v1", .plural = "x"}));
}

TEST(Client, ManyThreadsShareIt) {
  TestServer server(InTurn({Reply(200, Page("", {"a", "b"}))}));
  const auto client = Connect(server, {.token = "t"});
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        const auto names = ListAll<std::string>(*client, kPods, {}, NameOf);
        if (names && names->size() == 2) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

TEST(Client, AsksNoFasterThanItMayAndCounts) {
  TestServer server(InTurn({Reply(200, "{}"), Reply(200, "{}"), Reply(404, "")}));
  metrics::Registry metrics;
  ClientOptions options = Fast();
  options.flow = FlowLimits{.qps = 100, .burst = 1};
  options.metrics = &metrics;
  const auto client = Client::Open({.server = server.Url(), .source = "the test"}, options);
  ASSERT_TRUE(client) << client.error().message;
  const auto began = base::MonotonicNow();
  for (int i = 0; i < 5; ++i) static_cast<void>((*client)->Get(kPods, "team", "x"));
  EXPECT_GE(base::MonotonicNow() - began, 39ms);
  const std::string text = metrics.Text();
  for (const char* line :
       {"tangram_kube_requests_total{code=\"200\",resource=\"pods\",verb=\"get\"} 2\n",
        "tangram_kube_requests_total{code=\"404\",resource=\"pods\",verb=\"get\"} 3\n",
        "tangram_kube_request_duration_seconds_count{resource=\"pods\",verb=\"get\"} 5\n",
        "tangram_kube_flow_wait_seconds_count{priority=\"normal\"} 5\n",
        "tangram_kube_flow_waiting 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

// The server is busy: what falls in the same level waits as long as it asked for.
TEST(Client, GivesWayToABusyServer) {
  TestServer server(
      InTurn({Reply(429, "",
                    {{"Retry-After", "1"}, {"X-Kubernetes-PF-PriorityLevel-UID", "workload-low"}}),
              Reply(200, "{}")}));
  ClientOptions options = Fast();  // gives a call itself only 20 ms
  options.flow = FlowLimits{};
  const auto client = Client::Open({.server = server.Url(), .source = "the test"}, options);
  ASSERT_TRUE(client) << client.error().message;
  const auto began = base::MonotonicNow();
  EXPECT_TRUE((*client)->Get(kPods, "team", "x"));
  EXPECT_GE(base::MonotonicNow() - began, 990ms);
}

TEST(Client, OpenRefusesWhatCanNeverWork) {
  EXPECT_FALSE(Client::Open({.server = "ftp://x"}));
  EXPECT_FALSE(Client::Open({.server = ""}));
  const auto in_the_clear = Client::Open({.server = "http://example.com", .token = "s3cret"});
  ASSERT_FALSE(in_the_clear);
  EXPECT_EQ(in_the_clear.error().message.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace tangram::kube
