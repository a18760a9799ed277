// Holds pods on shared cards to their part of the memory.
//
// Nobody who runs is hurt: a pod that uses more than its part already gets no limit until it uses
// less, and what somebody else has set stays. What is set ends with the pod's cgroup.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/memory_limit.h"
#include "agent/nvml.h"

namespace tangram::agent {

// Not thread-safe.
class MemoryLimiter {
 public:
  struct Deps {
    Nvml& nvml;
    // The folder of the pod's cgroup; empty: there is none, or not yet.
    std::function<std::string(const PodRef&)> cgroup_of;
    std::function<void(const std::string& line)> log;
  };
  explicit MemoryLimiter(Deps deps) : deps_(std::move(deps)) {}

  // Sets what is not set yet; what cannot be set is tried again the next time, and said once.
  void Hold(const std::vector<WantedLimit>& wanted);

  // Of pods that are held to a limit, each read back once, by card and pod.
  using Key = std::pair<std::string, PodRef>;
  struct Held {
    base::MiB most;
    std::string cgroup;  // a pod that comes after it under its name has another
  };
  const std::map<Key, Held>& held() const { return held_; }

 private:
  base::Result<void> Set(const WantedLimit& wanted, const std::string& cgroup, const Held* ours);
  void Say(const Key& key, const std::string& line);

  Deps deps_;
  std::map<Key, Held> held_;
  std::set<std::string> without_;  // cards whose driver has no such limits
  std::map<Key, std::string> said_;
};

}  // namespace tangram::agent
