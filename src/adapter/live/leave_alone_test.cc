#include "adapter/live/leave_alone.h"

#include <gtest/gtest.h>

#include "cluster/gate.h"
#include "control/model.h"
#include "plan/leaks/judge.h"

namespace tangram::adapter {
namespace {

TEST(LeaveAlone, KeepsThePodsRoomAndNothingElseThatOneMightActOn) {
  cluster::Pod pod;
  pod.node = "n";
  pod.annotations = {{"karpenter.sh/do-not-disrupt", "false"}, {"tangram.dev/nodes", "n,m"}};
  LeaveAlone(pod);
  EXPECT_EQ(pod.node, "n");
  EXPECT_TRUE(pod.gates.empty());
  EXPECT_TRUE(plan::IsPinned(pod));
  EXPECT_EQ(cluster::SentTo(pod), "");
}

TEST(LeaveAlone, AGateOfOursIsNotTheLastOne) {
  cluster::Pod pod;
  pod.gates = {std::string(cluster::kPlacementGate)};
  LeaveAlone(pod);
  control::Model model;
  model.SetPod(pod, "1", "");
  ASSERT_EQ(model.gated().size(), 1U);
  EXPECT_TRUE(model.gated().begin()->second.others);
}

}  // namespace
}  // namespace tangram::adapter
