// What a plan does to shares, checked without knowing how it was made: the part of validate.h that
// is about time-slicing, MPS and GPU memory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/leaks/seats.h"
#include "plan/plan.h"

namespace tangram::plan {

// Follows the plan action by action. Each call returns what is wrong with it, a sentence each.
//   - nobody shares who asked for isolation;
//   - beside a pod that has a latency to keep a device has fewer than 8 shares;
//   - what is known of memory fits on one device, whichever pods meet there; under MPS each need
//     fits into an equal part;
//   - replicas are what they are said to be, 2 to 48, MPS on whole cards only and within its
//   clients,
//     and never changed under pods that run on it.
class ShareCheck {
 public:
  using Wrong = std::vector<std::string>;

  // Both must outlive it; `holdings`: of the snapshot.
  ShareCheck(const cluster::Snapshot& snapshot, const Holdings& holdings)
      : snapshot_(snapshot), holdings_(holdings) {}

  // A pod comes to a node, as `like` is; `was` is the pod before it was resized, or the pod.
  Wrong Put(const std::string& node, const cluster::Node& like, const cluster::Pod& pod,
            const cluster::Pod& was);
  void Remove(const std::string& node, const cluster::Pod& pod);
  Wrong Change(const Reshare& change, const cluster::Node& like);
  // Of each device of the resource (named as if it were not shared) on the node.
  int ReplicasOf(const std::string& node, const cluster::Node& like, const std::string& whole);

 private:
  struct Coming {
    const cluster::Pod* pod = nullptr;
    std::optional<base::MiB> need{};
  };
  // The devices of one resource on one node.
  struct Devices {
    const gpu::Model* model = nullptr;  // null: not known, or not alike
    base::MiB memory{};                 // of the smallest; 0: not known
    base::MiB largest{};
    cluster::Sharing sharing = cluster::Sharing::kNone;
    int replicas = 1;
    base::MiB used{};           // of the fullest, by pods that are known to be on it
    bool exact = true;          // it is known which pods are on which
    int standing_together = 1;  // on one device, at most
    std::vector<const cluster::Pod*> standing{};
    std::vector<Coming> coming{};
  };
  Devices& DevicesOf(const std::string& node, const cluster::Node& like, const std::string& whole);
  Devices Read(const cluster::Node& node, const std::string& whole) const;
  void AddRunning(const cluster::Node& node, const std::string& whole, Devices& devices) const;
  base::MiB UsedOn(const Card& card, const Seat& seat) const;
  std::optional<base::MiB> NeedOf(const cluster::Pod& pod, const cluster::Pod& was) const;
  static void CheckMemory(const Devices& devices, const std::string& node, Wrong& wrong);

  const cluster::Snapshot& snapshot_;
  const Holdings& holdings_;
  std::map<std::pair<std::string, std::string>, Devices> devices_;  // by node, resource
};

}  // namespace tangram::plan
