#include "telemetry/promql_answer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tangram::telemetry {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;

std::string Vector(const std::string& results) {
  return fmt::format(R"({{"status":"success","data":{{"resultType":"vector","result":[{}]}}}})",
                     results);
}

TEST(ParseQueryAnswer, ReadsAVector) {
  const auto answer = ParseQueryAnswer(
      R"({"warnings":["partial"],"status":"success","data":{"result":[
          {"metric":{"__name__":"m","b":"2","a":"1","empty":""},"value":[1700000000.123,"0.25"]},
          {"value":[1.7e9,"NaN"],"metric":{}}],"resultType":"vector"},"infos":["hint"]})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->kind, AnswerKind::kVector);
  ASSERT_EQ(answer->series.size(), 2U);
  EXPECT_EQ(answer->series[0].labels, Labels({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(answer->series[0].samples.at(0).at.time_since_epoch().count(), 1'700'000'000'123);
  EXPECT_EQ(answer->series[0].samples.at(0).value, 0.25);
  EXPECT_TRUE(std::isnan(answer->series[1].samples.at(0).value));
  EXPECT_EQ(answer->notices, (std::vector<std::string>{"partial", "hint"}));
}

TEST(ParseQueryAnswer, ReadsAMatrixAndAScalar) {
  const auto matrix = ParseQueryAnswer(
      R"({"status":"success","data":{"resultType":"matrix","result":[
          {"metric":{"a":"1"},"values":[[1,"+Inf"],[2,"-Inf"],[3,"1e-05"]]}]}})");
  ASSERT_TRUE(matrix) << matrix.error().message;
  const auto& samples = matrix->series.at(0).samples;
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_TRUE(std::isinf(samples[0].value) && samples[0].value > 0);
  EXPECT_TRUE(std::isinf(samples[1].value) && samples[1].value < 0);
  EXPECT_EQ(samples[2].value, 1e-5);
  const auto scalar =
      ParseQueryAnswer(R"({"status":"success","data":{"resultType":"scalar","result":[5,"7"]}})");
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar->series.at(0).samples.at(0).value, 7);
}

struct HostileCase {
  std::string name;
  std::string body;
};
const HostileCase kHostile[] = {
    {"Empty", ""},
    {"Html", "<html>login</html>"},
    {"Truncated", R"({"status":"success","data":{"resultType":"vector","result":[{"met)"},
    {"TrailingRubbish", Vector("") + "x"},
    {"Array", "[]"},
    {"NoStatus", R"({"data":{"resultType":"vector","result":[]}})"},
    {"OtherStatus", R"({"status":"ok","data":{"resultType":"vector","result":[]}})"},
    {"NoData", R"({"status":"success"})"},
    {"DataNull", R"({"status":"success","data":null})"},
    {"UnknownType", R"({"status":"success","data":{"resultType":"tensor","result":[]}})"},
    {"ResultNoArray", R"({"status":"success","data":{"resultType":"vector","result":{}}})"},
    {"SeriesNoObject", Vector("1")},
    {"NoMetric", Vector(R"({"value":[1,"2"]})")},
    {"LabelNoText", Vector(R"({"metric":{"a":1},"value":[1,"2"]})")},
    {"NoValue", Vector(R"({"metric":{}})")},
    {"Histogram", Vector(R"({"metric":{},"histogram":[1,{"count":"1"}]})")},
    {"ValueNumber", Vector(R"({"metric":{},"value":[1,2]})")},
    {"ValueWord", Vector(R"({"metric":{},"value":[1,"two"]})")},
    {"ValueEmpty", Vector(R"({"metric":{},"value":[1,""]})")},
    {"ValueTail", Vector(R"({"metric":{},"value":[1,"1x"]})")},
    {"ValueDoubleSign", Vector(R"({"metric":{},"value":[1,"++1"]})")},
    {"ThreeParts", Vector(R"({"metric":{},"value":[1,"2",3]})")},
    {"TimeHuge", Vector(R"({"metric":{},"value":[1e300,"2"]})")},
    {"InvalidUtf8", Vector("{\"metric\":{\"a\":\"\xff\"},\"value\":[1,\"2\"]}")},
    {"Deep", std::string(5000, '[') + std::string(5000, ']')},
};

