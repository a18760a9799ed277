// Leader election by a coordination.k8s.io/v1 Lease, as client-go does it; pure: inputs are answers
// and time, outputs are calls.
//
// The rules (client-go tools/leaderelection): who holds the Lease renews it every `retry_period`; a
// candidate takes it once it has seen the same record for the `lease_duration` that the record
// names, measured on its own clock; who could not renew for `renew_deadline` stops leading. So no
// two lead at once as long as clocks run at rates that differ by less than
// lease_duration / renew_deadline, whatever they show.
//
// What leads needs more than "I was elected": a process may be paused at any instruction. Hence
// Fence: it says until when nobody else can lead, and is asked right before each write; and how
// long a write may take that began before then (Fenced in leader.h sees to both).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/backoff.h"
#include "kube/call.h"
#include "kube/resource.h"
#include "net/http.h"

namespace tangram::kube {

// One reading of both clocks. Monotonic spans decide; the wall clock only betrays a pause that the
// monotonic clock slept through (a suspended machine), and is written into the Lease for people.
struct Instant {
  std::chrono::steady_clock::time_point steady{};
  base::Time wall{};
};

struct LeaseOptions {
  std::string ns{};
  std::string name{};
  std::string identity{};                            // unique among candidates, as "host_UUID"
  std::chrono::milliseconds lease_duration{15'000};  // whole seconds
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};

// What a write under way when leadership ends must have at least: lease_duration - renew_deadline.
inline constexpr std::chrono::milliseconds kLeastWriteTime{500};

// kInvalid unless lease_duration > renew_deadline > 1.2 * retry_period > 0, as client-go demands,
// and the first by kLeastWriteTime.
base::Result<void> Check(const LeaseOptions& options);

// Proof of leadership.
struct Fence {
  std::string holder{};
  std::int64_t transitions = 0;  // grows with every change of leader
  Instant renewed{};             // when the call that renewed it was made
  Instant valid_until{};
  // lease_duration - renew_deadline: a write that began while MayWrite said "yes" and takes no
  // longer is over before anybody else leads.
  std::chrono::milliseconds write_time = std::chrono::milliseconds::max();

  // Whether nobody else can lead at `now`. A wall clock that jumped ahead makes it "no" until the
  // next renewal.
  bool MayWrite(const Instant& now) const {
    return now.steady < valid_until.steady && now.wall < valid_until.wall;
  }
};

// Not thread-safe. Tick at `next` or after it, and bring each answer to TakeAnswer.
class LeaderElection {
 public:
  // `random` only spreads retries.
  LeaderElection(LeaseOptions options, Random random);

  // The call to make now, if any; at most one is under way. Its answer goes to TakeAnswer.
  std::optional<Call> Tick(const Instant& now);
  std::optional<Call> TakeAnswer(const base::Result<net::Response>& answer, const Instant& now);
  // When to Tick next; the end of time while a call is under way and we do not lead.
  std::chrono::steady_clock::time_point next() const;

  // Stops leading at once. The Lease is then given up, so that the others need not wait: by the
  // call that this returns, or the one after the answer that is under way. Nothing else is asked
  // for afterwards.
  std::optional<Call> Release(const Instant& now);
  // After Release: nothing is left to do.
  bool finished() const { return releasing_ && !pending_; }

  // Nothing: another leads, or nobody. Holds while it says so itself (Fence::MayWrite).
  const std::optional<Fence>& fence() const { return fence_; }
  // Who leads as far as we know; empty: nobody.
  const std::string& leader() const { return leader_; }
  // What went wrong with the last call; nothing after one that went well.
  const std::optional<base::Error>& error() const { return error_; }

 private:
  // The Lease as it was last seen.
  struct Observed {
    std::string object;  // JSON
    std::string spec;    // JSON: any change of it counts as a sign of life
    std::string holder;
    std::chrono::milliseconds duration{0};
    std::int64_t transitions = 0;
    std::chrono::steady_clock::time_point since{};  // when we first saw this spec
  };
  enum class Asked { kGet, kCreate, kTake, kRenew, kGiveUp };
  struct Pending {
    Asked what = Asked::kGet;
    Instant sent{};
  };

  std::optional<Call> Ask(Asked what, Call call, const Instant& now);
  std::optional<Call> AskGet(const Instant& now);
  std::optional<Call> AskCreate(const Instant& now);
  std::optional<Call> AskUpdate(Asked what, const Instant& now);
  std::optional<Call> AskGiveUp(const Instant& now);
  std::optional<Call> Decide(const Instant& now);
  std::optional<Call> TakeRefusal(Asked what, const base::Error& error, const Instant& now);
  base::Result<void> Observe(const std::string& body, const Instant& now);
  bool HeldByAnother(const Instant& now) const;
  void Lead(const Instant& sent);
  void DropStaleFence(const Instant& now);
  void Wait(const Instant& now);

  const LeaseOptions options_;
  const Random random_;
  std::chrono::steady_clock::time_point next_{};
  std::optional<Pending> pending_;
  std::optional<Observed> observed_;
  std::optional<Fence> fence_;
  std::string leader_;
  std::optional<base::Error> error_;
  bool releasing_ = false;
};

}  // namespace tangram::kube
