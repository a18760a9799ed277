// Where a node is from, by the labels that clouds and provisioners set.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "adapter/decode_node.h"
#include "base/text.h"

namespace tangram::adapter {
namespace {

using cluster::CapacityType;
using cluster::Find;
using cluster::Labels;

// The value of the first of `keys` that has one.
std::string FirstOf(const Labels& labels, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const std::string_view value = Find(labels, key); !value.empty()) return std::string(value);
  }
  return "";
}

bool AnyKeyStarts(const Labels& labels, std::string_view prefix) {
  return std::any_of(labels.begin(), labels.end(),
                     [prefix](const auto& label) { return label.first.starts_with(prefix); });
}

std::string CloudOf(const Labels& labels, std::string_view provider_id) {
  if (provider_id.starts_with("aws://")) return "aws";
  if (provider_id.starts_with("gce://")) return "gcp";
  if (provider_id.starts_with("azure://")) return "azure";
  if (!provider_id.empty() && !provider_id.starts_with("kwok://")) return "";
  if (AnyKeyStarts(labels, "eks.amazonaws.com/") || AnyKeyStarts(labels, "karpenter.k8s.aws/")) {
    return "aws";
  }
  if (AnyKeyStarts(labels, "cloud.google.com/")) return "gcp";
  if (AnyKeyStarts(labels, "kubernetes.azure.com/")) return "azure";
  return "";
}

// The vocabularies of the provisioners, told apart only where one word means two things.
CapacityType CapacityNamed(std::string_view text) {
  const std::string word = base::Lower(text);
  if (word == "spot" || word == "preemptible") return CapacityType::kSpot;
  if (word == "on-demand" || word == "on_demand" || word == "standard" || word == "regular" ||
      word == "normal" || word == "ondemand") {
    return CapacityType::kOnDemand;
  }
  if (word == "reserved" || word == "reservation" || word == "capacity_block" ||
      word == "capacity-block") {
    return CapacityType::kReserved;
  }
  return CapacityType::kUnknown;
}

// Set by the clouds themselves, on spot nodes only, or with a word for each kind.
CapacityType CapacityOf(const Labels& labels, std::string_view cloud) {
  constexpr std::array<std::string_view, 6> kWordLabels = {
      "karpenter.sh/capacity-type",
      "eks.amazonaws.com/capacityType",
      "kubernetes.azure.com/scalesetpriority",
      "cloud.google.com/gke-provisioning",
      "node.kubernetes.io/lifecycle",
      "karpenter.k8s.aws/capacity-reservation-type"};
  for (const std::string_view key : kWordLabels) {
    const CapacityType type = CapacityNamed(Find(labels, key));
    if (type != CapacityType::kUnknown) return type;
  }
  const bool spot = Find(labels, "cloud.google.com/gke-spot") == "true" ||
                    Find(labels, "cloud.google.com/gke-preemptible") == "true";
  if (spot) return CapacityType::kSpot;
  // GKE labels each node's pool; a pool that is not spot carries neither label.
  const bool gke_pool = !Find(labels, "cloud.google.com/gke-nodepool").empty();
  // AKS writes scalesetpriority on spot pools only.
  const bool aks_pool = !Find(labels, "kubernetes.azure.com/agentpool").empty();
  if ((cloud == "gcp" && gke_pool) || (cloud == "azure" && aks_pool)) {
    return CapacityType::kOnDemand;
  }
  return CapacityType::kUnknown;
}

}  // namespace

Provenance ProvenanceOf(const Labels& labels, std::string_view provider_id) {
  Provenance from;
  from.cloud = CloudOf(labels, provider_id);
  from.region = FirstOf(
      labels, {"topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"});
  from.zone =
      FirstOf(labels, {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"});
  from.instance_type =
      FirstOf(labels, {"node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"});
  from.capacity_type = CapacityOf(labels, from.cloud);
  from.pool = FirstOf(
      labels, {"karpenter.sh/nodepool", "eks.amazonaws.com/nodegroup",
               "cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "agentpool"});
  return from;
}

}  // namespace tangram::adapter
