#include "kube/flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Tickets = std::vector<Flow::Ticket>;

const Flow::SteadyTime kStart{1h};

// Asks as soon as it may, for so long; how many went.
std::size_t WentIn(Flow& flow, Flow::SteadyTime& now, std::chrono::milliseconds span) {
  const auto until = now + span;
  std::size_t went = 0;
  while (true) {
    went += flow.TakeReady(now).size();
    const auto next = flow.NextAt(now);
    if (!next || *next > until) break;
    EXPECT_GE(*next, now);
    now = *next;
  }
  now = until;
  return went;
}

TEST(Flow, BurstThenRate) {
  Flow flow({.qps = 10, .burst = 5});
  for (int i = 0; i < 100; ++i) flow.Join(Priority::kNormal, "patch pods");
  EXPECT_THAT(flow.TakeReady(kStart), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(flow.TakeReady(kStart), IsEmpty());
  EXPECT_EQ(flow.NextAt(kStart), kStart + 100ms);
  EXPECT_THAT(flow.TakeReady(kStart + 99ms), IsEmpty());
  EXPECT_THAT(flow.TakeReady(kStart + 100ms), ElementsAre(6));
  auto now = kStart + 100ms;
  EXPECT_NEAR(static_cast<double>(WentIn(flow, now, 5s)), 50, 1);
  EXPECT_EQ(flow.waiting(), 94 - 50U);
}

TEST(Flow, NothingWaitsNothingIsDue) {
  Flow flow({});
  EXPECT_EQ(flow.NextAt(kStart), std::nullopt);
  EXPECT_THAT(flow.TakeReady(kStart), IsEmpty());
}

TEST(Flow, UrgentFirstAndCriticalAtOnce) {
  Flow flow({.qps = 10, .burst = 2});
  const auto bulk = flow.Join(Priority::kBulk, "create events");
  const auto late = flow.Join(Priority::kBulk, "create events");
  const auto normal = flow.Join(Priority::kNormal, "patch pods");
  const auto lease = flow.Join(Priority::kCritical, "update leases");
  EXPECT_THAT(flow.TakeReady(kStart), ElementsAre(lease, normal));
  EXPECT_THAT(flow.TakeReady(kStart + 100ms), ElementsAre(bulk));
  for (int i = 0; i < 3; ++i) {
    const auto again = flow.Join(Priority::kCritical, "update leases");
    EXPECT_EQ(flow.NextAt(kStart + 100ms), kStart + 100ms);
    EXPECT_THAT(flow.TakeReady(kStart + 100ms), ElementsAre(again));
  }
  // They took tokens all the same.
  EXPECT_THAT(flow.TakeReady(kStart + 200ms), IsEmpty());
  EXPECT_THAT(flow.TakeReady(kStart + 600ms), ElementsAre(late));
}

TEST(Flow, OldestFirstAcrossKinds) {
  Flow flow({.qps = 10, .burst = 10});
  for (const char* kind : {"b", "a", "c", "a"}) flow.Join(Priority::kNormal, kind);
  EXPECT_THAT(flow.TakeReady(kStart), ElementsAre(1, 2, 3, 4));
}

TEST(Flow, BusyLevelPausesAndOthersGoOn) {
  Flow flow({.qps = 100, .burst = 10});
  for (const char* kind : {"list pods", "patch pods"}) {
    flow.Heard(kind, {.status = 200, .level = "workload-low"}, kStart);
  }
  flow.Heard("list nodes", {.status = 200, .level = "other"}, kStart);
  flow.Heard("patch pods", {.status = 429, .level = "workload-low", .retry_after = 2s}, kStart);
  const auto pod = flow.Join(Priority::kNormal, "list pods");
  const auto node = flow.Join(Priority::kNormal, "list nodes");
  const auto lease = flow.Join(Priority::kCritical, "patch pods");
  EXPECT_THAT(flow.TakeReady(kStart), ElementsAre(lease));
  EXPECT_THAT(flow.TakeReady(kStart + 50ms), ElementsAre(node));
  EXPECT_EQ(flow.NextAt(kStart + 50ms), kStart + 2s);
  EXPECT_THAT(flow.TakeReady(kStart + 2s), ElementsAre(pod));
}

TEST(Flow, UnknownLevelPausesItsKind) {
  Flow flow({});
  flow.Heard("a", {.status = 429}, kStart);
  flow.Join(Priority::kNormal, "a");
  const auto other = flow.Join(Priority::kNormal, "b");
  EXPECT_THAT(flow.TakeReady(kStart), ElementsAre(other));
  EXPECT_EQ(flow.NextAt(kStart), kStart + 1s);
}

TEST(Flow, RateIsHalvedOnceAndComesBack) {
  Flow flow({.qps = 100, .burst = 10, .least_percent = 10});
  for (int i = 0; i < 20; ++i) {
    flow.Heard("a", {.status = 429, .retry_after = 0ms}, kStart + i * 1ms);
  }
  EXPECT_NEAR(flow.rate(), 50, 1);
  for (int i = 0; i < 50; ++i) {
    flow.Heard("a", {.status = 429, .retry_after = 0ms}, kStart + (1 + i) * 1s);
  }
  EXPECT_GE(flow.rate(), 10);
  EXPECT_LE(flow.rate(), 20);
  flow.TakeReady(kStart + 60s);
  flow.TakeReady(kStart + 90s);
  EXPECT_EQ(flow.rate(), 100);
}

TEST(Flow, ServerThatAsksForEverIsAskedAgainInAMinute) {
  Flow flow({});
  flow.Heard("a", {.status = 429, .retry_after = 24h}, kStart);
  flow.Join(Priority::kNormal, "a");
  EXPECT_EQ(flow.NextAt(kStart), kStart + 60s);
}

TEST(Flow, ClockThatGoesBackGivesNothing) {
  Flow flow({.qps = 1, .burst = 1});
  flow.Join(Priority::kNormal, "a");
  flow.Join(Priority::kNormal, "a");
  EXPECT_EQ(flow.TakeReady(kStart).size(), 1U);
  EXPECT_THAT(flow.TakeReady(kStart - 10s), IsEmpty());
  EXPECT_THAT(flow.TakeReady(kStart), IsEmpty());
  EXPECT_EQ(flow.TakeReady(kStart + 1s).size(), 1U);
}

}  // namespace
}  // namespace tangram::kube
