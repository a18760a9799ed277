#include "agent/proc_owners.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/cgroup.h"
#include "base/file.h"
#include "base/text.h"

namespace tangram::agent {
namespace {

constexpr std::size_t kMostLinks = 20'000;
constexpr std::size_t kMostCgroupBytes = 64 << 10;
constexpr std::size_t kIdDigits = 64;

// "POD_NAMESPACE_CONTAINER-ID.log"; none where the file system cut a long name.
std::optional<std::pair<std::string, PodRef>> ParseLink(std::string_view name) {
  constexpr std::string_view kLog = ".log";
  if (!name.ends_with(kLog)) return std::nullopt;
  name.remove_suffix(kLog.size());
  if (name.size() < kIdDigits + 1) return std::nullopt;
  const std::string_view id = name.substr(name.size() - kIdDigits);
  name.remove_suffix(kIdDigits);
  if (!name.ends_with('-')) return std::nullopt;
  name.remove_suffix(1);
  const auto parts = base::Split(name, '_');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) {
    return std::nullopt;
  }
  return std::pair(std::string(id),
                   PodRef{std::string(parts[1]), std::string(parts[0]), std::string(parts[2])});
}

// "/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log".
std::optional<std::pair<std::string, PodRef>> ParseTarget(const std::filesystem::path& target) {
  const std::string folder = target.parent_path().parent_path().filename().string();
  const auto parts = base::Split(folder, '_');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty()) return std::nullopt;
  return std::pair(std::string(parts[2]), PodRef{std::string(parts[0]), std::string(parts[1]), ""});
}

}  // namespace

ProcOwners::ProcOwners(OwnerPaths paths) : paths_(std::move(paths)) {}

Owner ProcOwners::Of(std::int64_t pid) {
  const auto text = base::ReadFile(fmt::format("{}/{}/cgroup", paths_.proc, pid), kMostCgroupBytes);
  if (!text) {
    const bool gone = text.error().code == base::ErrorCode::kNotFound;
    return {gone ? OwnerKind::kGone : OwnerKind::kUnknownPod, {}};
  }
  const auto place = ParseCgroup(*text);
  if (!place) return {OwnerKind::kHost, {}};
  return NameOf(place->pod_uid, place->container_id);
}

std::vector<std::string> ProcOwners::UidsOf(const PodRef& pod) {
  const auto find = [&] {
    std::vector<std::string> uids;
    for (const auto& [uid, known] : pods_) {
      if (known.ns == pod.ns && known.pod == pod.pod) uids.push_back(uid);
    }
    return uids;
  };
  if (looked_) return find();
  ReadLinks();
  looked_ = true;
  return find();
}

Owner ProcOwners::NameOf(const std::string& pod_uid, const std::string& container_id) {
  const PodRef* pod = Find(pod_uid, container_id);
  if (pod == nullptr && !looked_) {
    ReadLinks();
    looked_ = true;
    pod = Find(pod_uid, container_id);
  }
  if (pod == nullptr) return {OwnerKind::kUnknownPod, {}};
  return {OwnerKind::kPod, *pod};
}

const PodRef* ProcOwners::Find(const std::string& pod_uid, const std::string& container_id) const {
  const auto container = containers_.find(container_id);
  if (container != containers_.end()) return &container->second;
  const auto pod = pods_.find(pod_uid);
  return pod_uid.empty() || pod == pods_.end() ? nullptr : &pod->second;
}

void ProcOwners::ReadLinks() {
  namespace fs = std::filesystem;
  containers_.clear();
  pods_.clear();
  std::error_code error;
  fs::directory_iterator entry(paths_.container_links, error);
  for (std::size_t i = 0; !error && entry != fs::directory_iterator() && i < kMostLinks; ++i) {
    if (auto named = ParseLink(entry->path().filename().string())) {
      containers_.insert(std::move(*named));
    }
    std::error_code unread;
    const fs::path target = fs::read_symlink(entry->path(), unread);
    if (!unread) {
      if (auto named = ParseTarget(target)) pods_.insert(std::move(*named));
    }
    entry.increment(error);
  }
}

}  // namespace tangram::agent
