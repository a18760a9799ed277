#include "sim/fleet.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tangram::sim {

base::MicroUsd CostOf(base::MicroUsdPerHour rate, Milliseconds time) {
  constexpr std::int64_t kHour = 3'600'000;
  const std::int64_t hours = time.count() / kHour;
  const std::int64_t rest = time.count() % kHour;
  return base::MicroUsd(rate.value() * hours + rate.value() * rest / kHour);
}

Fleet::Fleet(const Scenario& scenario)
    : scenario_(scenario),
      nodes_(scenario.nodes.size()),
      off_(scenario.groups.size()),
      by_cost_(scenario.groups.size()),
      present_(scenario.groups.size()),
      paid_(scenario.groups.size()),
      begun_(scenario.groups.size()) {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    off_[scenario.nodes[node].group].insert(node);
  }
  std::iota(by_cost_.begin(), by_cost_.end(), 0U);
  std::stable_sort(by_cost_.begin(), by_cost_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto cost = [&](std::uint32_t group) {
      const NodeGroup& of = scenario.groups[group];
      const std::int64_t gpus = std::max<std::int64_t>(of.empty.gpus, 1);
      return of.rate ? of.rate->value() / gpus : std::numeric_limits<std::int64_t>::max();
    };
    return cost(a) < cost(b);
  });
}

void Fleet::Ask(std::size_t node, Milliseconds now) {
  const std::uint32_t group = scenario_.nodes[node].group;
  Node& of = nodes_[node];
  of.power = Power::kBooting;
  of.since = now;
  ++of.life;
  ++of.busy;  // it was not empty all the time
  of.promised = scenario_.groups[group].empty;
  of.promised_to.clear();
  off_[group].erase(node);
  booting_.insert(node);
  ++present_[group];
  begun_[group] += now;
}

void Fleet::Ready(std::size_t node) {
  nodes_[node].power = Power::kOn;
  booting_.erase(node);
  ++on_;
  capacity_ += plan::kWholeGpu * group_of(node).empty.gpus;
}

void Fleet::TurnOff(std::size_t node, Milliseconds now) {
  const std::uint32_t group = scenario_.nodes[node].group;
  Node& of = nodes_[node];
  of.power = Power::kOff;
  ++of.life;
  off_[group].insert(node);
  --present_[group];
  --on_;
  capacity_ -= plan::kWholeGpu * group_of(node).empty.gpus;
  begun_[group] -= of.since;
  paid_[group] += now - of.since;
}

void Fleet::Enter(std::size_t node, std::uint32_t job) {
  Node& of = nodes_[node];
  if (of.jobs.empty()) ++of.busy;
  of.jobs.push_back(job);
}

void Fleet::Leave(std::size_t node, std::uint32_t job) {
  auto& jobs = nodes_[node].jobs;
  const auto at = std::find(jobs.begin(), jobs.end(), job);
  *at = jobs.back();
  jobs.pop_back();
}

bool Fleet::CanGrow() const {
  return !booting_.empty() ||
         std::any_of(off_.begin(), off_.end(), [](const auto& nodes) { return !nodes.empty(); });
}

std::optional<std::size_t> Fleet::RoomFor(const plan::Shape& shape, const Left& left) const {
  for (const std::size_t node : booting_) {
    const auto changed = left.find(node);
    if (Fits(changed == left.end() ? nodes_[node].promised : changed->second, shape)) return node;
  }
  for (const auto& [node, state] : left) {
    if (Fits(state, shape)) return node;
  }
  for (const std::uint32_t group : by_cost_) {
    if (!Fits(scenario_.groups[group].empty, shape)) continue;
    const auto free = std::find_if(off_[group].begin(), off_[group].end(),
                                   [&](std::size_t node) { return !left.contains(node); });
    if (free != off_[group].end()) return *free;
  }
  return std::nullopt;
}

std::optional<std::vector<std::size_t>> Fleet::Promise(std::uint32_t job, const plan::Shape& shape,
                                                       std::int64_t members, Milliseconds now) {
  Left left;
  for (std::int64_t i = 0; i < members; ++i) {
    const auto node = RoomFor(shape, left);
    if (!node) return std::nullopt;
    const bool boots = nodes_[*node].power == Power::kBooting;
    const auto& before = boots ? nodes_[*node].promised : group_of(*node).empty;
    plan::NodeState& state = left.try_emplace(*node, before).first->second;
    const plan::GpuSet gpus =
        shape.is_share() ? TightestGpu(state, shape.share) : FirstIdle(state, shape.gpus);
    state = After(state, shape, gpus);
  }
  std::vector<std::size_t> asked;
  for (const auto& [node, state] : left) {
    if (nodes_[node].power == Power::kOff) {
      Ask(node, now);
      asked.push_back(node);
    }
    nodes_[node].promised = state;
    nodes_[node].promised_to.push_back(job);
  }
  return asked;
}

Milliseconds Fleet::paid(std::uint32_t group, Milliseconds end) const {
  return paid_[group] + end * present_[group] - begun_[group];
}

base::MicroUsd Fleet::Spent(Milliseconds end) const {
  base::MicroUsd spent;
  for (std::uint32_t group = 0; group < scenario_.groups.size(); ++group) {
    const auto& rate = scenario_.groups[group].rate;
    if (rate) spent += CostOf(*rate, paid(group, end));
  }
  return spent;
}

}  // namespace tangram::sim
