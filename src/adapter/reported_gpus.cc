#include "adapter/reported_gpus.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "adapter/json.h"
#include "objects/read_gpu_nodes.h"

namespace tangram::adapter {
namespace {

using cluster::Gpu;
using cluster::ReportedCard;

template <class Cards, class ProfileOf>
std::vector<std::string> Profiles(const Cards& cards, const ProfileOf& profile_of) {
  std::vector<std::string> all;
  for (const auto& card : cards) {
    for (const auto& instance : card.instances) all.push_back(profile_of(instance));
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool Agree(const std::vector<ReportedCard>& reported, const std::vector<Gpu>& gpus) {
  const bool all_read = std::all_of(reported.begin(), reported.end(), [](const auto& card) {
    return card.readable && !card.uuid.empty();
  });
  const bool by_dra =
      std::any_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return !gpu.dra_device.empty(); });
  return all_read && !by_dra && reported.size() == gpus.size() &&
         Profiles(reported, [](const auto& one) { return one.at.profile; }) ==
             Profiles(gpus, [](const auto& one) { return one.profile; });
}

}  // namespace

base::Result<cluster::GpuNode> DecodeGpuNode(simdjson::ondemand::object& object) {
  const auto text = TextOf(object);
  if (!text) return tl::unexpected(text.error());
  auto read = objects::ReadGpuNodes(*text);
  if (!read) return tl::unexpected(read.error());
  return std::move(read->front());
}

void AddReport(const cluster::Node& node, const cluster::GpuNode& report, NodeGpus& read) {
  if (!Agree(report.cards, read.gpus)) return;
  cluster::Node as_read = node;
  as_read.mig_strategy = read.strategy;
  as_read.gpus = read.gpus;
  std::vector<ObservedLayout> layouts;
  for (std::size_t i = 0; i < report.cards.size(); ++i) {
    const ReportedCard& card = report.cards[i];
    ObservedLayout& layout = layouts.emplace_back();
    layout.index = as_read.gpus[i].index = card.index;
    for (const cluster::ReportedInstance& one : card.instances) {
      layout.instances.push_back({one.at.profile, one.at.start, one.id, one.holders});
    }
  }
  read.gpus = WithObserved(as_read, layouts).gpus;
  for (std::size_t i = 0; i < report.cards.size(); ++i) {
    read.gpus[i].uuid = report.cards[i].uuid;
    read.gpus[i].holders = report.cards[i].holders;
  }
}

}  // namespace tangram::adapter
