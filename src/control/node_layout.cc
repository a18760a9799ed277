#include "control/node_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace tangram::control {
namespace {

using Counts = std::map<std::string, int>;  // by profile; "": whole cards

void Count(Counts& counts, const std::vector<plan::PlacedInstance>& layout) {
  if (layout.empty()) ++counts[""];
  for (const plan::PlacedInstance& instance : layout) ++counts[instance.profile];
}

void Count(Counts& counts, const cluster::Gpu& gpu) {
  if (gpu.instances.empty()) ++counts[""];  // in MIG mode without one it offers nothing: that shows
  for (const cluster::Instance& instance : gpu.instances) ++counts[instance.profile];
}

std::string TextOf(const Counts& counts) {
  std::string text;
  for (const auto& [profile, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count,
                        profile.empty() ? "whole" : profile);
  }
  return text.empty() ? "nothing" : text;
}

const std::vector<plan::PlacedInstance>& LayoutOf(const plan::CardLayouts& card, Side side) {
  return side == Side::kBefore ? card.before : card.after;
}

// Of the device plugin: nvidia.com/mig-1g.10gb.me for 1g.10gb+me.
std::string ResourceOf(const cluster::Node& node, std::string profile) {
  const bool single = node.mig_strategy == cluster::MigStrategy::kSingle;
  if (profile.empty() || single) return "nvidia.com/gpu";
  std::replace(profile.begin(), profile.end(), '+', '.');
  return "nvidia.com/mig-" + profile;
}

// A resource that is offered though no card has it.
std::string ExtraOffer(const cluster::Node& node,
                       const std::map<std::string, std::int64_t>& wanted) {
  constexpr std::string_view kShared = ".shared";
  for (const cluster::ResourceCount& device : node.devices) {
    const bool of_cards =
        device.name.starts_with("nvidia.com/mig-") || device.name.starts_with("nvidia.com/gpu");
    std::string name = device.name;
    if (name.ends_with(kShared)) name.resize(name.size() - kShared.size());
    if (!of_cards || device.count == 0 || wanted.contains(name)) continue;
    return fmt::format("the kubelet still offers {} {}, which the cards do not have", device.count,
                       device.name);
  }
  return "";
}

// What pods are offered of each resource, where the instances are those.
std::string DifferenceInOffer(const cluster::Node& node) {
  std::map<std::string, std::int64_t> wanted;
  for (const cluster::Gpu& gpu : node.gpus) {
    Counts counts;
    Count(counts, gpu);
    for (const auto& [profile, count] : counts) {
      wanted[ResourceOf(node, profile)] += std::int64_t{count} * std::max(gpu.replicas, 1);
    }
  }
  for (const auto& [resource, count] : wanted) {
    const std::int64_t offered = cluster::CountOf(node.devices, resource) +
                                 cluster::CountOf(node.devices, resource + ".shared");
    if (offered != count) {
      return fmt::format(
          "the kubelet offers {} {} in place of {}; the device plugin has not seen "
          "the cards as they are",
          offered, resource, count);
    }
  }
  return ExtraOffer(node, wanted);
}

std::string DifferenceInCards(const cluster::Node& node,
                              const std::vector<plan::CardLayouts>& cards, Side side) {
  Counts has;
  Counts wanted;
  const bool seen = std::all_of(node.gpus.begin(), node.gpus.end(), [](const cluster::Gpu& gpu) {
    return gpu.layout != cluster::LayoutSource::kInferred;
  });
  for (const cluster::Gpu& gpu : node.gpus) Count(has, gpu);
  for (const plan::CardLayouts& card : cards) Count(wanted, LayoutOf(card, side));
  if (has != wanted) {
    return fmt::format("the node has {} in place of {}", TextOf(has), TextOf(wanted));
  }
  for (const plan::CardLayouts& card : cards) {
    const auto gpu = std::find_if(node.gpus.begin(), node.gpus.end(),
                                  [&](const auto& one) { return one.index == card.gpu; });
    if (!seen || gpu == node.gpus.end()) break;
    Counts on_card;
    Counts on_card_wanted;
    Count(on_card, *gpu);
    Count(on_card_wanted, LayoutOf(card, side));
    if (on_card == on_card_wanted) continue;
    return fmt::format("card {} has {} in place of {}", card.gpu, TextOf(on_card),
                       TextOf(on_card_wanted));
  }
  return "";
}

}  // namespace

std::string DifferenceOf(const cluster::Node& node, const std::vector<plan::CardLayouts>& cards,
                         Side side) {
  std::string differs = DifferenceInCards(node, cards, side);
  return differs.empty() ? DifferenceInOffer(node) : differs;
}

bool OnlyOfferDiffers(const cluster::Node& node, const std::vector<plan::CardLayouts>& cards,
                      Side side) {
  return DifferenceInCards(node, cards, side).empty() && !DifferenceInOffer(node).empty();
}

std::string_view MigStateOf(const cluster::Node& node) {
  return cluster::Find(node.labels, "nvidia.com/mig.config.state");
}

bool MigIsUnderWay(const cluster::Node& node) {
  const std::string_view state = MigStateOf(node);
  return state == "pending" || state == "rebooting";
}

std::vector<std::string> PausedOn(const cluster::Node& node) {
  std::vector<std::string> paused;
  for (const auto& [key, value] : node.labels) {
    if (key.starts_with("nvidia.com/gpu.deploy.") && value == kPaused) paused.push_back(key);
  }
  return paused;
}

}  // namespace tangram::control
