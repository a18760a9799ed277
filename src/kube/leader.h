// LeaderElection run on a Client's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "kube/client.h"
#include "kube/lease.h"

namespace tangram::kube {

// The machine's clocks; the monotonic one counts the time that the machine is suspended.
Instant InstantNow();

struct LeaderHandler {
  // Run on the client's thread and must not block; each may be empty.
  std::function<void(const Fence& fence)> on_elected{};
  // The time ran out, or another leads. `why` is for the log. MayWrite was "no" before.
  std::function<void(const std::string& why)> on_lost{};
  std::function<void(const std::string& identity)> on_new_leader{};  // ourselves too
};

// `call` as the holder of `fence` may make it: each attempt begins only while `leads` gives that
// same fence, and ends before anybody else can lead. `leads` is run on the client's thread.
Call Fenced(Call call, const Fence& fence, std::function<std::optional<Fence>()> leads);

// Thread-safe. Begins at Start.
class Leader {
 public:
  // Borrowed: `client` must outlive it. `clock`: InstantNow, or a test's.
  Leader(Client& client, LeaseOptions options, LeaderHandler handler,
         std::function<Instant()> clock = InstantNow);
  // No callback after it; the Lease is not given up. Not on the client's own thread.
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  void Start();
  // The proof, if we lead right now: ask before every write.
  std::optional<Fence> Leads() const;
  std::string leader() const;
  std::optional<base::Error> error() const;
  // Stops leading at once and gives the Lease up, so that another need not wait; blocks until that
  // is written or has failed. The last thing at shutdown, when no write is under way.
  base::Result<void> Release();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::kube
