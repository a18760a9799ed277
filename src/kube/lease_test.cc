#include "kube/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitized_testing.h"
#include "kube/lease_testing.h"

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Lease, FirstCandidateCreatesAndRenews) {
  LeaseStory story;
  auto& a = story.Add("a");
  EXPECT_TRUE(story.Run(1s));
  EXPECT_THAT(a.log, ElementsAre("+0"));
  EXPECT_EQ(a.election->leader(), "a");
  EXPECT_EQ(story.server.spec()["holderIdentity"], "a");
  EXPECT_EQ(story.server.spec()["leaseDurationSeconds"], 15);
  EXPECT_EQ(story.server.spec()["renewTime"], "2019-12-20T00:00:00.020000Z");
  EXPECT_TRUE(story.Run(2min));
  EXPECT_THAT(a.log, ElementsAre("+0"));
  EXPECT_EQ(story.server.spec()["leaseTransitions"], 0);
  EXPECT_EQ(story.server.spec()["acquireTime"], "2019-12-20T00:00:00.020000Z");
  // Get, create, and a renewal each two seconds.
  EXPECT_NEAR(story.server.calls, 2 + 60, 2);
}

TEST(Lease, FenceEndsBeforeAnotherCanLead) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  const Fence fence = *a.election->fence();
  EXPECT_EQ(fence.holder, "a");
  EXPECT_EQ(fence.valid_until.steady - fence.renewed.steady, 10s);
  Instant late = fence.renewed;
  late.steady += 9999ms;
  EXPECT_TRUE(fence.MayWrite(late));
  late.steady += 1ms;
  EXPECT_FALSE(fence.MayWrite(late));
  Instant jumped = fence.renewed;  // the wall clock ran, the monotonic one slept
  jumped.wall += 10s;
  EXPECT_FALSE(fence.MayWrite(jumped));
  jumped.wall -= 1h;
  EXPECT_TRUE(fence.MayWrite(jumped));
}

TEST(Lease, SecondCandidateTakesOverFromADeadLeader) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  EXPECT_TRUE(story.Run(1min));
  EXPECT_THAT(b.log, IsEmpty());
  EXPECT_EQ(b.election->leader(), "a");
  a.dead = true;
  const StoryTime died = story.now();
  while (!b.led && story.now() < died + 60s) EXPECT_TRUE(story.Run(10ms));
  EXPECT_THAT(b.log, ElementsAre("+1"));
  // The lease time from the last renewal that b saw, and one wait.
  EXPECT_LE(story.now() - died, 15s + 4400ms);
  EXPECT_EQ(story.server.spec()["holderIdentity"], "b");
}

TEST(Lease, ReleaseHandsOverAtOnce) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  story.Run(10s);
  story.Release(a);
  EXPECT_FALSE(story.MayWrite(a)) << "from before the call is sent";
  EXPECT_TRUE(story.Run(5s));
  EXPECT_TRUE(a.election->finished());
  EXPECT_THAT(a.log, ElementsAre("+0", "-"));
  EXPECT_THAT(b.log, ElementsAre("+1"));
  const int calls = story.server.calls;
  b.dead = true;
  story.Run(1min);
  EXPECT_EQ(story.server.calls, calls) << "who released asks for nothing any more";
}

TEST(Lease, ReleaseWaitsForTheCallUnderWay) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.passage = [](const std::string&) { return Passage{.there = 500ms, .back = 500ms}; };
  story.Run(5s);
  ASSERT_TRUE(a.led);
  while (a.election->next() != a.election->fence()->valid_until.steady) story.Run(10ms);
  story.Release(a);  // a renewal is under way
  EXPECT_FALSE(a.election->finished());
  story.Run(3s);
  EXPECT_TRUE(a.election->finished());
  EXPECT_EQ(story.server.spec()["holderIdentity"], "");
  EXPECT_EQ(story.server.spec()["leaseTransitions"], 0);
}

TEST(Lease, FollowerHasNothingToRelease) {
  LeaseStory story;
  story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  story.Run(1s);
  story.Release(b);
  EXPECT_TRUE(b.election->finished());
  story.Run(1s);
  EXPECT_EQ(story.server.spec()["holderIdentity"], "a");
}

TEST(Lease, PausedLeaderMayNotWriteWhenItWakes) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  story.Run(10s);
  a.paused_until = story.now() + 60s;
  EXPECT_TRUE(story.Run(30s));
  EXPECT_THAT(b.log, ElementsAre("+1"));
  EXPECT_TRUE(story.Run(60s));
  EXPECT_THAT(a.log, ElementsAre("+0", "-"));
  EXPECT_EQ(a.election->leader(), "b");
}

