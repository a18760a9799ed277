#include "control/node_sharing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace tangram::control {
namespace {

constexpr std::string_view kShared = ".shared";

bool Concerns(const cluster::Gpu& gpu, const std::string& profile) {
  if (profile.empty()) return gpu.instances.empty();
  return std::any_of(gpu.instances.begin(), gpu.instances.end(),
                     [&](const auto& instance) { return instance.profile == profile; });
}

std::int64_t DevicesOf(const cluster::Node& node, const std::string& profile) {
  std::int64_t devices = 0;
  for (const cluster::Gpu& gpu : node.gpus) {
    if (profile.empty()) devices += gpu.instances.empty() ? 1 : 0;
    devices += std::count_if(gpu.instances.begin(), gpu.instances.end(),
                             [&](const auto& instance) { return instance.profile == profile; });
  }
  return devices;
}

// As feature discovery says; where it does not, as it was worked out of the counts.
std::optional<std::int64_t> ReplicasOf(const cluster::Node& node, const std::string& resource,
                                       const std::string& profile) {
  if (const auto said = base::ParseInteger(cluster::Find(node.labels, resource + ".replicas"))) {
    return said;
  }
  for (const cluster::Gpu& gpu : node.gpus) {
    if (Concerns(gpu, profile)) return gpu.replicas;
  }
  return std::nullopt;
}

std::string_view NameOf(cluster::Sharing sharing) {
  switch (sharing) {
    case cluster::Sharing::kMps:
      return "mps";
    case cluster::Sharing::kTimeSlicing:
      return "time-slicing";
    case cluster::Sharing::kNone:
      return "none";
  }
  return "";
}

std::string DifferenceInOffer(const cluster::Node& node, const std::string& resource,
                              std::int64_t wanted, std::optional<bool> renamed) {
  const std::int64_t plain = cluster::CountOf(node.devices, resource);
  const std::string own_name = resource + std::string(kShared);
  const std::int64_t shared = cluster::CountOf(node.devices, own_name);
  const bool right_name = !renamed || (*renamed ? plain : shared) == 0;
  if (plain + shared == wanted && right_name) return "";
  return fmt::format(
      "the kubelet offers {} {} and {} {} in place of {} in all; the device plugin has not taken "
      "its configuration over",
      plain, resource, shared, own_name, wanted);
}

}  // namespace

std::string DifferenceOf(const cluster::Node& node, const plan::Resharing& reshare, Side side) {
  const plan::ShareChange& change = reshare.change;
  const std::string& resource = change.resource;
  const bool after = side == Side::kAfter;
  const int wanted = after ? change.after : change.before;
  const std::int64_t devices = DevicesOf(node, reshare.profile);
  if (devices == 0) return fmt::format("the node has no {} any more", resource);
  const auto is = ReplicasOf(node, resource, reshare.profile);
  if (is != wanted) {
    return fmt::format("feature discovery says {} shares of each {} in place of {}", is.value_or(0),
                       resource, wanted);
  }
  const auto strategy =
      wanted == 1 ? cluster::Sharing::kNone : (after ? reshare.after : reshare.before);
  const std::string_view said = cluster::Find(node.labels, resource + ".sharing-strategy");
  if (!said.empty() && said != NameOf(strategy)) {
    return fmt::format("feature discovery says that {} is shared by {} in place of {}", resource,
                       said, NameOf(strategy));
  }
  const auto renamed = after ? std::optional(reshare.renamed && wanted > 1) : std::nullopt;
  return DifferenceInOffer(node, resource, devices * wanted, renamed);
}

std::vector<const cluster::Pod*> PodsInTheWay(const cluster::Node& node,
                                              const plan::Resharing& reshare,
                                              const cluster::Snapshot& snapshot) {
  const plan::InTheWay who = plan::WhoIsInTheWayOf(reshare);
  if (who == plan::InTheWay::kNobody) return {};
  const std::string& resource = reshare.change.resource;
  std::vector<const cluster::Pod*> holders;
  std::int64_t held = 0;
  for (const cluster::Pod& pod : snapshot.pods) {
    if (pod.node != node.name || !cluster::HoldsDevices(pod)) continue;
    const std::int64_t asks = cluster::CountOf(pod.devices, resource) +
                              cluster::CountOf(pod.devices, resource + std::string(kShared));
    if (asks == 0) continue;
    holders.push_back(&pod);
    held += asks;
  }
  const std::int64_t room = DevicesOf(node, reshare.profile) * reshare.change.after;
  const bool fit = who == plan::InTheWay::kTooMany && held <= room;
  return fit ? std::vector<const cluster::Pod*>() : holders;
}

cluster::Sharing SharingOf(const cluster::Node& node, const std::string& profile) {
  for (const cluster::Gpu& gpu : node.gpus) {
    if (Concerns(gpu, profile)) return gpu.sharing;
  }
  return cluster::Sharing::kNone;
}

}  // namespace tangram::control
