#include "agent/memory_limiter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;

std::string Shown(base::MiB size) {
  constexpr double kMiBOfGiB = 1024;
  return fmt::format("{:.1f} GiB", static_cast<double>(size.value()) / kMiBOfGiB);
}

}  // namespace

void MemoryLimiter::Hold(const std::vector<WantedLimit>& wanted) {
  std::map<Key, Held> held;
  std::set<Key> keys;
  for (const WantedLimit& one : wanted) {
    const MemoryLimit& limit = one.limit;
    const Key key{limit.uuid, limit.pod};
    keys.insert(key);
    if (without_.contains(limit.uuid)) continue;
    std::string cgroup = deps_.cgroup_of(limit.pod);
    if (cgroup.empty()) continue;
    const auto known = held_.find(key);
    const Held* ours =
        known != held_.end() && known->second.cgroup == cgroup ? &known->second : nullptr;
    if (ours != nullptr && ours->most == limit.most) {
      held.emplace(key, *ours);
      continue;
    }
    const auto set = Set(one, cgroup, ours);
    if (!set && set.error().code == ErrorCode::kNotFound) {
      without_.insert(limit.uuid);
      deps_.log(fmt::format("GPU {}: no pod is held to its part of the memory: {}", limit.uuid,
                            set.error().message));
      continue;
    }
    if (!set) {
      Say(key, set.error().message);
      if (ours != nullptr) held.emplace(key, *ours);
      continue;
    }
    held.emplace(key, Held{limit.most, std::move(cgroup)});
    Say(key, fmt::format("pod {}/{} may take {} of GPU {}", limit.pod.ns, limit.pod.pod,
                         Shown(limit.most), limit.uuid));
  }
  held_ = std::move(held);
  std::erase_if(said_, [&](const auto& said) { return !keys.contains(said.first); });
}

// kNotFound: the card has no limits. Other errors say of the pod why it is not set.
base::Result<void> MemoryLimiter::Set(const WantedLimit& wanted, const std::string& cgroup,
                                      const Held* ours) {
  const MemoryLimit& limit = wanted.limit;
  const std::string pod = fmt::format("pod {}/{}", limit.pod.ns, limit.pod.pod);
  const std::string not_held = pod + " is not held to its part";
  const CgroupOnCard at{limit.uuid, cgroup};
  const auto now = deps_.nvml.ReadMemoryLimit(at);
  if (!now && now.error().code == ErrorCode::kNotFound) return tl::unexpected(now.error());
  if (!now) return base::Wrap(now.error(), not_held);
  if (now->most == limit.most) return {};
  if (now->most && (ours == nullptr || ours->most != *now->most)) {
    return Fail(ErrorCode::kConflict,
                fmt::format("{} has a limit of {} on GPU {} that somebody else set; it stays", pod,
                            Shown(*now->most), limit.uuid));
  }
  const base::MiB used = std::max(now->used, wanted.used);
  if (used > limit.most) {
    return Fail(ErrorCode::kLater,
                fmt::format("{} uses {} of GPU {}, more than its part of {}; it gets no limit "
                            "until it uses less",
                            pod, Shown(used), limit.uuid, Shown(limit.most)));
  }
  if (const auto done = deps_.nvml.SetMemoryLimit(at, limit.most); !done) {
    // It was read: the card has limits.
    return Fail(ErrorCode::kHardware, not_held + ": " + done.error().message);
  }
  const auto then = deps_.nvml.ReadMemoryLimit(at);
  if (then && then->most == limit.most) return {};
  return Fail(ErrorCode::kHardware, fmt::format("{}: the driver said success, and {}", not_held,
                                                then ? "set nothing" : then.error().message));
}

void MemoryLimiter::Say(const Key& key, const std::string& line) {
  if (std::exchange(said_[key], line) != line) deps_.log(line);
}

}  // namespace tangram::agent
