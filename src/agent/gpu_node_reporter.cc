#include "agent/gpu_node_reporter.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/write.h"

namespace tangram::agent {
namespace {

using base::ErrorCode;
using nlohmann::json;

kube::WriteOptions How() {
  kube::WriteOptions how;
  how.field_manager = "tangram-agent";
  return how;
}

// The whole of the status, so that nothing old stays in it.
kube::Call PatchOf(const std::string& node, const std::string& status) {
  const std::string patch = R"([{"op":"add","path":"/status","value":)" + status + "}]";
  return kube::PatchCall({GpuNodes(), "", node, "status"}, kube::PatchType::kJson, patch, How());
}

kube::Call CreateOf(const std::string& node, const std::string& uid) {
  const json object = {
      {"apiVersion", "tangram.dev/v1alpha1"},
      {"kind", "GpuNode"},
      {"metadata",
       {{"name", node},
        {"labels", {{"app.kubernetes.io/managed-by", "tangram"}}},
        {"ownerReferences",
         json::array({{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", uid}}})}}},
      {"spec", json::object()}};
  return kube::CreateCall({GpuNodes(), "", "", ""}, object.dump(), How());
}

std::string UidOf(const std::string& node) {
  const json object = json::parse(node, nullptr, false);
  if (!object.is_object()) return "";
  const json::json_pointer uid("/metadata/uid");
  return object.contains(uid) && object.at(uid).is_string() ? object.at(uid).get<std::string>()
                                                            : "";
}

}  // namespace

void GpuNodeReporter::Offer(Report report, Haste haste) {
  urgent_ = urgent_ || haste == Haste::kUrgent;
  offered_ = std::move(report);
}

bool GpuNodeReporter::Due(base::Time now) const {
  if (!offered_ || now < not_before_) return false;
  if (urgent_ || !last_) return true;
  const auto since = now - *last_;
  return since >= options_.heartbeat || (!Written() && since >= options_.least);
}

void GpuNodeReporter::Send(Asked asked, kube::Call call) {
  asked_ = asked;
  deps_.api.Start(std::move(call));
}

void GpuNodeReporter::Patch() {
  sent_ = offered_->gist;
  Send(Asked::kPatch, PatchOf(options_.node, offered_->status));
}

void GpuNodeReporter::Poll() {
  const base::Time now = deps_.clock.Now();
  if (asked_ != Asked::kNothing) TakeAnswer(now);
  if (asked_ == Asked::kNothing && Due(now)) Patch();
}

void GpuNodeReporter::TakeAnswer(base::Time now) {
  const auto answer = deps_.api.Take();
  if (!answer) return;
  const Asked asked = std::exchange(asked_, Asked::kNothing);
  const bool there = !*answer && answer->error().code == ErrorCode::kConflict;
  if (asked == Asked::kCreate && (*answer || there)) return Patch();
  if (!*answer) {
    const bool gone = answer->error().code == ErrorCode::kNotFound;
    if (asked == Asked::kPatch && gone) return Send(Asked::kNode, GetNodeCall(options_.node));
    return Fail(now, answer->error());
  }
  if (asked == Asked::kNode) {
    const std::string uid = UidOf(**answer);
    if (uid.empty()) {
      return Fail(now, {ErrorCode::kUnavailable, "the answer to get nodes has no uid"});
    }
    return Send(Asked::kCreate, CreateOf(options_.node, uid));
  }
  written_ = sent_;
  last_ = now;
  urgent_ = urgent_ && !Written();
  retry_ = base::Milliseconds(0);
  if (!std::exchange(said_, "").empty()) deps_.log("the GpuNode is written again");
}

void GpuNodeReporter::Fail(base::Time now, const base::Error& error) {
  retry_ = retry_.count() == 0 ? options_.first_retry : std::min(2 * retry_, options_.most_retry);
  not_before_ = now + retry_;
  if (said_ == error.message) return;
  said_ = error.message;
  deps_.log("the GpuNode \"" + options_.node + "\" cannot be written: " + said_);
}

}  // namespace tangram::agent
