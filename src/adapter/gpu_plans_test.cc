// What is written as a GpuPlan is read again as it was: on plans of random clusters.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/sanitized_testing.h"
#include "base/time_text.h"
#include "cluster/testing/random_snapshot.h"
#include "objects/read_plans.h"
#include "plan/pool_plan.h"
#include "report/plan_json.h"
#include "report/status_json.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;

plan::PlanPolicy EverythingAllowed() {
  plan::PlanPolicy policy;
  plan::Pool pool{.name = "all", .selector = {}, .policy = {}};
  pool.policy.mode = plan::Mode::kRecommend;
  pool.policy.moves = plan::Moves::kControlled;
  pool.policy.preempt = pool.policy.stop_idle = pool.policy.resize = true;
  policy.pools = {std::move(pool)};
  return policy;
}

// As the API server returns it.
std::string TextOf(const plan::Proposal& plan) {
  json object = json::parse(report::RenderGpuPlan(plan));
  object["metadata"]["uid"] = plan.uid;
  object["metadata"]["resourceVersion"] = plan.version;
  object["metadata"]["generation"] = plan.generation;
  object["metadata"]["creationTimestamp"] = base::FormatTime(plan.created_at);
  object["spec"]["approved"] = plan.approved;
  object["status"] = json::parse(report::RenderPlanStatus(plan, "pod/1"));
  return object.dump();
}

TEST(GpuPlansLaw, WhatIsWrittenIsRead) {
  const int rounds = base::kSanitized ? 20 : 150;
  for (int seed = 1; seed <= rounds; ++seed) {
    const cluster::Snapshot snapshot = cluster::RandomSnapshot(static_cast<std::uint64_t>(seed));
    plan::PoolPlan made = plan::MakePoolPlan(snapshot, EverythingAllowed(), "all");
    ASSERT_TRUE(made.wrong.empty()) << made.wrong.front();
    if (made.plan.actions.empty()) continue;
    plan::Proposal plan = plan::Propose("all", std::move(made.plan), snapshot.taken_at);
    plan.uid = "uid";
    plan.version = "12";
    plan.generation = 2;
    plan.created_at = *base::ParseTime("2026-11-22T12:00:00Z");
    plan.approved = seed % 2 == 0;
    plan.ours = seed % 3 == 0;
    plan.records = {{.id = 0,
                     .state = plan::ActionRecord::State::kFailed,
                     .started_at = plan.created_at,
                     .finished_at = plan.created_at,
                     .pod_uid = "pod",
                     .message = "no \"budget\""}};
    cluster::Say(plan.conditions,
                 {.type = "Failed", .holds = true, .reason = "ActionFailed", .message = "1 failed"},
                 plan.created_at);
    const auto read = objects::ReadPlans(TextOf(plan));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 1U);
    ASSERT_EQ(read->front(), plan) << "seed " << seed;
  }
}

TEST(GpuPlans, EachKindOfActionIsRead) {
  const plan::PodName pod{"ns", "p"};
  const std::vector<plan::Change> changes = {
      plan::PlacePod{pod, "a"},
      plan::MovePod{pod, "a", "b"},
      plan::EvictPod{pod, "a", {"ns", "q"}},
      plan::StopPod{pod, "a"},
      plan::ResizePod{pod, "a", "b", "nvidia.com/gpu", "nvidia.com/mig-1g.5gb"},
      plan::Reshare{"a", cluster::Sharing::kMps, 1, 4, "1g.5gb"},
      plan::Reshare{"a", cluster::Sharing::kTimeSlicing, 2, 4},
      plan::Repartition{"a", 3, {{"3g.20gb", std::nullopt}}, {{"1g.5gb", 0}, {"1g.5gb+me", 1}}},
      plan::AddNode{"new-1", "a", cluster::CapacityType::kSpot},
      plan::AddNode{"new-2", "a"},
      plan::GiveBack{"a"}};
  plan::Plan plan;
  for (const plan::Change& change : changes) {
    plan::Action& action = plan.actions.emplace_back();
    action.id = static_cast<int>(plan.actions.size()) - 1;
    action.pass = plan::Pass::kScale;
    action.change = change;
    action.reason = "because";
    action.rate_before = base::MicroUsdPerHour(1'250'000);
    action.disturbs = {pod};
    if (action.id > 0) action.needs = {action.id - 1};
  }
  plan.actions[1].gpu_memory = {base::MiB(40'960), base::MiB(10'240), true};
  plan.certificates = {{"cards cut, A100-40GB", 3, 2}};
  plan.before.busy = base::MilliGpu(1'250);
  const plan::Proposal proposal = plan::Propose("p", std::move(plan), {});
  const auto read = objects::ReadPlans(report::RenderGpuPlan(proposal));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->front(), proposal);
}

TEST(GpuPlans, WhatContradictsItselfIsNotRead) {
  plan::Plan plan;
  plan.actions = {{.id = 0, .change = plan::GiveBack{"b"}, .reason = "empty"},
                  {.id = 1, .change = plan::GiveBack{"c"}, .reason = "empty", .needs = {0}}};
  const json good = json::parse(TextOf(plan::Propose("p", std::move(plan), {})));
  ASSERT_TRUE(objects::ReadPlans(good.dump()));
  const auto error = [&](const char* pointer, json value) {
    json bad = good;
    bad[json::json_pointer(pointer)] = std::move(value);
    const auto read = objects::ReadPlans(bad.dump());
    return read ? "" : read.error().message;
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(error("/spec/actions/1/id", 7), HasSubstr("number the actions from 0"));
  EXPECT_THAT(error("/spec/actions/1/needs/0", 1), HasSubstr("is no action before it"));
  EXPECT_THAT(error("/spec/actions/0/kind", "Explode"), HasSubstr("spec.actions[0].kind"));
  EXPECT_THAT(error("/spec/actions/0/node", nullptr), HasSubstr("spec.actions[0].node"));
  EXPECT_THAT(error("/spec/takenAt", "yesterday"), HasSubstr("spec.takenAt"));
  EXPECT_THAT(error("/spec/pool", nullptr), HasSubstr("spec.pool"));
  EXPECT_THAT(error("/spec/before/nodes", -1), HasSubstr("spec.before.nodes"));
  EXPECT_THAT(error("/status/actions", "all"), HasSubstr("status.actions"));
}

}  // namespace
}  // namespace tangram::adapter
