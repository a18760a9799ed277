#include "report/plan_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/time_text.h"
#include "plan/cards.h"
#include "plan/pool_plan.h"
#include "report/plan_groups.h"
#include "report/plan_words.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Json = nlohmann::ordered_json;

// Null: unknown.
Json UsdPerHour(const std::optional<base::MicroUsdPerHour>& rate) {
  return rate ? Json(static_cast<double>(rate->value()) / 1e6) : Json();
}

Json PodJson(const plan::PodName& pod) { return {{"namespace", pod.ns}, {"name", pod.name}}; }

Json LayoutJson(const std::vector<plan::PlacedInstance>& layout) {
  Json list = Json::array();
  for (const auto& [profile, start] : layout) {
    list.push_back({{"profile", profile}, {"start", start ? Json(*start) : Json()}});
  }
  return list;
}

// The fields of one kind of change, after what all actions have.
template <class Change>
void AddPodOnNode(Json& json, const Change& change) {
  json["pod"] = PodJson(change.pod);
  json["node"] = change.node;
}
template <class Change>
void AddPodThatGoes(Json& json, const Change& change) {
  json["pod"] = PodJson(change.pod);
  json["from"] = change.from;
  json["node"] = change.to;
}
void AddChange(Json& json, const plan::PlacePod& change) {
  AddPodOnNode(json, change);
  Json devices = Json::array();
  for (const auto& [claim, device] : change.devices) {
    Json consumed = Json::array();
    for (const auto& [capacity, quantity] : device.consumed) {
      consumed.push_back({{"capacity", capacity}, {"quantity", quantity}});
    }
    devices.push_back({{"claim", claim},
                       {"request", device.request},
                       {"driver", device.driver},
                       {"pool", device.pool},
                       {"device", device.device},
                       {"adminAccess", device.admin_access},
                       {"consumed", std::move(consumed)}});
  }
  json["devices"] = std::move(devices);
}
void AddChange(Json& json, const plan::StopPod& change) { AddPodOnNode(json, change); }
void AddChange(Json& json, const plan::MovePod& change) { AddPodThatGoes(json, change); }
void AddChange(Json& json, const plan::EvictPod& change) {
  AddPodOnNode(json, change);
  json["by"] = PodJson(change.by);
}
void AddChange(Json& json, const plan::ResizePod& change) {
  AddPodThatGoes(json, change);
  json["resourceBefore"] = change.resource_before;
  json["resourceAfter"] = change.resource_after;
}
void AddChange(Json& json, const plan::Reshare& change) {
  json["node"] = change.node;
  json["profile"] = change.profile.empty() ? Json() : Json(change.profile);
  json["sharing"] = Name(change.sharing);
  json["replicasBefore"] = change.from;
  json["replicasAfter"] = change.to;
}
void AddChange(Json& json, const plan::Repartition& change) {
  json["node"] = change.node;
  json["gpu"] = change.gpu;
  json["layoutBefore"] = LayoutJson(change.from);
  json["layoutAfter"] = LayoutJson(change.to);
}
void AddChange(Json& json, const plan::AddNode& change) {
  json["node"] = change.node;
  json["like"] = change.like;
  const bool spot = change.capacity == cluster::CapacityType::kSpot;
  json["capacityType"] = spot ? Json(Name(change.capacity)) : Json();
}
void AddChange(Json& json, const plan::GiveBack& change) { json["node"] = change.node; }

Json MemoryJson(const std::optional<plan::MemoryShare>& memory) {
  if (!memory) return nullptr;
  Json flags = Json::array();
  for (const plan::ServingFlag& flag : plan::ServingFlags(*memory)) {
    flags.push_back(
        {{"server", flag.server}, {"flag", fmt::format("{}={}", flag.name, flag.value)}});
  }
  return {{"seenMiB", memory->seen.value()},
          {"shareMiB", memory->share.value()},
          {"enforced", memory->enforced},
          {"servingFlags", std::move(flags)}};
}

Json ActionJson(const plan::Action& action) {
  Json json = {
      {"id", action.id}, {"pass", plan::NameOf(action.pass)}, {"kind", Name(action.change)}};
  std::visit([&](const auto& change) { AddChange(json, change); }, action.change);
  json["reason"] = action.reason;
  json["usdPerHourBefore"] = UsdPerHour(action.rate_before);
  json["usdPerHourAfter"] = UsdPerHour(action.rate_after);
  Json disturbs = Json::array();
  for (const plan::PodName& pod : action.disturbs) disturbs.push_back(PodJson(pod));
  json["disturbs"] = std::move(disturbs);
  json["needs"] = action.needs;
  if (GoesToNode(action.change)) json["gpuMemory"] = MemoryJson(action.gpu_memory);
  return json;
}

Json TotalsJson(const plan::PlanTotals& totals) {
  return {
      {"nodes", totals.nodes},
      {"gpus", totals.gpus},
      {"gpusHeld", static_cast<double>(totals.held.value()) / 1e3},
      {"gpusBusy", totals.busy ? Json(static_cast<double>(totals.busy->value()) / 1e3) : Json()},
      {"usdPerHour", UsdPerHour(totals.rate)},
      {"nodesWithoutPrice", totals.unpriced_nodes},
      {"podsWaiting", totals.waiting}};
}

