#include "adapter/live/fault_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace tangram::adapter {
namespace {

// Verb and resource, as RBAC names them.
constexpr std::array<std::string_view, 26> kWrites = {
    "create leases",                         // who leads (kube/lease.cc)
    "update leases",                         // taken, renewed, given up
    "patch leaderships",                     // who leads, for the API server (control_plane.cc)
    "patch pods",                            // a gate is lifted (kube_actuator.cc)
    "create pods/eviction",                  // kube_actuator.cc
    "create events",                         // why a pod waits (kube/events.cc)
    "patch events",                          // it still does
    "update secrets",                        // the webhook's certificates (webhook.cc)
    "patch mutatingwebhookconfigurations",   // their authority
    "delete mutatingwebhookconfigurations",  // at the end, out of the cluster
    "create resourceclaimtemplates",         // of a class that DRA serves
    "create gpuplans",                       // proposed (our_objects.cc, as those below)
    "patch gpuplans",                        // approved, or marked to be deleted
    "patch gpuplans/status",                 // how far it is
    "delete gpuplans",                       // over
    "create nodeoperations",                 // a saga begins (likewise)
    "patch nodeoperations",                  // marked to be deleted
    "patch nodeoperations/status",           // its journal
    "delete nodeoperations",                 // over
    "patch nodes",                           // its taint, mig-manager's label (hardware_writes.cc)
    "patch gpunodes",                        // the agent is asked to cut (our_objects.cc)
    "patch configmaps",           // layouts for mig-manager, configurations for the device plugin
    "patch gpupools/status",      // how pools are
    "patch gpuclasses/status",    // how classes are
    "patch viewrequests/status",  // what was asked is answered (views.cc)
    "delete viewrequests",        // what who asked left behind
};

std::string NameOf(kube::WriteMoment moment, const kube::Asked& asked) {
  return fmt::format("{} {} {}{}{}", moment == kube::WriteMoment::kBefore ? "before" : "after",
                     asked.verb, asked.resource.plural, asked.subresource.empty() ? "" : "/",
                     asked.subresource);
}

}  // namespace

std::vector<std::string> FaultPoints() {
  std::vector<std::string> points;
  for (const std::string_view write : kWrites) {
    points.push_back(fmt::format("before {}", write));
    points.push_back(fmt::format("after {}", write));
  }
  return points;
}

base::Result<std::function<void(kube::WriteMoment, const kube::Asked&)>> DieAt(
    const std::string& point) {
  const std::vector<std::string> points = FaultPoints();
  const auto named = std::find_if(points.begin(), points.end(), [&](const std::string& one) {
    return point == one || point.starts_with(one + " ");
  });
  const std::string which = named == points.end() ? "" : point.substr(named->size());
  const auto times = which.empty() ? 1 : base::ParseInteger(which.substr(1)).value_or(0);
  if (named == points.end() || times < 1) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("\"{}\" is no fault point; one is \"{}\", another \"{} 2\"",
                                  point, points.front(), points.front()));
  }
  auto left = std::make_shared<std::int64_t>(times);  // the client's thread alone
  return [name = *named, left](kube::WriteMoment moment, const kube::Asked& asked) {
    if (NameOf(moment, asked) == name && --*left == 0) std::raise(SIGKILL);
  };
}

}  // namespace tangram::adapter
