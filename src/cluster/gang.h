// Pods that start together or not at all: who says so, and how many they are.
//
// By the first of these that a pod carries; its size by label or annotation, or by the object:
//   tangram.dev/gang                label; tangram.dev/gang-size, else its JobSets and Jobs
//   kueue.x-k8s.io/pod-group-name   label; kueue.x-k8s.io/pod-group-total-count
//   spec.schedulingGroup            PodGroup of scheduling.k8s.io
//   scheduling.k8s.io/group-name    annotation; PodGroup of Volcano
//   pod-group-name                  annotation; PodGroup of KAI
//   scheduling.x-k8s.io/pod-group   label; PodGroup of the coscheduling plugin
// Sources: Kubernetes 1.36 PodSchedulingGroup, Kueue "Run plain pods", Volcano PodGroup, KAI
// pod-grouper, scheduler-plugins KEP-42, JobSet v1alpha2. All pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::cluster {

// The kinds of objects that say how large gangs are, as GangOwner::name begins.
inline constexpr std::string_view kJobs = "jobs.batch";
inline constexpr std::string_view kJobSets = "jobsets.jobset.x-k8s.io";
inline constexpr std::string_view kPodGroups = "podgroups.scheduling.k8s.io";
inline constexpr std::string_view kVolcanoPodGroups = "podgroups.scheduling.volcano.sh";
inline constexpr std::string_view kKaiPodGroups = "podgroups.scheduling.run.ai";
inline constexpr std::string_view kCoschedulingPodGroups = "podgroups.scheduling.x-k8s.io";
bool IsGangKind(std::string_view kind);

// The label by which pods, and the templates that they are made from, name a gang of ours.
inline constexpr std::string_view kGangLabel = "tangram.dev/gang";

// Views into the pod.
struct Gang {
  std::string_view name;      // empty: it is in none
  std::optional<int> size{};  // pods that have to be there; absent: the pod does not say, or it is
                              // no number
  // The object that says it where the pod does not; both empty: none does.
  std::string_view owner_kind{};
  std::string_view owner{};
};
Gang GangOf(const Pod& pod);

// The gangs of a snapshot, with the sizes that its objects give them. A value of its own views into
// the snapshot, which must outlive it.
class GangBook {
 public:
  explicit GangBook(const Snapshot& snapshot);

  // What the pod starts together with: as GangOf, with the size that its objects say. In none where
  // one pod is enough: then each goes by itself.
  Gang Of(const Pod& pod) const;
  // The object that has to be there before the size of the pod's gang is known: "jobs.batch/train".
  // Empty: nothing is missing.
  std::string MissingFor(const Pod& pod) const;
  // Whether a gang that counts its pods counts this one: it waits or runs and is not being deleted,
  // or it has ended well and its Job or JobSet goes on.
  bool IsThere(const Pod& pod) const;
  // How many pods of the pod's gang are there. 0: it is in none. The first question counts for all
  // gangs: not from two threads at once.
  std::int64_t CountThere(const Pod& pod) const;
  // Whether as many are there as its gang has; where nobody says how many, whether nobody has to.
  bool IsWhole(const Pod& pod) const;

 private:
  // By namespace and gang.
  using Counts = std::map<std::pair<std::string_view, std::string_view>, std::int64_t>;

  const GangOwner* Find(std::string_view ns, std::string_view kind, std::string_view name) const;
  std::optional<int> SizeOf(const Pod& pod, const Gang& gang) const;

  const Snapshot& snapshot_;
  Counts sums_;  // of gangs of ours: summed over Jobs and JobSets
  mutable std::optional<Counts> there_;
};

}  // namespace tangram::cluster