TEST(Lease, ShortPauseCostsNothing) {
  LeaseStory story;
  auto& a = story.Add("a");
  auto& b = story.Add("b");
  story.Run(10s);
  auto& leader = a.led ? a : b;
  leader.paused_until = story.now() + 5s;
  EXPECT_TRUE(story.Run(30s));
  EXPECT_EQ(leader.log.size(), 1U);
}

TEST(Lease, ServerDownEndsLeadershipInTime) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  story.Run(5s);
  story.server.down = true;
  EXPECT_TRUE(story.Run(11s));
  EXPECT_THAT(a.log, ElementsAre("+0", "-"));
  EXPECT_THAT(a.election->error()->message, HasSubstr("down"));
  EXPECT_THAT(b.log, IsEmpty());
  story.server.down = false;
  EXPECT_TRUE(story.Run(30s));
  EXPECT_TRUE(a.led || b.led);
}

TEST(Lease, LostAnswersAreNotLostRenewals) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  // The server does what is asked, and no answer comes for a while.
  story.passage = [&](const std::string&) { return Passage{.lost_back = story.now() < 12s}; };
  EXPECT_TRUE(story.Run(20s));
  EXPECT_THAT(a.log, ElementsAre("+0", "-", "+0")) << "the same leader again: no transition";
}

TEST(Lease, WallClocksMayShowWhatTheyLike) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  auto& b = story.Add("b");
  b.wall_offset = 24h * 365;
  EXPECT_TRUE(story.Run(1min));
  EXPECT_THAT(b.log, IsEmpty());
  a.wall_offset = -1h;
  EXPECT_TRUE(story.Run(1min));
  EXPECT_THAT(a.log, ElementsAre("+0"));
  a.wall_offset = 0h;  // ahead of what it was
  EXPECT_FALSE(story.MayWrite(a));
  EXPECT_TRUE(story.Run(1min));
  EXPECT_THAT(a.log, ElementsAre("+0", "-", "+0"));
  EXPECT_THAT(b.log, IsEmpty());
}

TEST(Lease, ClocksOfUnequalRates) {
  LeaseStory story;
  auto& a = story.Add("a");
  a.rate = 0.85;
  story.Run(1s);
  auto& b = story.Add("b");
  b.rate = 1.15;
  EXPECT_TRUE(story.Run(1min));
  a.paused_until = story.now() + 40s;
  EXPECT_TRUE(story.Run(2min));
  EXPECT_THAT(b.log, ElementsAre("+1"));
}

TEST(Lease, ConflictIsLookedAtAtOnce) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  story.server.Edit([](nlohmann::json& lease) { lease["metadata"]["labels"]["x"] = "y"; });
  EXPECT_TRUE(story.Run(10s));
  EXPECT_THAT(a.log, ElementsAre("+0"));
  EXPECT_EQ(story.server.spec()["holderIdentity"], "a");
  // A person takes the lease away, for ten seconds.
  story.server.Edit([](nlohmann::json& lease) {
    lease["spec"]["holderIdentity"] = "person";
    lease["spec"]["leaseDurationSeconds"] = 10;
  });
  EXPECT_TRUE(story.Run(5s));
  EXPECT_THAT(a.log, ElementsAre("+0", "-"));
  EXPECT_EQ(a.election->leader(), "person");
  EXPECT_TRUE(story.Run(20s));
  EXPECT_THAT(a.log, ElementsAre("+0", "-", "+1"));
}

TEST(Lease, LeaseThatIsDeletedIsMadeAnew) {
  LeaseStory story;
  auto& a = story.Add("a");
  story.Run(1s);
  story.server.Delete();
  EXPECT_TRUE(story.Run(10s));
  EXPECT_TRUE(story.server.exists());
  EXPECT_TRUE(story.MayWrite(a));
}

