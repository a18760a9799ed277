#include "cluster/gang.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <tuple>

namespace tangram::cluster {
namespace {

enum class Where { kLabel, kAnnotation, kPodGroup };

struct Source {
  Where where;
  std::string_view name;
  std::string_view size;  // a label or an annotation; empty: only its object says
  std::string_view kind;  // of that object; empty: none, or it depends on the pod
};
constexpr std::array<Source, 6> kSources = {{
    {Where::kLabel, kGangLabel, "tangram.dev/gang-size", {}},
    {Where::kLabel, "kueue.x-k8s.io/pod-group-name", "kueue.x-k8s.io/pod-group-total-count", {}},
    {Where::kPodGroup, {}, {}, kPodGroups},
    {Where::kAnnotation, "scheduling.k8s.io/group-name", {}, kVolcanoPodGroups},
    {Where::kAnnotation, "pod-group-name", {}, kKaiPodGroups},
    {Where::kLabel, "scheduling.x-k8s.io/pod-group", {}, kCoschedulingPodGroups},
}};

// What controllers write on the pods that they make.
constexpr std::string_view kJobSetLabel = "jobset.sigs.k8s.io/jobset-name";
constexpr std::string_view kJobLabel = "batch.kubernetes.io/job-name";

std::string_view NameBy(const Source& source, const Pod& pod) {
  switch (source.where) {
    case Where::kLabel:
      return Find(pod.labels, source.name);
    case Where::kAnnotation:
      return Find(pod.annotations, source.name);
    case Where::kPodGroup:
      return pod.pod_group;
  }
  return {};
}

std::optional<int> SizeIn(const Pod& pod, std::string_view key) {
  if (key.empty()) return std::nullopt;
  std::string_view text = Find(pod.labels, key);
  if (text.empty()) text = Find(pod.annotations, key);
  int size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool whole = error == std::errc() && end == text.data() + text.size() && size > 0;
  return whole ? std::optional(size) : std::nullopt;
}

// Who made a pod of a gang of ours: the JobSet before its Job, which is but a part of it.
void SetOwner(const Pod& pod, Gang& gang) {
  for (const auto& [label, kind] :
       {std::pair(kJobSetLabel, kJobSets), std::pair(kJobLabel, kJobs)}) {
    gang.owner = Find(pod.labels, label);
    if (gang.owner.empty()) continue;
    gang.owner_kind = kind;
    return;
  }
}

bool IsOfJobs(std::string_view kind) { return kind == kJobs || kind == kJobSets; }

std::string_view KindOf(const GangOwner& owner) {
  return std::string_view(owner.name).substr(0, owner.name.find('/'));
}

int Clamped(std::int64_t size) {
  return static_cast<int>(std::min<std::int64_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

bool IsGangKind(std::string_view kind) {
  if (IsOfJobs(kind)) return true;
  return std::any_of(kSources.begin(), kSources.end(), [&](const Source& source) {
    return !source.kind.empty() && source.kind == kind;
  });
}

Gang GangOf(const Pod& pod) {
  for (const Source& source : kSources) {
    Gang gang{.name = NameBy(source, pod)};
    if (gang.name.empty()) continue;
    gang.size = SizeIn(pod, source.size);
    if (!source.kind.empty()) {
      gang.owner_kind = source.kind;
      gang.owner = gang.name;
    } else if (source.name == kGangLabel && !gang.size) {
      SetOwner(pod, gang);
    }
    return gang;
  }
  return {};
}

GangBook::GangBook(const Snapshot& snapshot) : snapshot_(snapshot) {
  for (const GangOwner& owner : snapshot.gang_owners) {
    if (!IsOfJobs(KindOf(owner))) continue;
    for (const GangSize& size : owner.gangs) {
      std::int64_t& sum = sums_[{owner.ns, size.gang}];
      sum = std::min(sum + size.pods, std::int64_t{std::numeric_limits<int>::max()});
    }
  }
}

const GangOwner* GangBook::Find(std::string_view ns, std::string_view kind,
                                std::string_view name) const {
  const std::string full = std::string(kind) + "/" + std::string(name);
  const auto key = std::pair<std::string_view, std::string_view>(ns, full);
  const auto of = [](const GangOwner& owner) {
    return std::pair<std::string_view, std::string_view>(owner.ns, owner.name);
  };
  const auto& owners = snapshot_.gang_owners;
  const auto at = std::lower_bound(owners.begin(), owners.end(), key,
                                   [&](const GangOwner& a, const auto& b) { return of(a) < b; });
  return at != owners.end() && of(*at) == key ? &*at : nullptr;
}

std::optional<int> GangBook::SizeOf(const Pod& pod, const Gang& gang) const {
  if (gang.size || gang.owner.empty()) return gang.size;
  if (IsOfJobs(gang.owner_kind)) {
    const auto sum = sums_.find({pod.ns, gang.name});
    return sum == sums_.end() ? std::nullopt : std::optional(Clamped(sum->second));
  }
  const GangOwner* owner = Find(pod.ns, gang.owner_kind, gang.owner);
  if (owner == nullptr || owner->gangs.empty()) return std::nullopt;
  return Clamped(owner->gangs.front().pods);
}

Gang GangBook::Of(const Pod& pod) const {
  Gang gang = GangOf(pod);
  gang.size = SizeOf(pod, gang);
  return gang.size == 1 ? Gang{} : gang;
}

std::string GangBook::MissingFor(const Pod& pod) const {
  const Gang gang = GangOf(pod);
  if (gang.size || gang.owner.empty()) return {};
  const auto& kinds = snapshot_.gang_kinds;
  const bool all_read = std::find(kinds.begin(), kinds.end(), gang.owner_kind) != kinds.end();
  if (!all_read || Find(pod.ns, gang.owner_kind, gang.owner) != nullptr) return {};
  return std::string(gang.owner_kind) + "/" + std::string(gang.owner);
}

bool GangBook::IsThere(const Pod& pod) const {
  if (pod.phase == PodPhase::kFailed || pod.terminating) return false;
  if (pod.phase != PodPhase::kSucceeded) return true;
  const Gang gang = GangOf(pod);
  return !gang.owner.empty() && Find(pod.ns, gang.owner_kind, gang.owner) != nullptr;
}

std::int64_t GangBook::CountThere(const Pod& pod) const {
  const std::string_view asked = GangOf(pod).name;
  if (asked.empty()) return 0;
  if (!there_) {
    there_.emplace();
    for (const Pod& one : snapshot_.pods) {
      const std::string_view gang = GangOf(one).name;
      if (!gang.empty() && IsThere(one)) ++(*there_)[{one.ns, gang}];
    }
  }
  const auto counted = there_->find({pod.ns, asked});
  return counted == there_->end() ? 0 : counted->second;
}

bool GangBook::IsWhole(const Pod& pod) const {
  const Gang gang = Of(pod);
  if (gang.size) return CountThere(pod) >= *gang.size;
  return MissingFor(pod).empty();
}

}  // namespace tangram::cluster
