#include "kube/flow.h"

#include <algorithm>

namespace tangram::kube {
namespace {

using SteadyTime = Flow::SteadyTime;
using Seconds = std::chrono::duration<double>;

// What was under way when the server refused is refused too: that is one sign, not many.
constexpr std::chrono::seconds kOneCutEach{1};
// A rate that was cut to nothing is whole again after so long.
constexpr double kRecoverySeconds = 20;
// Of a server that asks for a pause without saying how long, and of one that asks for ever.
constexpr std::chrono::milliseconds kPause{1'000};
constexpr std::chrono::milliseconds kLongestPause{60'000};

}  // namespace

Flow::Flow(FlowLimits limits) : limits_(limits), rate_(limits.qps), tokens_(limits.burst) {}

Flow::Ticket Flow::Join(Priority priority, const std::string& kind) {
  waiting_[priority][kind].push_back(++last_ticket_);
  ++waiting_count_;
  return last_ticket_;
}

void Flow::Refill(SteadyTime now) {
  if (refilled_ && now > *refilled_) {
    const double span = Seconds(now - *refilled_).count();
    tokens_ = std::min<double>(limits_.burst, tokens_ + rate_ * span);
    rate_ = std::min<double>(limits_.qps, rate_ + limits_.qps * span / kRecoverySeconds);
  }
  if (!refilled_ || now > *refilled_) refilled_ = now;
}

SteadyTime Flow::PausedUntil(const std::string& kind) const {
  const auto level = level_of_.find(kind);
  const auto paused = paused_until_.find(level == level_of_.end() ? kind : level->second);
  return paused == paused_until_.end() ? SteadyTime::min() : paused->second;
}

// Of the kinds that are not paused.
std::optional<Flow::Ticket> Flow::TakeOldest(ByKind& kinds, SteadyTime now) {
  auto oldest = kinds.end();
  for (auto kind = kinds.begin(); kind != kinds.end(); ++kind) {
    if (PausedUntil(kind->first) > now) continue;
    const bool older = oldest == kinds.end() || kind->second.front() < oldest->second.front();
    if (older) oldest = kind;
  }
  if (oldest == kinds.end()) return std::nullopt;
  const Ticket ticket = oldest->second.front();
  oldest->second.pop_front();
  if (oldest->second.empty()) kinds.erase(oldest);
  --waiting_count_;
  return ticket;
}

std::vector<Flow::Ticket> Flow::TakeReady(SteadyTime now) {
  Refill(now);
  std::vector<Ticket> ready;
  for (auto& [priority, kinds] : waiting_) {
    const bool waits = priority != Priority::kCritical;
    // The end of time: what is critical goes even to a level that is paused.
    const SteadyTime as_of = waits ? now : SteadyTime::max();
    while (!waits || tokens_ >= 1) {
      const auto ticket = TakeOldest(kinds, as_of);
      if (!ticket) break;
      tokens_ = std::max<double>(tokens_ - 1, -limits_.burst);
      ready.push_back(*ticket);
    }
  }
  return ready;
}

std::optional<SteadyTime> Flow::NextAt(SteadyTime now) const {
  std::optional<SteadyTime> next;
  const auto consider = [&](SteadyTime at) { next = next ? std::min(*next, at) : at; };
  const double missing = std::max(0.0, 1 - tokens_);
  const SteadyTime since = refilled_.value_or(now);
  const SteadyTime token =
      missing == 0 ? now
                   : since + std::chrono::ceil<std::chrono::milliseconds>(Seconds(missing / rate_));
  for (const auto& [priority, kinds] : waiting_) {
    if (priority == Priority::kCritical && !kinds.empty()) consider(now);
    if (priority == Priority::kCritical) continue;
    for (const auto& [kind, tickets] : kinds) consider(std::max(token, PausedUntil(kind)));
  }
  if (next) next = std::max(*next, now);
  return next;
}

void Flow::Heard(const std::string& kind, const Answer& answer, SteadyTime now) {
  if (!answer.level.empty()) level_of_[kind] = answer.level;
  if (answer.status != 429) return;
  Refill(now);
  std::erase_if(paused_until_, [&](const auto& paused) { return paused.second <= now; });
  const auto level = level_of_.find(kind);
  SteadyTime& until = paused_until_[level == level_of_.end() ? kind : level->second];
  until = std::max(until, now + std::clamp(answer.retry_after.value_or(kPause),
                                           std::chrono::milliseconds(0), kLongestPause));
  if (cut_ && now < *cut_ + kOneCutEach) return;
  cut_ = now;
  rate_ = std::max(rate_ / 2, limits_.qps * limits_.least_percent / 100.0);
  tokens_ = std::min(tokens_, 1.0);
}

}  // namespace tangram::kube
