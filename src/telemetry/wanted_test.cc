#include "telemetry/wanted.h"

#include <gmock/gmock.h>

namespace tangram::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 2026-11-23T14:20:00Z.
constexpr base::Time kNow{std::chrono::seconds(1'795'443'600)};

class Wanted : public ::testing::Test {
 protected:
  base::Result<std::vector<WantedHours>> Read(std::string body, int status = 200) {
    const Prometheus prometheus(
        [this, body = std::move(body), status](
            const std::string& path, std::chrono::milliseconds) -> base::Result<net::Response> {
          asked_ = path;
          return net::Response{.status = status, .headers = {}, .body = body};
        });
    return ReadWanted(prometheus, {.now = kNow, .weeks = 8, .matchers = {{"cluster", "eu"}}});
  }
  static std::string Matrix(const std::string& series) {
    return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
  }

  std::string asked_;
};

TEST_F(Wanted, EachHourHasItsMost) {
  const auto wanted = Read(Matrix(
      R"({"metric":{"gpu_pool":"a","profile":"1g.5gb"},"values":[[1795438800,"4"],[1795446000,"7"]]})"));
  ASSERT_TRUE(wanted) << wanted.error().message;
  ASSERT_THAT(*wanted, SizeIs(1));
  EXPECT_EQ(wanted->front().pool, "a");
  EXPECT_EQ(wanted->front().profile, "1g.5gb");
  ASSERT_THAT(wanted->front().hours, SizeIs(2));
  EXPECT_EQ(wanted->front().hours[0].from, base::Time(1'795'435'200s));
  EXPECT_EQ(wanted->front().hours[0].peak, 4);
  EXPECT_EQ(wanted->front().hours[1].from, base::Time(1'795'442'400s)) << "the hour of now";
  EXPECT_THAT(asked_, HasSubstr("query_range"));
  EXPECT_THAT(asked_, HasSubstr("end=1795446000"));
  EXPECT_THAT(asked_, HasSubstr("step=3600"));
  EXPECT_THAT(asked_, HasSubstr("cluster%3D%22eu%22"));
}

TEST_F(Wanted, WhatIsNoCountIsLeftOut) {
  const auto wanted = Read(Matrix(
      R"({"metric":{"gpu_pool":"a","profile":"1g.5gb"},"values":[[1795438800,"NaN"],[1795442400,"-3"],[1795446000,"1e300"]]},)"
      R"({"metric":{"profile":"1g.5gb"},"values":[[1795438800,"4"]]})"));
  ASSERT_TRUE(wanted) << wanted.error().message;
  ASSERT_THAT(*wanted, SizeIs(1)) << "one without a pool is nobody's";
  EXPECT_THAT(wanted->front().hours, IsEmpty());
}

TEST_F(Wanted, NothingIsThereYet) {
  const auto wanted = Read(Matrix(""));
  ASSERT_TRUE(wanted);
  EXPECT_THAT(*wanted, IsEmpty());
}

TEST_F(Wanted, WhatTheServerSaysIsPassedOn) {
  const auto wanted =
      Read(R"({"status":"error","errorType":"execution","error":"too many samples"})", 422);
  ASSERT_FALSE(wanted);
  EXPECT_THAT(wanted.error().message, HasSubstr("too many samples"));
}

}  // namespace
}  // namespace tangram::telemetry