Json GroupJson(const ActionGroup& group) {
  const plan::Change& first = group.actions.front()->change;
  Json actions = Json::array();
  for (const plan::Action* action : group.actions) actions.push_back(action->id);
  return {{"verb", Verb(first)},
          {"sign", std::string(1, Sign(first))},
          {"what", group.what},
          {"where", group.where},
          {"why", group.why},
          {"usdPerHourChange", UsdPerHour(group.rate)},
          {"actions", std::move(actions)}};
}

Json SeatsJson(const std::vector<plan::CardSeat>& seats) {
  Json list = Json::array();
  for (const plan::CardSeat& seat : seats) {
    list.push_back({{"profile", seat.profile.empty() ? Json() : Json(seat.profile)},
                    {"start", seat.start ? Json(*seat.start) : Json()},
                    {"size", seat.memory_slices},
                    {"replica", seat.replica},
                    {"pod", seat.pod ? PodJson(*seat.pod) : Json()}});
  }
  return list;
}

Json NodeJson(const plan::NodeChange& node) {
  Json cards = Json::array();
  for (const plan::CardChange& card : node.cards) {
    const auto gpu = std::find_if(node.like->gpus.begin(), node.like->gpus.end(),
                                  [&](const auto& one) { return one.index == card.gpu; });
    cards.push_back(
        {{"gpu", card.gpu},
         {"model", card.model != nullptr ? std::string(card.model->name) : gpu->product},
         {"memorySlices", card.model != nullptr ? card.model->memory_slices : 0},
         {"before", SeatsJson(card.before)},
         {"after", SeatsJson(card.after)}});
  }
  const std::string_view change = node.added ? "Added" : node.given_back ? "GivenBack" : "Stays";
  return {{"name", node.name},
          {"change", change},
          {"pool", node.like->pool},
          {"instanceType", node.like->instance_type},
          {"usdPerHour", node.like->price ? UsdPerHour(node.like->price->rate) : Json()},
          {"exact", node.exact},
          {"cards", std::move(cards)}};
}

Json CertificatesJson(const plan::Plan& plan) {
  Json list = Json::array();
  for (const plan::Certificate& certificate : plan.certificates) {
    list.push_back({{"what", certificate.what},
                    {"value", certificate.value},
                    {"lowerBound", certificate.bound}});
  }
  return list;
}

// What the schema of the object allows.
constexpr std::size_t kLongestReason = 1'024;
constexpr std::size_t kLongestLabel = 63;

std::string Dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string RenderGpuPlan(const plan::Proposal& proposal) {
  Json actions = Json::array();
  for (const plan::Action& action : proposal.plan.actions) {
    actions.push_back(ActionJson(action));
    actions.back()["reason"] = base::Shorten(action.reason, kLongestReason);
  }
  Json labels = {{"tangram.dev/plan-digest", plan::DigestOf(proposal.plan)}};
  if (proposal.pool.size() <= kLongestLabel) labels["tangram.dev/pool"] = proposal.pool;
  if (proposal.ours) labels["app.kubernetes.io/managed-by"] = "tangram";
  return Dumped({{"apiVersion", "tangram.dev/v1alpha1"},
                 {"kind", "GpuPlan"},
                 {"metadata", {{"name", proposal.name}, {"labels", std::move(labels)}}},
                 {"spec",
                  {{"pool", proposal.pool},
                   {"takenAt", base::FormatTime(proposal.taken_at)},
                   {"before", TotalsJson(proposal.plan.before)},
                   {"after", TotalsJson(proposal.plan.after)},
                   {"actions", std::move(actions)},
                   {"certificates", CertificatesJson(proposal.plan)}}}});
}

std::string RenderPlanJson(const cluster::Snapshot& snapshot, const plan::Plan& plan) {
  Json actions = Json::array();
  for (const plan::Action& action : plan.actions) actions.push_back(ActionJson(action));
  Json groups = Json::array();
  for (const ActionGroup& group : GroupActions(snapshot, plan, Grouping::kAlike)) {
    groups.push_back(GroupJson(group));
  }
  Json nodes = Json::array();
  for (const plan::NodeChange& node : plan::ChangesOf(plan, snapshot)) {
    nodes.push_back(NodeJson(node));
  }
  Json waiting = Json::array();
  for (const plan::Waiting& pod : plan.waiting) {
    Json json = PodJson(pod.pod);
    json["reason"] = plan::NameOf(pod.reason);
    json["never"] = plan::IsNever(pod.reason);
    json["why"] = pod.why;
    json["remedy"] = pod.remedy;
    waiting.push_back(std::move(json));
  }
  const Json json = {{"format", "tangram-plan"},
                     {"version", 1},
                     {"cluster", snapshot.cluster},
                     {"takenAt", base::FormatTime(snapshot.taken_at)},
                     {"before", TotalsJson(plan.before)},
                     {"after", TotalsJson(plan.after)},
                     {"actions", std::move(actions)},
                     {"groups", std::move(groups)},
                     {"nodes", std::move(nodes)},
                     {"waiting", std::move(waiting)},
                     {"certificates", CertificatesJson(plan)}};
  return Dumped(json);
}

}  // namespace tangram::report
