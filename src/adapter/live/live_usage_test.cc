#include "adapter/live/live_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/testing/test_server.h"

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// One card on one node.
cluster::Snapshot Seen() {
  cluster::Snapshot snapshot;
  cluster::Node& node = snapshot.nodes.emplace_back();
  node.name = "a";
  node.gpus.emplace_back();
  return snapshot;
}

class LiveUsageTest : public ::testing::Test {
 protected:
  LiveUsageTest() {
    kube::Config config;
    config.server = "http://127.0.0.1:1";
    config.source = "test";
    client = *kube::Client::Open(config, {});
  }

  std::unique_ptr<LiveUsage> Reading(const std::string& url) {
    telemetry::PrometheusUrl where;
    where.url = url;
    LiveUsageOptions options;
    options.source = where;
    return std::make_unique<LiveUsage>(*client, clock, std::move(options),
                                       LiveUsage::Handler{[this] { return wanted.load(); },
                                                          [this](const plan::Measured& known) {
                                                            measured = known.usage;
                                                            has_demand = known.demand;
                                                            ++told;
                                                          },
                                                          [](const std::string&) {}});
  }

  const base::SystemClock clock;
  std::unique_ptr<kube::Client> client;
  std::atomic<bool> wanted = true;
  std::atomic<bool> measured = true;
  std::atomic<bool> has_demand = false;
  std::atomic<int> told = 0;
};

TEST_F(LiveUsageTest, WhereNothingIsToBeReadTheSnapshotIsAsItIs) {
  LiveUsage usage(*client, clock, {}, {});
  usage.Start();
  EXPECT_EQ(usage.AsMeasured(Seen()), Seen());
}

TEST_F(LiveUsageTest, WhatCannotBeReadIsAGapThatSaysWhy) {
  const auto usage = Reading("http://127.0.0.1:1");
  EXPECT_THAT(usage->AsMeasured(Seen()).gaps.at(0).what, "usage");
  usage->Start();
  while (told == 0) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(measured);
  const cluster::Snapshot without = usage->AsMeasured(Seen());
  EXPECT_FALSE(without.usage);
  ASSERT_THAT(without.gaps, SizeIs(1));
  EXPECT_THAT(without.gaps[0].why, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(without.gaps[0].remedy, HasSubstr("--prometheus"));
}

// No DCGM anywhere, and a history of what was wanted.
TEST_F(LiveUsageTest, WhatWasWantedNeedsNoUsage) {
  const net::testing::TestServer server([](const auto& request) {
    constexpr const char* kNothing =
        R"({"status":"success","data":{"resultType":"vector","result":[]}})";
    constexpr const char* kHistory =
        R"({"status":"success","data":{"resultType":"matrix","result":[)"
        R"({"metric":{"gpu_pool":"a","profile":"1g.5gb"},"values":[[1795438800,"4"]]}]}})";
    const bool range = request.target.starts_with("/api/v1/query_range");
    return net::testing::Reply(200, range ? kHistory : kNothing);
  });
  const auto usage = Reading(server.Url());
  usage->Start();
  while (told == 0) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(measured);
  EXPECT_TRUE(has_demand);
  const cluster::Snapshot known = usage->AsMeasured(Seen());
  ASSERT_EQ(known.demand.size(), 1U);
  EXPECT_EQ(known.demand[0].peaks, std::vector<std::int64_t>{4});
  ASSERT_THAT(known.gaps, SizeIs(1));
  EXPECT_EQ(known.gaps[0].what, "usage");
}

TEST_F(LiveUsageTest, WhoIsNotWantedAsksNothing) {
  std::atomic<int> asked = 0;
  const net::testing::TestServer server([&](const auto&) {
    ++asked;
    return net::testing::Reply(503, "starting");
  });
  wanted = false;
  const auto usage = Reading(server.Url());
  usage->Start();
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(asked, 0);
  wanted = true;
  while (asked == 0) std::this_thread::sleep_for(10ms);
}

TEST_F(LiveUsageTest, WhoEndsAsksNothingMore) {
  std::atomic<int> asked = 0;
  const net::testing::TestServer server([&](const auto&) {
    ++asked;
    std::this_thread::sleep_for(300ms);
    return net::testing::Reply(
        200, R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  });
  auto usage = Reading(server.Url());
  usage->Start();
  while (asked == 0) std::this_thread::sleep_for(10ms);
  usage.reset();
  EXPECT_LE(asked, 2);
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace tangram::adapter
