#include "adapter/live/our_objects.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "adapter/live/lift_patch.h"
#include "kube/write.h"
#include "report/operation_json.h"
#include "report/plan_json.h"
#include "report/status_json.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;

// What nobody installed yet may come any moment.
constexpr std::chrono::seconds kLookAgain{10};

kube::Resource Ours(const char* plural, const char* kind) {
  return {"tangram.dev", "v1alpha1", plural, kind};
}

json Fenced(json metadata, const std::string& fence) {
  if (!fence.empty()) metadata["annotations"][kFenceAnnotation] = fence;
  return metadata;
}

kube::Call Patch(const kube::ObjectRef& ref, const json& patch) {
  return kube::PatchCall(ref, kube::PatchType::kMerge, patch.dump());
}

// `status` is JSON; conditions of `metadata` that are empty are none.
kube::Call StatusCall(const kube::Resource& resource, const std::string& name, json metadata,
                      const std::string& status) {
  std::erase_if(metadata.get_ref<json::object_t&>(),
                [](const auto& entry) { return entry.second.empty() || entry.second == ""; });
  return Patch({.resource = resource, .name = name, .subresource = "status"},
               {{"metadata", std::move(metadata)}, {"status", json::parse(status)}});
}

kube::Call CallFor(const control::CreatePlan& write, const std::string& fence) {
  json object = json::parse(report::RenderGpuPlan(write.plan));
  object["metadata"] = Fenced(std::move(object["metadata"]), fence);
  return kube::CreateCall({.resource = kPlans}, object.dump());
}
kube::Call CallFor(const control::ApprovePlan& write, const std::string& fence) {
  return Patch(
      {.resource = kPlans, .name = write.plan.name},
      {{"metadata", Fenced({{"uid", write.plan.uid}}, fence)}, {"spec", {{"approved", true}}}});
}
kube::Call CallFor(const control::WritePlanStatus& write, const std::string& fence) {
  return StatusCall(kPlans, write.plan.name,
                    {{"uid", write.plan.uid}, {"resourceVersion", write.plan.version}},
                    report::RenderPlanStatus(write.plan, fence));
}
kube::Call CallFor(const control::CreateOperation& write, const std::string& fence) {
  json object = json::parse(report::RenderNodeOperation(write.operation));
  object["metadata"] = Fenced(std::move(object["metadata"]), fence);
  return kube::CreateCall({.resource = kOperations}, object.dump());
}
kube::Call CallFor(const control::WriteOperationStatus& write, const std::string& fence) {
  const plan::NodeOperation& operation = write.operation;
  return StatusCall(kOperations, operation.name,
                    {{"uid", operation.uid}, {"resourceVersion", operation.version}},
                    report::RenderOperationStatus(operation, fence));
}
json LayoutsJson(const std::vector<cluster::CutCard>& cards) {
  json layouts = json::array();
  for (const cluster::CutCard& card : cards) {
    json instances = json::array();
    for (const auto& [profile, start] : card.instances) {
      instances.push_back({{"profile", profile}, {"start", start}});
    }
    layouts.push_back({{"uuid", card.uuid},
                       {"index", card.gpu},
                       {"mig", card.mig},
                       {"instances", std::move(instances)}});
  }
  return layouts;
}

kube::Call CallFor(const control::OrderCut& write, const std::string& fence) {
  return Patch(
      {.resource = kGpuNodes, .name = write.node},
      {{"metadata", Fenced({{"resourceVersion", write.version}}, fence)},
       {"spec",
        {{"operation", write.order.operation}, {"layouts", LayoutsJson(write.order.cards)}}}});
}
kube::Call CallFor(const control::WritePoolStatus& write, const std::string& fence) {
  return StatusCall(kPools, write.pool, json::object(),
                    report::RenderPoolStatus(write.status, fence));
}
kube::Call CallFor(const control::WriteClassStatus& write, const std::string& fence) {
  return StatusCall(kClasses, write.gpu_class, json::object(),
                    report::RenderClassStatus(write.status, fence));
}

}  // namespace

const kube::Resource kPools = Ours("gpupools", "GpuPool");
const kube::Resource kClasses = Ours("gpuclasses", "GpuClass");
const kube::Resource kPlans = Ours("gpuplans", "GpuPlan");
const kube::Resource kViews = Ours("viewrequests", "ViewRequest");
const kube::Resource kOperations = Ours("nodeoperations", "NodeOperation");
const kube::Resource kGpuNodes = Ours("gpunodes", "GpuNode");

kube::ReflectorOptions HowToFollow(const kube::Resource& resource,
                                   std::function<void(const std::string& line)> log) {
  using Served = kube::ReflectorOptions::Served;
  kube::ReflectorOptions how;
  how.absent_recheck = kLookAgain;
  how.on_served = [log = std::move(log), kind = resource.plural,
                   missed = false](Served served) mutable {
    if (served == Served::kNo) {
      log(
          fmt::format("{}.tangram.dev: this cluster does not serve v1alpha1, so there are none; "
                      "kubectl apply --server-side -f deploy/crds",
                      kind));
    } else if (missed) {
      log(fmt::format("{}.tangram.dev: served now", kind));
    }
    missed = served == Served::kNo;
  };
  return how;
}

std::string TextOf(const kube::Fence& fence) {
  return fence.holder.empty() ? "" : fmt::format("{}/{}", fence.holder, fence.transitions);
}

std::optional<kube::Call> CallOf(const control::Write& write, const std::string& fence) {
  return std::visit(
      [&](const auto& one) -> std::optional<kube::Call> {
        if constexpr (requires { CallFor(one, fence); }) {
          return CallFor(one, fence);
        } else {
          return std::nullopt;
        }
      },
      write);
}

std::optional<Deleted> DeletedBy(const control::Write& write) {
  if (const auto* plan = std::get_if<control::DeletePlan>(&write)) {
    return Deleted{kPlans, plan->plan};
  }
  if (const auto* one = std::get_if<control::DeleteOperation>(&write)) {
    return Deleted{kOperations, one->operation};
  }
  return std::nullopt;
}

kube::Call MarkCall(const Deleted& deleted, const std::string& fence) {
  return Patch({.resource = deleted.resource, .name = deleted.object.name},
               {{"metadata", Fenced({{"uid", deleted.object.uid}}, fence)}});
}

kube::Call DeleteCall(const Deleted& deleted, const std::string& version) {
  kube::DeleteOptions how;
  how.must = {.uid = deleted.object.uid, .resource_version = version};
  return kube::DeleteCall({.resource = deleted.resource, .name = deleted.object.name}, how);
}

kube::Call AnswerCall(const ViewRequest& request, const std::string& status) {
  return StatusCall(kViews, request.name, {{"uid", request.uid}}, status);
}

kube::Call DropCall(const ViewRequest& request) {
  return kube::DeleteCall({.resource = kViews, .name = request.name},
                          {.must = {.uid = request.uid}});
}

}  // namespace tangram::adapter
