// The kinds of tangram.dev in the API server, and what is written to them.
#pragma once

#include <simdjson.h>

#include <functional>
#include <optional>
#include <string>

#include "adapter/view_request.h"
#include "control/actuator.h"
#include "kube/call.h"
#include "kube/leader.h"
#include "kube/reflector.h"
#include "kube/resource.h"

namespace tangram::adapter {

extern const kube::Resource kPools;
extern const kube::Resource kClasses;
extern const kube::Resource kPlans;
extern const kube::Resource kViews;
extern const kube::Resource kOperations;
extern const kube::Resource kGpuNodes;

// Follows one of them, whenever it is installed; says to `log` that it is not, and when it is.
kube::ReflectorOptions HowToFollow(const kube::Resource& resource,
                                   std::function<void(const std::string& line)> log);

// As writes carry it: kFenceAnnotation. Empty: nobody is elected.
std::string TextOf(const kube::Fence& fence);

// The request that a write to one of our objects is, with the proof that we lead: the annotation
// of what is created or changed, the field of a status. Nothing: the write is to another object, or
// takes two (DeletePlan, ChangeNode).
std::optional<kube::Call> CallOf(const control::Write& write, const std::string& fence);

// What is deleted carries the proof from the write before: that write, and then the delete of just
// that version (docs/high-availability.md).
struct Deleted {
  kube::Resource resource{};
  control::ObjectRef object{};
};
// Nothing: the write deletes nothing.
std::optional<Deleted> DeletedBy(const control::Write& write);
kube::Call MarkCall(const Deleted& deleted, const std::string& fence);
kube::Call DeleteCall(const Deleted& deleted, const std::string& version);

// `status`: RenderViewStatus.
kube::Call AnswerCall(const ViewRequest& request, const std::string& status);
kube::Call DropCall(const ViewRequest& request);

}  // namespace tangram::adapter
