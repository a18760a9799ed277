#include "sim/waiting_queue.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace tangram::sim {

WaitingQueue::WaitingQueue(const Scenario& scenario)
    : scenario_(scenario), lines_(scenario.asks.size()), unpromised_(scenario.asks.size()) {}

WaitingQueue::Turn WaitingQueue::TurnOf(std::uint32_t job) const {
  const Job& of = scenario_.jobs[job];
  return {-of.priority, of.arrival, job};
}

void WaitingQueue::Add(std::uint32_t job) {
  const std::uint32_t ask = scenario_.jobs[job].ask;
  lines_[ask].insert(TurnOf(job));
  unpromised_[ask].insert(TurnOf(job));
  asks_.insert(ask);
}

void WaitingQueue::Remove(std::uint32_t job) {
  const std::uint32_t ask = scenario_.jobs[job].ask;
  lines_[ask].erase(TurnOf(job));
  unpromised_[ask].erase(TurnOf(job));
  if (lines_[ask].empty()) asks_.erase(ask);
}

void WaitingQueue::Promise(std::uint32_t job) {
  unpromised_[scenario_.jobs[job].ask].erase(TurnOf(job));
}

void WaitingQueue::TakeBack(std::uint32_t job) {
  const std::uint32_t ask = scenario_.jobs[job].ask;
  if (lines_[ask].contains(TurnOf(job))) unpromised_[ask].insert(TurnOf(job));
}

std::optional<std::uint32_t> WaitingQueue::Unpromised(std::uint32_t ask) const {
  if (unpromised_[ask].empty()) return std::nullopt;
  return unpromised_[ask].begin()->job;
}

void WaitingQueue::Offer(const std::vector<std::uint32_t>& asks,
                         const std::function<bool(std::uint32_t)>& start) {
  using Head = std::pair<Turn, std::uint32_t>;  // the first of a line, and its ask
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto push = [&](std::uint32_t ask) {
    if (!lines_[ask].empty()) heads.emplace(*lines_[ask].begin(), ask);
  };
  for (const std::uint32_t ask : asks) push(ask);
  while (!heads.empty()) {
    const auto [turn, ask] = heads.top();
    heads.pop();
    if (!start(turn.job)) continue;
    Remove(turn.job);
    push(ask);
  }
}

}  // namespace tangram::sim
