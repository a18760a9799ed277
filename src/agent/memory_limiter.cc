#include "agent/memory_limiter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tangram::agent {
namespace {

std::string Shown(base::MiB size) {
  constexpr double kMiBOfGiB = 1024;
  return fmt::format("{:.1f} GiB", static_cast<double>(size.value()) / kMiBOfGiB);
}

}  // namespace

void MemoryLimiter::Hold(const std::vector<WantedLimit>& wanted) {
  std::set<MemoryLimit> in_force;
  std::map<Key, base::MiB> set;
  for (const WantedLimit& one : wanted) {
    const MemoryLimit& limit = one.limit;
    const Key key{limit.uuid, limit.pod};
    if (const auto ours = set_.find(key); ours != set_.end()) set.insert(*ours);
    if (in_force_.contains(limit)) {
      in_force.insert(limit);
      continue;
    }
    const std::string cgroup =
        without_.contains(limit.uuid) ? std::string() : deps_.cgroup_of(limit.pod);
    if (cgroup.empty()) continue;
    if (const std::string why = WhyNot(one, cgroup); !why.empty()) {
      Say(key, why);
      continue;
    }
    if (without_.contains(limit.uuid)) continue;
    set[key] = limit.most;
    in_force.insert(limit);
    Say(key, fmt::format("pod {}/{} may take {} of GPU {}", limit.pod.ns, limit.pod.pod,
                         Shown(limit.most), limit.uuid));
  }
  in_force_ = std::move(in_force);
  set_ = std::move(set);
  std::erase_if(said_, [&](const auto& said) {
    return std::none_of(wanted.begin(), wanted.end(), [&](const WantedLimit& one) {
      return Key{one.limit.uuid, one.limit.pod} == said.first;
    });
  });
}

// Sets it. Empty: it is set, or the card has no limits.
std::string MemoryLimiter::WhyNot(const WantedLimit& wanted, const std::string& cgroup) {
  const MemoryLimit& limit = wanted.limit;
  const std::string pod = fmt::format("pod {}/{}", limit.pod.ns, limit.pod.pod);
  const CgroupOnCard at{limit.uuid, cgroup};
  const auto now = deps_.nvml.ReadMemoryLimit(at);
  if (!now && now.error().code == base::ErrorCode::kNotFound) {
    without_.insert(limit.uuid);
    deps_.log(fmt::format("GPU {}: no pod is held to its part of the memory: {}", limit.uuid,
                          now.error().message));
    return "";
  }
  if (!now) return fmt::format("{} is not held to its part: {}", pod, now.error().message);
  const auto ours = set_.find({limit.uuid, limit.pod});
  if (now->most == limit.most) return "";
  if (now->most && (ours == set_.end() || ours->second != *now->most)) {
    return fmt::format("{} has a limit of {} on GPU {} that somebody else set; it stays", pod,
                       Shown(*now->most), limit.uuid);
  }
  const base::MiB used = std::max(now->used, wanted.used);
  if (used > limit.most) {
    return fmt::format(
        "{} uses {} of GPU {}, more than its part of {}; it gets no limit until it uses less", pod,
        Shown(used), limit.uuid, Shown(limit.most));
  }
  if (const auto done = deps_.nvml.SetMemoryLimit(at, limit.most); !done) {
    return fmt::format("{} is not held to its part: {}", pod, done.error().message);
  }
  const auto then = deps_.nvml.ReadMemoryLimit(at);
  if (!then || then->most != limit.most) {
    return fmt::format("{} is not held to its part: the driver said success, and {}", pod,
                       then ? "set nothing" : then.error().message);
  }
  return "";
}

void MemoryLimiter::Say(const Key& key, const std::string& line) {
  if (std::exchange(said_[key], line) != line) deps_.log(line);
}

}  // namespace tangram::agent
