#include "control/work_queue.h"

#include <gmock/gmock.h>

namespace tangram::control {
namespace {

using namespace std::chrono_literals;

constexpr base::Time At(base::Milliseconds since) { return base::Time(since); }

TEST(WorkQueue, EachKeyOnceAtItsEarliestTime) {
  WorkQueue queue;
  queue.Add("a", At(10ms));
  queue.Add("a", At(5ms));
  queue.Add("a", At(20ms));
  queue.Add("b", At(7ms));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.Take(At(4ms)), std::nullopt);
  EXPECT_EQ(queue.Take(At(9ms)), "a");
  EXPECT_EQ(queue.NextDue(), At(7ms));
  EXPECT_EQ(queue.Take(At(9ms)), "b");
  EXPECT_EQ(queue.Take(At(9ms)), std::nullopt);
}

TEST(WorkQueue, AJumpOfTheClockLosesNothing) {
  WorkQueue queue;
  queue.Add("a", At(10ms));
  queue.Add("b", At(20ms));
  EXPECT_EQ(queue.Take(At(1h)), "a");
  EXPECT_EQ(queue.Take(At(1h)), "b");
  queue.Add("a", At(1h));
  queue.Add("a", At(5ms));  // back again: the earlier time counts
  EXPECT_EQ(queue.Take(At(5ms)), "a");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, FailuresWaitLongerAndLonger) {
  WorkQueue queue({.first = 10ms, .most = 35ms});
  std::vector<base::Milliseconds> waits;
  for (int i = 0; i < 4; ++i) {
    queue.AddAfterFailure("a", At(0ms));
    waits.push_back(queue.NextDue()->time_since_epoch());
    queue.Take(At(1s));
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(10ms, 20ms, 35ms, 35ms));
  EXPECT_EQ(queue.FailuresOf("a"), 4);
  queue.Forget("a");
  queue.AddAfterFailure("a", At(0ms));
  EXPECT_EQ(queue.NextDue(), At(10ms));
  queue.Remove("a");
  EXPECT_EQ(queue.NextDue(), std::nullopt);
}

}  // namespace
}  // namespace tangram::control
