#include "telemetry/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "net/testing/test_server.h"

namespace tangram::telemetry {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr base::Time kNow{milliseconds(1'760'000'000'250)};
constexpr const char* kOne =
    R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}})";

// What was sent, by which way; answers the same to all.
struct Wire {
  std::vector<std::string> gets;
  std::vector<std::string> posts;
  int status = 200;
  std::string body = kOne;
};

net::Response AnswerOf(const Wire& wire) {
  net::Response response;
  response.status = wire.status;
  response.body = wire.body;
  return response;
}

Fetch GetOn(Wire& wire) {
  return [&wire](const std::string& path, milliseconds) -> base::Result<net::Response> {
    wire.gets.push_back(path);
    return AnswerOf(wire);
  };
}

PostForm PostOn(Wire& wire) {
  return [&wire](const std::string& path, const std::string& form,
                 milliseconds) -> base::Result<net::Response> {
    wire.posts.push_back(path + " " + form);
    return AnswerOf(wire);
  };
}

TEST(Prometheus, SendsShortQueriesInTheUrl) {
  Wire wire;
  ASSERT_TRUE(Prometheus(GetOn(wire), PostOn(wire)).Query("up{a=\"b c\"}", kNow));
  ASSERT_EQ(wire.gets.size(), 1U);
  EXPECT_THAT(wire.gets[0], HasSubstr("/api/v1/query?query=up%7Ba%3D%22b%20c%22%7D"));
  EXPECT_THAT(wire.gets[0], HasSubstr("&time=1760000000.250"));
  EXPECT_THAT(wire.gets[0], HasSubstr("&timeout=59000ms"));
  EXPECT_TRUE(wire.posts.empty());
}

TEST(Prometheus, SendsLongQueriesAsAFormWhereItCan) {
  const std::string query = "up{a=\"" + std::string(9000, 'x') + "\"}";
  Wire wire;
  ASSERT_TRUE(Prometheus(GetOn(wire), PostOn(wire)).Query(query, kNow));
  EXPECT_TRUE(wire.gets.empty());
  ASSERT_EQ(wire.posts.size(), 1U);
  EXPECT_THAT(wire.posts[0], HasSubstr("/api/v1/query query=up"));
  ASSERT_TRUE(Prometheus(GetOn(wire)).Query(query, kNow));
  EXPECT_EQ(wire.gets.size(), 1U);
}

TEST(Prometheus, RefusesAnImpossibleRange) {
  Wire wire;
  const Prometheus prometheus(GetOn(wire));
  EXPECT_FALSE(prometheus.QueryRange("up", {kNow, kNow - milliseconds(1), milliseconds(1000)}));
  EXPECT_FALSE(prometheus.QueryRange("up", {kNow, kNow, milliseconds(0)}));
  EXPECT_TRUE(wire.gets.empty());
}

TEST(Prometheus, PassesOnWhatTheNetworkSays) {
  const Prometheus prometheus([](const std::string&, milliseconds) -> base::Result<net::Response> {
    return base::Fail(ErrorCode::kUnavailable, "prometheus:9090: connection refused");
  });
  const auto answer = prometheus.Query("up", kNow);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("connection refused"));
}

struct LooksCase {
  std::string name;
  int status;
  std::string body;
  bool want;
};
const LooksCase kLooks[] = {
    {"BuildInfo", 200, R"({"status":"success","data":{"version":"3.1.0","revision":"r"}})", true},
    {"WebPage", 200, "<html></html>", false},
    {"OtherJson", 200, R"({"ok":true})", false},
    {"Starting", 503, "Service Unavailable", false},
    {"Denied", 403, "{}", false},
};

class LooksTest : public ::testing::TestWithParam<LooksCase> {};

