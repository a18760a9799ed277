#include "report/operation_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tangram::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestReason = 1'024;

Json LayoutJson(const std::vector<plan::PlacedInstance>& layout) {
  Json list = Json::array();
  for (const auto& [profile, start] : layout) {
    list.push_back({{"profile", profile}, {"start", start ? Json(*start) : Json()}});
  }
  return list;
}

Json EvictJson(const plan::NodeOperation& operation) {
  Json evict = Json::array();
  for (const plan::NamedPod& named : operation.evict) {
    evict.push_back({{"namespace", named.pod.ns}, {"name", named.pod.name}, {"uid", named.uid}});
  }
  return evict;
}

const char* NameOf(cluster::Sharing sharing) {
  if (sharing == cluster::Sharing::kNone) return "None";
  return sharing == cluster::Sharing::kMps ? "Mps" : "TimeSlicing";
}

Json ReshareJson(const plan::NodeOperation& operation) {
  const plan::Resharing& reshare = *operation.reshare;
  Json json = {{"resource", reshare.change.resource},
               {"sharing", NameOf(reshare.after)},
               {"sharingBefore", NameOf(reshare.before)},
               {"replicasBefore", reshare.change.before},
               {"replicasAfter", reshare.change.after},
               {"configAfter", reshare.config_after},
               {"renamed", reshare.renamed},
               {"evict", EvictJson(operation)}};
  if (!reshare.profile.empty()) json["profile"] = reshare.profile;
  if (!reshare.config_before.empty()) json["configBefore"] = reshare.config_before;
  return json;
}

Json RepartitionJson(const plan::NodeOperation& operation) {
  Json cards = Json::array();
  for (const plan::CardLayouts& card : operation.cards) {
    Json& to = cards.emplace_back(Json{{"gpu", card.gpu},
                                       {"layoutBefore", LayoutJson(card.before)},
                                       {"layoutAfter", LayoutJson(card.after)}});
    if (!card.uuid.empty()) to["uuid"] = card.uuid;
  }
  const bool by_agent = operation.backend == plan::MigBackend::kAgent;
  Json json = {{"backend", by_agent ? "Agent" : "MigManager"},
               {"cards", std::move(cards)},
               {"evict", EvictJson(operation)}};
  if (!operation.label_before.empty()) json["migConfigBefore"] = operation.label_before;
  if (!operation.order_before.empty()) json["orderBefore"] = operation.order_before;
  return json;
}

}  // namespace

std::string RenderNodeOperation(const plan::NodeOperation& operation) {
  Json metadata = {{"name", operation.name}};
  if (operation.ours) metadata["labels"] = {{"app.kubernetes.io/managed-by", "tangram"}};
  const bool shares = operation.reshare.has_value();
  Json spec = {{"kind", shares ? "Reshare" : "Repartition"},
               {"node", operation.node},
               {"reason", base::Shorten(operation.reason, kLongestReason)}};
  if (shares) {
    spec["reshare"] = ReshareJson(operation);
  } else {
    spec["repartition"] = RepartitionJson(operation);
  }
  if (!operation.plan.empty()) {
    spec["plan"] = {{"name", operation.plan}, {"actions", operation.actions}};
  }
  const Json object = {{"apiVersion", "tangram.dev/v1alpha1"},
                       {"kind", "NodeOperation"},
                       {"metadata", std::move(metadata)},
                       {"spec", std::move(spec)}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tangram::report
