#include "adapter/read_demand.h"

#include <gmock/gmock.h>

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr base::Time kHour{std::chrono::seconds(1'795'435'200)};  // 2026-11-23T12:00:00Z

telemetry::Prometheus Answering(const std::string& body) {
  return telemetry::Prometheus(
      [body](const std::string&, std::chrono::milliseconds) -> base::Result<net::Response> {
        return net::Response{.status = 200, .headers = {}, .body = body};
      });
}

cluster::Snapshot AtTwo() {
  cluster::Snapshot snapshot;
  snapshot.taken_at = kHour + 2h;
  return snapshot;
}

TEST(DemandOfTest, ARowEndsWhereNothingIsKnown) {
  const auto rows = DemandOf(
      {{"a", "1g.5gb", {{kHour, 3}, {kHour + 1h, 4}, {kHour + 3h, 5}}}, {"b", "1g.5gb", {}}});
  EXPECT_THAT(std::vector(rows.begin(), rows.end()),
              ElementsAre(cluster::Demand{"a", "1g.5gb", kHour, {3, 4}},
                          cluster::Demand{"a", "1g.5gb", kHour + 3h, {5}}));
}

TEST(ReadDemandTest, IsPartOfTheSnapshot) {
  const auto snapshot = ReadDemand(
      AtTwo(),
      Answering(R"({"status":"success","data":{"resultType":"matrix","result":[)"
                R"({"metric":{"gpu_pool":"b","profile":"1g.5gb"},"values":[[1795438800,"4"]]},)"
                R"({"metric":{"gpu_pool":"a","profile":"1g.5gb"},"values":[[1795438800,"2"]]}]}})"),
      {});
  EXPECT_THAT(snapshot.gaps, IsEmpty());
  ASSERT_EQ(snapshot.demand.size(), 2U);
  EXPECT_EQ(snapshot.demand[0], (cluster::Demand{"a", "1g.5gb", kHour, {2}}));
}

TEST(ReadDemandTest, NothingRecordedYetIsNoGap) {
  const auto snapshot = ReadDemand(
      AtTwo(), Answering(R"({"status":"success","data":{"resultType":"matrix","result":[]}})"), {});
  EXPECT_THAT(snapshot.gaps, IsEmpty());
  EXPECT_TRUE(snapshot.demand.empty());
}

TEST(ReadDemandTest, WhatCannotBeReadIsAGap) {
  const auto snapshot = ReadDemand(AtTwo(), Answering("<html>"), {});
  ASSERT_EQ(snapshot.gaps.size(), 1U);
  EXPECT_EQ(snapshot.gaps[0].what, "demand");
  EXPECT_THAT(snapshot.gaps[0].remedy, HasSubstr("--prometheus"));
}

}  // namespace
}  // namespace tangram::adapter