class HostileTest : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileTest, IsAnErrorForAPerson) {
  const auto answer = ParseQueryAnswer(GetParam().body);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(answer.error().message.empty());
  EXPECT_LT(answer.error().message.size(), 500U);
}
INSTANTIATE_TEST_SUITE_P(Table, HostileTest, ::testing::ValuesIn(kHostile),
                         [](const auto& test) { return test.param.name; });

struct RefusalCase {
  std::string name;
  int status;
  std::string body;
  ErrorCode want;
  std::string want_text;
};

std::string Refused(const std::string& type, const std::string& error) {
  return fmt::format(R"({{"status":"error","errorType":"{}","error":"{}"}})", type, error);
}

const RefusalCase kRefusals[] = {
    {"BadData", 400, Refused("bad_data", "parse error: unexpected end"), ErrorCode::kInvalid,
     "parse error"},
    {"BadDataAboutALimit", 400, Refused("bad_data", "invalid parameter limit"), ErrorCode::kInvalid,
     "limit"},
    {"TooManySamples", 422,
     Refused("execution", "query processing would load too many samples into memory"),
     ErrorCode::kUnavailable, "too many samples"},
    {"Execution", 422, Refused("execution", "found duplicate series"), ErrorCode::kInvalid,
     "duplicate"},
    {"Timeout", 503, Refused("timeout", "query timed out in expression evaluation"),
     ErrorCode::kUnavailable, "timed out"},
    {"MimirLimit", 422,
     Refused("execution", "the query exceeded the maximum number of chunks (err-mimir-max-chunks)"),
     ErrorCode::kUnavailable, "maximum number"},
    {"VictoriaMetricsLimit", 422,
     Refused("422", "cannot select more than -search.maxSamplesPerQuery=1000000000 samples"),
     ErrorCode::kUnavailable, "cannot select"},
    {"Unauthorized", 401, "Unauthorized", ErrorCode::kDenied, "check the token"},
    {"Forbidden", 403, "{}", ErrorCode::kDenied, "check the token"},
    {"WrongPath", 404, "404 page not found", ErrorCode::kNotFound, "/prometheus"},
    {"Starting", 503, "Service Unavailable", ErrorCode::kUnavailable, "Service Unavailable"},
    {"TooManyRequests", 429, "", ErrorCode::kUnavailable, "no explanation"},
    {"ControlCharacters", 502, "a\x1b[31m\nb", ErrorCode::kUnavailable, "a [31m b"},
};

class RefusalTest : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(RefusalTest, SaysWhatToDoNext) {
  const base::Error error = ErrorOf(GetParam().status, GetParam().body);
  EXPECT_EQ(error.code, GetParam().want) << error.message;
  EXPECT_THAT(error.message, HasSubstr(GetParam().want_text));
}
INSTANTIATE_TEST_SUITE_P(Table, RefusalTest, ::testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

TEST(ParseLabelValues, ReadsNamesAndNull) {
  const auto values = ParseLabelValues(R"({"status":"success","data":["b","a"]})");
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(ParseLabelValues(R"({"status":"success","data":null})")->empty());
  EXPECT_FALSE(ParseLabelValues(R"({"status":"success","data":[1]})"));
  EXPECT_FALSE(ParseLabelValues(R"({"status":"success","data":{}})"));
}

struct BuildCase {
  std::string name;
  std::string data;
  BuildInfo::Kind want;
};
const BuildCase kBuilds[] = {
    {"Prometheus", R"({"version":"2.42.0","revision":"abc"})", BuildInfo::Kind::kPrometheus},
    {"Thanos", R"({"version":"0.36.1","revision":"abc"})", BuildInfo::Kind::kThanos},
    {"Mimir", R"({"application":"Grafana Mimir","version":"2.14.0"})", BuildInfo::Kind::kMimir},
    {"VictoriaMetrics", R"({"version":"2.24.0"})", BuildInfo::Kind::kVictoriaMetrics},
    {"Unknown", "{}", BuildInfo::Kind::kOther},
};

class BuildTest : public ::testing::TestWithParam<BuildCase> {};

TEST_P(BuildTest, TellsServersApart) {
  const auto build =
      ParseBuildInfo(fmt::format(R"({{"status":"success","data":{}}})", GetParam().data));
  ASSERT_TRUE(build);
  EXPECT_EQ(build->kind, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, BuildTest, ::testing::ValuesIn(kBuilds),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tangram::telemetry
