#include "sim/cutter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tangram::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Cutting>, 4> kNames = {
    {{"fixed", Cutting::kFixed},
     {"wipe", Cutting::kWipe},
     {"beside", Cutting::kBeside},
     {"ahead", Cutting::kAhead}}};

}  // namespace

std::string_view NameOf(Cutting cutting) {
  return kNames.at(static_cast<std::size_t>(cutting)).first;
}

std::optional<Cutting> CuttingNamed(std::string_view name) {
  for (const auto& [known, cutting] : kNames) {
    if (known == name) return cutting;
  }
  return std::nullopt;
}

std::vector<std::string_view> CuttingNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, cutting] : kNames) names.push_back(name);
  return names;
}

Cutter::Cutter(const Scenario& scenario, Cutting cutting, MigCards& cards)
    : scenario_(scenario), cutting_(cutting), cards_(cards) {
  for (std::uint32_t ask = 0; ask < scenario.asks.size(); ++ask) {
    const std::string& profile = scenario.asks[ask].profile;
    if (!profile.empty()) asks_.try_emplace(profile, ask);
  }
}

std::vector<MigCards::Wanted> Cutter::Waiting(const WaitingQueue& queue) const {
  std::vector<std::pair<WaitingQueue::Turn, MigCards::Wanted>> wanted;
  for (const std::uint32_t ask : queue.asks()) {
    const auto& line = queue.LineOf(ask);
    if (scenario_.asks[ask].profile.empty() || line.empty()) continue;
    const auto pods = static_cast<std::int64_t>(line.size()) * scenario_.asks[ask].members;
    wanted.push_back({*line.begin(), {ask, pods}});
  }
  std::sort(wanted.begin(), wanted.end());
  std::vector<MigCards::Wanted> in_order;
  for (const auto& [turn, one] : wanted) in_order.push_back(one);
  return in_order;
}

void Cutter::Note(Milliseconds now, const WaitingQueue& queue) {
  if (cutting_ != Cutting::kAhead) return;
  std::map<std::string, std::int64_t> demand;
  for (const auto& [ask, pods] : Waiting(queue)) demand[scenario_.asks[ask].profile] += pods;
  for (std::uint32_t ask = 0; ask < scenario_.asks.size(); ++ask) {
    const std::string& profile = scenario_.asks[ask].profile;
    if (!profile.empty()) demand[profile] += cards_.HeldBy(ask);
  }
  const plan::Hour hour = plan::HourOf(base::Time(now));
  for (const auto& [profile, count] : demand) histories_[profile].Add(hour, count);
}

std::vector<MigCards::Making> Cutter::ForWaiting(const WaitingQueue& queue) {
  if (cutting_ == Cutting::kFixed || cutting_ == Cutting::kWipe) return {};
  const auto waiting = Waiting(queue);
  if (waiting.empty()) return {};
  return cards_.Make(waiting);
}

std::vector<MigCards::Making> Cutter::RestoreFor(std::uint32_t ask, const WaitingQueue& queue) {
  if (cutting_ == Cutting::kFixed || cutting_ == Cutting::kWipe) return {};
  const auto& [shape, profile, members] = scenario_.asks[ask];
  const auto waiting = static_cast<std::int64_t>(queue.LineOf(ask).size());
  if (waiting == 0 || shape.gpus == 0) return {};
  return cards_.Restore(shape, waiting * members * shape.gpus);
}

std::vector<MigCards::Making> Cutter::Ahead(Milliseconds now) {
  if (cutting_ != Cutting::kAhead) return {};
  std::vector<MigCards::Wanted> wanted;
  for (const auto& [profile, history] : histories_) {
    const auto ready = plan::ReadyAt(history, base::Time(now), {});
    wanted.emplace_back(asks_.at(profile), ready.count);
  }
  return cards_.MakeReady(wanted);
}

std::optional<Cutter::Wipe> Cutter::NextWipe(const WaitingQueue& queue) const {
  if (cutting_ != Cutting::kWipe) return std::nullopt;
  std::map<std::string, std::int64_t> lacking;
  for (const auto& [ask, pods] : Waiting(queue)) lacking[scenario_.asks[ask].profile] += pods;
  for (auto& [profile, pods] : lacking) pods -= cards_.CountOf(asks_.at(profile)).free;
  const auto most =
      std::max_element(lacking.begin(), lacking.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == lacking.end() || most->second <= 0) return std::nullopt;
  // Who stops the fewest pods. Those of the profile find a place there again, others may not: more
  // have to be served than these.
  auto nodes = cards_.RedoableFor(most->first);
  std::erase_if(nodes, [&](const MigCards::Redoable& node) {
    return std::min(node.gain, most->second) <= node.others;
  });
  const auto least = std::min_element(nodes.begin(), nodes.end());
  if (least == nodes.end()) return std::nullopt;
  return Wipe{least->node, most->first};
}

}  // namespace tangram::sim
