// Any text as a GpuPlan: an error that says where, or a plan whose next step names only its own
// actions, and whose status is read again as it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/execution.h"
#include "control/model.h"
#include "control/operations.h"
#include "objects/read_plans.h"
#include "report/plan_json.h"
#include "report/status_json.h"

namespace {

using namespace tangram;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Everybody of it runs, so that everything that can begin does.
cluster::Snapshot WorldOf(const plan::Proposal& plan) {
  cluster::Snapshot world;
  for (const plan::Action& action : plan.plan.actions) {
    const auto* move = std::get_if<plan::MovePod>(&action.change);
    if (move == nullptr) continue;
    cluster::Pod& pod = world.pods.emplace_back();
    pod.ns = move->pod.ns;
    pod.name = move->pod.name;
    pod.uid = "uid";
    pod.node = move->from;
    for (const std::string& name : {move->from, move->to}) {
      world.nodes.emplace_back().name = name;
    }
  }
  cluster::Normalize(world);
  return world;
}

void CarryOut(plan::Proposal plan) {
  const cluster::Snapshot world = WorldOf(plan);
  control::Model model;
  const control::Operations operations(model, {.mig_manager = true, .shares = true});
  plan::Pool pool;
  pool.name = plan.pool;
  pool.policy.mig = plan::MigBackend::kMigManager;
  const control::ExecutionStep step =
      control::NextStep(plan, {world, pool, operations}, control::Begin::kYes, {}, base::Time());
  for (const plan::ActionRecord& record : step.records) {
    Require(record.id >= 0);
    Require(!plan.records.empty() || record.id < static_cast<int>(plan.plan.actions.size()));
  }
  plan.records = step.records;
  nlohmann::json object = nlohmann::json::parse(report::RenderGpuPlan(plan));
  object["status"] = nlohmann::json::parse(report::RenderPlanStatus(plan, "f/1"));
  const auto again = objects::ReadPlans(object.dump());
  Require(again.has_value() && again->front().plan.actions.size() == plan.plan.actions.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plans = objects::ReadPlans(text);
  if (!plans) {
    Require(plans.error().message.starts_with("line "));
    return 0;
  }
  for (const plan::Proposal& plan : *plans) CarryOut(plan);
  return 0;
}
