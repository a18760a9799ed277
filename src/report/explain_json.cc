#include "report/explain_json.h"

#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "cluster/gate.h"
#include "plan/classes/index.h"
#include "plan/leaks/seats.h"
#include "report/explain_text.h"
#include "report/plan_groups.h"
#include "report/plan_words.h"

namespace tangram::report {
namespace {

using Json = nlohmann::ordered_json;

Json TextOrNull(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json UsdPerHour(const std::optional<base::MicroUsdPerHour>& rate) {
  return rate ? Json(static_cast<double>(rate->value()) / 1e6) : Json();
}

Json Ratio(const std::optional<base::PartsPerMillion>& share) {
  return share ? Json(static_cast<double>(share->value()) / 1e6) : Json();
}

Json AsksJson(const cluster::Pod& pod) {
  Json devices = Json::array();
  for (const auto& [resource, count] : pod.devices) {
    if (plan::KindOf(resource).unit == plan::ResourceKind::Unit::kNotGpu) continue;
    devices.push_back({{"resource", resource}, {"count", count}});
  }
  return {{"devices", std::move(devices)},
          {"claims", pod.claims},
          {"class", TextOrNull(cluster::Find(pod.labels, plan::classes::kClassLabel))}};
}

Json HoldsJson(const plan::Explanation& told) {
  Json list = Json::array();
  for (const plan::HeldSeat& seat : told.holds) {
    list.push_back({{"node", seat.node},
                    {"gpu", seat.gpu},
                    {"model", TextOrNull(seat.model)},
                    {"profile", TextOrNull(seat.profile)},
                    {"start", seat.start ? Json(*seat.start) : Json()},
                    {"replicas", seat.replicas},
                    {"exact", seat.exact},
                    {"shareOfCard", Ratio(seat.share)},
                    {"usdPerHour", UsdPerHour(seat.rate)},
                    {"busy", Ratio(seat.active)}});
  }
  return list;
}

Json StepsJson(const cluster::Snapshot& snapshot, const plan::Explanation& told) {
  plan::Plan plan;
  for (const plan::NextStep& step : told.steps) plan.actions.push_back(step.action);
  const auto lines = GroupActions(snapshot, plan, Grouping::kNone);
  Json list = Json::array();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const plan::NextStep& step = told.steps[i];
    const bool places = std::holds_alternative<plan::PlacePod>(step.action.change);
    const bool by_itself = !step.pool.empty() && step.mode == plan::Mode::kAuto;
    list.push_back({{"kind", Name(step.action.change)},
                    {"what", lines[i].what},
                    {"where", lines[i].where},
                    {"why", lines[i].why},
                    {"pool", TextOrNull(step.pool)},
                    {"needsApproval", !places && !by_itself}});
  }
  return list;
}

Json WaitingJson(const std::optional<plan::Waiting>& waiting) {
  if (!waiting) return nullptr;
  return {{"reason", plan::NameOf(waiting->reason)},
          {"never", plan::IsNever(waiting->reason)},
          {"why", waiting->why},
          {"remedy", waiting->remedy}};
}

Json NodesJson(const plan::Explanation& told) {
  Json ruled_out = Json::array();
  for (const plan::Obstacle& obstacle : told.obstacles) {
    ruled_out.push_back({{"reason", plan::NameOf(obstacle.kind)},
                         {"what", TextOrNull(obstacle.what)},
                         {"nodes", obstacle.nodes}});
  }
  Json held_by = Json::array();
  for (const plan::Holder& holder : told.holders) {
    held_by.push_back({{"namespace", holder.ns},
                       {"kind", TextOrNull(holder.owner.kind)},
                       {"name", holder.owner.name},
                       {"devices", holder.devices}});
  }
  return {{"withGpus", told.gpu_nodes},
          {"open", told.open_nodes},
          {"ruledOut", std::move(ruled_out)},
          {"heldBy", std::move(held_by)}};
}

Json GangJson(const std::optional<plan::GangStanding>& gang) {
  if (!gang) return nullptr;
  return {{"name", gang->name},
          {"size", gang->size ? Json(*gang->size) : Json()},
          {"there", gang->there},
          {"onNodes", gang->on_nodes}};
}

}  // namespace

std::string RenderExplanationJson(const cluster::Snapshot& snapshot,
                                  const plan::Explanation& told) {
  const cluster::Pod& pod = *told.pod;
  const Json json = {
      {"format", "tangram-explain"},
      {"version", 1},
      {"cluster", snapshot.cluster},
      {"takenAt", base::FormatTime(snapshot.taken_at)},
      {"pod", {{"namespace", pod.ns}, {"name", pod.name}}},
      {"state", plan::NameOf(told.state)},
      {"asks", AsksJson(pod)},
      {"choice", TextOrNull(cluster::Find(pod.annotations, plan::classes::kChoiceAnnotation))},
      {"placement", TextOrNull(cluster::Find(pod.annotations, cluster::kPlacementAnnotation))},
      {"node", TextOrNull(pod.node)},
      {"holds", HoldsJson(told)},
      {"usdPerHour", UsdPerHour(told.rate)},
      {"gates", pod.gates},
      {"gang", GangJson(told.gang)},
      {"steps", StepsJson(snapshot, told)},
      {"waiting", WaitingJson(told.waiting)},
      {"nodes", NodesJson(told)},
      {"schedulerSays", TextOrNull(pod.pending_message)},
      {"sentences", Sentences(snapshot, told)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tangram::report
