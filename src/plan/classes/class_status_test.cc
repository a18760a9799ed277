// What a class says of itself.
#include "plan/classes/class_status.h"

#include <gmock/gmock.h>

#include "plan/plan_testing.h"

namespace tangram::plan::classes {
namespace {

using ::testing::HasSubstr;

cluster::GpuClass Class(const std::string& name, std::int64_t gib) {
  cluster::GpuClass of;
  of.name = name;
  of.generation = 2;
  of.memory = base::MiB(1024) * gib;
  return of;
}

class ClassStatusTest : public ::testing::Test {
 protected:
  ClassStatus Of(std::vector<cluster::GpuClass> classes, const std::string& name) {
    PlanPolicy policy;
    policy.defaults.mode = Mode::kObserve;  // nothing is cut for it
    const auto index =
        Index::Build(cluster.snapshot(), {.policy = policy, .classes = std::move(classes)});
    return StatusOf(*index, *index->Find(name));
  }
  static std::string Reason(const ClassStatus& status) { return status.conditions.at(0).reason; }

  testing::Cluster cluster;
};

TEST_F(ClassStatusTest, CountsTheDevicesThatServeIt) {
  cluster.Node("a", 4);
  cluster.Pod("one", "nvidia.com/gpu", 3, "a");
  const ClassStatus status = Of({Class("big", 20)}, "big");
  EXPECT_EQ(status.generation, 2);
  EXPECT_EQ(status.total, 4);
  EXPECT_EQ(status.free, 1);
  EXPECT_TRUE(status.conditions.at(0).holds);
  EXPECT_EQ(Reason(status), "Satisfiable");
}

TEST_F(ClassStatusTest, SaysWhyItIsNotMet) {
  cluster.Node("a", 1);
  EXPECT_EQ(Reason(Of({Class("huge", 500)}, "huge")), "NeverSatisfiable");
  cluster::GpuClass lost = Class("lost", 20);
  lost.fallbacks = {"nowhere"};
  EXPECT_EQ(Reason(Of({lost}, "lost")), "FallbackNotFound");
  cluster::GpuClass left = Class("left", 20);
  cluster::GpuClass right = Class("right", 20);
  left.fallbacks = {"right"};
  right.fallbacks = {"left"};
  const ClassStatus cycle = Of({left, right}, "left");
  EXPECT_EQ(Reason(cycle), "FallbackCycle");
  EXPECT_THAT(cycle.conditions[0].message, HasSubstr("left -> right -> left"));
  cluster.Pod("one", "nvidia.com/gpu", 1, "a");
  const ClassStatus full = Of({Class("big", 20)}, "big");
  EXPECT_EQ(Reason(full), "NoCapacityNow");
  EXPECT_FALSE(full.conditions.at(0).holds);
}

}  // namespace
}  // namespace tangram::plan::classes
