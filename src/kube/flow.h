// How fast a client asks: a token bucket with priorities, which gives way when the server is busy.
//
// Pure: time is given. The Client drives one on its own thread (ClientOptions::flow); others may
// drive one in tests and simulations. API Priority and Fairness tells which of the server's levels
// a request fell in (X-Kubernetes-PF-PriorityLevel-UID), and answers 429 with Retry-After when a
// level is full: then what fell in that level pauses, and the rate is halved and comes back slowly,
// as TCP does it. Source: kubernetes.io, "API Priority and Fairness".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/call.h"

namespace tangram::kube {

struct FlowLimits {
  int qps = 50;     // requests a second, in the long run; positive
  int burst = 100;  // at once, after a silence; positive
  // The rate is never cut below this part of qps.
  int least_percent = 5;
};

// Not thread-safe.
class Flow {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit Flow(FlowLimits limits);

  using Ticket = std::uint64_t;  // grows
  // A request waits for its turn. `kind` is what probably falls in one level of the server: verb
  // and resource. Priority::kCritical never waits, though it takes its token.
  Ticket Join(Priority priority, const std::string& kind);
  // Those whose turn it is, the more urgent first and then the older; each once.
  std::vector<Ticket> TakeReady(SteadyTime now);
  // When TakeReady has something new; nothing while none waits.
  std::optional<SteadyTime> NextAt(SteadyTime now) const;

  // What an answer says of the server's load. An eviction that a disruption budget forbids says
  // nothing: it is not told.
  struct Answer {
    int status = 0;
    std::string level{};  // X-Kubernetes-PF-PriorityLevel-UID; empty if there is none
    std::optional<std::chrono::milliseconds> retry_after{};
  };
  void Heard(const std::string& kind, const Answer& answer, SteadyTime now);

  std::size_t waiting() const { return waiting_count_; }
  // Requests a second now, after what the server said.
  double rate() const { return rate_; }

 private:
  // The tickets of each kind, oldest first.
  using ByKind = std::map<std::string, std::deque<Ticket>>;

  void Refill(SteadyTime now);
  SteadyTime PausedUntil(const std::string& kind) const;
  std::optional<Ticket> TakeOldest(ByKind& kinds, SteadyTime now);

  FlowLimits limits_;
  double rate_ = 0;
  double tokens_ = 0;
  Ticket last_ticket_ = 0;
  std::optional<SteadyTime> refilled_;
  std::optional<SteadyTime> cut_;
  std::size_t waiting_count_ = 0;
  std::map<Priority, ByKind> waiting_;
  std::map<std::string, std::string> level_of_;     // by kind
  std::map<std::string, SteadyTime> paused_until_;  // by level; by kind where none is known
};

}  // namespace tangram::kube