TEST_P(LooksTest, LikePrometheus) {
  Wire wire;
  wire.status = GetParam().status;
  wire.body = GetParam().body;
  EXPECT_EQ(LooksLikePrometheus(GetOn(wire)).has_value(), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, LooksTest, ::testing::ValuesIn(kLooks),
                         [](const auto& test) { return test.param.name; });

TEST(LooksLikePrometheus, AsksAQueryWhereOnlyQueriesPass) {
  const Fetch only_queries = [](const std::string& path,
                                milliseconds) -> base::Result<net::Response> {
    net::Response response;
    response.status = path.starts_with("/api/v1/query") ? 200 : 404;
    response.body = kOne;
    return response;
  };
  EXPECT_TRUE(LooksLikePrometheus(only_queries));
}

struct UrlCase {
  std::string name;
  std::string url;
};
const UrlCase kBadUrls[] = {
    {"NoScheme", "user:s3cret@prometheus:9090"}, {"OtherScheme", "ftp://user:s3cret@prometheus"},
    {"NoHost", "http://user:s3cret@"},           {"OnlyPort", "http://user:s3cret@:9090/"},
    {"Blank", "http://user:s3cret@a b/"},        {"Empty", ""},
};

class BadUrlTest : public ::testing::TestWithParam<UrlCase> {};

TEST_P(BadUrlTest, IsRefusedWithoutRepeatingIt) {
  const auto opened = Prometheus::Open({GetParam().url, "", {}, {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(opened.error().message, Not(HasSubstr("s3cret")));
}
INSTANTIATE_TEST_SUITE_P(Table, BadUrlTest, ::testing::ValuesIn(kBadUrls),
                         [](const auto& test) { return test.param.name; });

// A URL as a person gives it, and what must arrive.
struct RouteCase {
  std::string name;
  std::string user;    // before the host
  std::string suffix;  // after the port
  std::string want_path;
  std::string want_authorization;
};
const RouteCase kRoutes[] = {
    {"Bare", "", "", "/api/v1/query", ""},
    {"TrailingSlash", "", "/", "/api/v1/query", ""},
    {"MimirPrefix", "", "/prometheus", "/prometheus/api/v1/query", ""},
    {"VictoriaMetricsCluster", "", "/select/0/prometheus/", "/select/0/prometheus/api/v1/query",
     ""},
    {"PastedGraphPage", "", "/thanos/graph?g0.expr=up#x", "/thanos/api/v1/query", ""},
    {"PastedApi", "", "/p/api/v1/query?query=up", "/p/api/v1/query", ""},
    {"PrefixThatStartsLikeAPage", "", "/query/prom", "/query/prom/api/v1/query", ""},
    {"BasicAuth", "user:pa%40ss@", "", "/api/v1/query", "Basic dXNlcjpwYUBzcw=="},
};

class RouteTest : public ::testing::TestWithParam<RouteCase> {};

TEST_P(RouteTest, KeepsThePrefixAndHidesTheUser) {
  net::testing::TestServer server(
      [](const net::testing::SeenRequest&) { return net::testing::Reply(401, "no"); });
  const std::string host = server.Url().substr(std::string("http://").size());
  const auto opened =
      Prometheus::Open({"http://" + GetParam().user + host + GetParam().suffix, "", {}, {}});
  ASSERT_TRUE(opened) << opened.error().message;
  const auto answer = opened->Query("up", kNow);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDenied);
  EXPECT_THAT(answer.error().message, Not(HasSubstr("pa@ss")));
  ASSERT_EQ(server.Requests().size(), 1U);
  const auto request = server.Requests().front();
  EXPECT_EQ(request.target.substr(0, request.target.find('?')), GetParam().want_path);
  EXPECT_EQ(request.Header("authorization"), GetParam().want_authorization);
}
INSTANTIATE_TEST_SUITE_P(Table, RouteTest, ::testing::ValuesIn(kRoutes),
                         [](const auto& test) { return test.param.name; });

TEST(PrometheusOpen, ReadsARotatedTokenAgainAndSendsTheTenant) {
  net::testing::TestServer server(
      [](const net::testing::SeenRequest&) { return net::testing::Reply(200, kOne); });
  const std::string file = ::testing::TempDir() + "prometheus_token";
  const auto write = [&file](const char* token) { std::ofstream(file) << token << "\n"; };
  write("first");
  const auto opened = Prometheus::Open({server.Url(), file, {{"X-Scope-OrgID", "team"}}, {}});
  ASSERT_TRUE(opened);
  ASSERT_TRUE(opened->Query("up", kNow));
  write("second");
  ASSERT_TRUE(opened->Query("up{a=\"" + std::string(9000, 'x') + "\"}", kNow));
  std::filesystem::remove(file);
  ASSERT_EQ(server.Requests().size(), 2U);
  EXPECT_EQ(server.Requests()[0].Header("authorization"), "Bearer first");
  EXPECT_EQ(server.Requests()[0].Header("x-scope-orgid"), "team");
  EXPECT_EQ(server.Requests()[1].Header("authorization"), "Bearer second");
  EXPECT_EQ(server.Requests()[1].method, "POST");
  EXPECT_EQ(server.Requests()[1].Header("content-type"), "application/x-www-form-urlencoded");
}

TEST(PrometheusOpen, ATokenFileThatIsNotThereIsDenied) {
  const auto opened = Prometheus::Open({"http://127.0.0.1:9", "/nonexistent/token", {}, {}});
  ASSERT_TRUE(opened);
  const auto answer = opened->Query("up", kNow);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDenied);
  EXPECT_THAT(answer.error().message, HasSubstr("/nonexistent/token"));
}

}  // namespace
}  // namespace tangram::telemetry