struct BadLease {
  std::string name;
  std::string body;
};
std::ostream& operator<<(std::ostream& out, const BadLease& row) { return out << row.name; }
const BadLease kBadLeases[] = {
    {"Empty", ""},
    {"NoObject", "[]"},
    {"NoVersion", R"({"metadata":{},"spec":{}})"},
    {"MetadataIsText", R"({"metadata":"x"})"},
};
class LeaseBad : public testing::TestWithParam<BadLease> {};
TEST_P(LeaseBad, IsAnErrorAndNoLeadership) {
  LeaderElection election({.ns = "a", .name = "b", .identity = "c"}, [] { return 0; });
  const Instant now{};
  ASSERT_TRUE(election.Tick(now));
  EXPECT_FALSE(election.TakeAnswer(
      net::Response{.status = 200, .headers = {}, .body = GetParam().body}, now));
  EXPECT_FALSE(election.fence());
  ASSERT_TRUE(election.error());
  EXPECT_THAT(election.error()->message, HasSubstr("lease \"a/b\": the answer is no Lease"));
  EXPECT_GT(election.next(), now.steady);
}
INSTANTIATE_TEST_SUITE_P(Table, LeaseBad, testing::ValuesIn(kBadLeases),
                         [](const auto& row) { return row.param.name; });

// Fields of other types than they should be count as not there: the lease is free.
TEST(Lease, OddSpecIsFree) {
  for (const char* spec : {"null", "7", R"({"holderIdentity":7,"leaseTransitions":"x"})"}) {
    LeaderElection election({.ns = "a", .name = "b", .identity = "c"}, [] { return 0; });
    election.Tick({});
    const auto take =
        election.TakeAnswer(net::Response{.status = 200,
                                          .headers = {},
                                          .body = R"({"metadata":{"resourceVersion":"1"},"spec":)" +
                                                  std::string(spec) + "}"},
                            {});
    ASSERT_TRUE(take) << spec;
    EXPECT_EQ(take->method, "PUT");
    EXPECT_EQ(take->repeat, Repeat::kNever);
    EXPECT_EQ(take->priority, Priority::kCritical);
    EXPECT_EQ(take->timeout, 5s);
  }
}

TEST(Lease, OptionsAreChecked) {
  const LeaseOptions good{.ns = "a", .name = "b", .identity = "c"};
  EXPECT_TRUE(Check(good));
  const auto error = [&](const std::function<void(LeaseOptions&)>& change) {
    LeaseOptions options = good;
    change(options);
    const auto checked = Check(options);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_THAT(error([](auto& o) { o.identity = ""; }), HasSubstr("must be set"));
  EXPECT_THAT(error([](auto& o) { o.lease_duration = 15'500ms; }), HasSubstr("whole seconds"));
  EXPECT_THAT(error([](auto& o) { o.renew_deadline = 15s; }),
              HasSubstr("lease duration (15s) must be longer than the renew deadline (15s)"));
  EXPECT_THAT(error([](auto& o) { o.renew_deadline = 14'501ms; }),
              HasSubstr("by 500ms or more, the time that a write may take"));
  EXPECT_THAT(error([](auto& o) { o.retry_period = 9s; }), HasSubstr("1.2 retry periods"));
  EXPECT_THAT(error([](auto& o) { o.retry_period = 0s; }), HasSubstr("positive"));
}

// Whatever the network, the processes and the wall clocks do, two never lead at once; and when all
// is well again somebody leads.
TEST(Lease, NeverTwoLeaders) {
  const std::uint64_t seeds = base::kSanitized ? 1 : 25;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    LeaseStory story(seed);
    std::vector<LeaseStory::Candidate*> all = {&story.Add("a"), &story.Add("b"), &story.Add("c")};
    for (LeaseStory::Candidate* one : all) {
      one->rate = 0.9 + 0.2 * static_cast<double>(story.Next() >> 32 & 0xff) / 255;
    }
    const auto dice = [&](std::uint64_t sides) { return (story.Next() >> 32) % sides; };
    story.passage = [&](const std::string&) {
      const auto slow = [&] { return StoryTime(dice(10) == 0 ? dice(8000) : dice(50)); };
      return Passage{
          .there = slow(), .back = slow(), .lost_there = dice(15) == 0, .lost_back = dice(15) == 0};
    };
    for (int i = 0; i < 60; ++i) {
      LeaseStory::Candidate& one = *all[dice(3)];
      if (dice(2) == 0) one.paused_until = story.now() + StoryTime(dice(40'000));
      if (dice(4) == 0) one.wall_offset += StoryTime(dice(60'000)) - 30s;
      story.server.down = dice(6) == 0;
      ASSERT_TRUE(story.Run(StoryTime(dice(12'000))))
          << "seed " << seed << " at " << story.now().count() << " ms";
    }
    story.server.down = false;
    story.passage = [](const std::string&) { return Passage{}; };
    ASSERT_TRUE(story.Run(3min)) << seed;
    EXPECT_EQ(story.Leaders().size(), 1U) << seed;
  }
}

}  // namespace
}  // namespace tangram::kube
