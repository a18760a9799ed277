#include "agent/pod_cgroups.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "agent/cgroup.h"

namespace tangram::agent {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest =
    5;  // kubelet.slice/kubelet-kubepods.slice/…-burstable.slice/…-podUID.slice

// "kubepods.slice", "kubepods", "kubelet.slice", and the classes of service below them.
bool MayHoldPods(std::string_view name) {
  return name.starts_with("kube") || name == "burstable" || name == "besteffort";
}

std::string Find(const fs::path& folder, const std::string& pod_uid, int depth) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code unread;
    const std::string name = entry->path().filename().string();
    const bool is_pod = PodUidIn(name) == pod_uid;
    if ((!is_pod && !MayHoldPods(name)) || !entry->is_directory(unread) || unread) continue;
    if (is_pod) return entry->path().string();
    if (depth >= kDeepest) continue;
    if (std::string found = Find(entry->path(), pod_uid, depth + 1); !found.empty()) return found;
  }
  return "";
}

}  // namespace

std::string PodCgroups::Trouble() const {
  std::error_code error;
  if (fs::exists(root_ + "/cgroup.controllers", error)) return "";
  return root_ + " is no hierarchy of cgroups of version 2; name the host's with --cgroup-root";
}

std::string PodCgroups::Of(const std::string& pod_uid) {
  if (pod_uid.empty()) return "";
  std::error_code error;
  if (const auto known = known_.find(pod_uid); known != known_.end()) {
    if (fs::is_directory(known->second, error)) return known->second;
    known_.erase(known);
  }
  std::erase_if(known_, [&](const auto& one) { return !fs::is_directory(one.second, error); });
  std::string found = Find(root_, pod_uid, 1);
  if (!found.empty()) known_[pod_uid] = found;
  return found;
}

}  // namespace tangram::agent
