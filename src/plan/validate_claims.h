// What a plan says of DRA claims, checked without knowing how it was made: the part of validate.h
// that is about devices.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/plan.h"
#include "plan/validate_gangs.h"

namespace tangram::plan {

// Follows the plan pod by pod. Each device that a claim is said to get
//   - is published for that node, in the newest generation of its pool, and nobody holds it;
//   - is chosen by the selectors of its class and of its request, and its taints are tolerated;
//   - leaves no counter of its pool below nothing;
//   - has as much as they ask for of each capacity, where several hold it;
//   - is no card that the device plugin gave away;
// each request of the claim gets as many as it asks for, of one of its alternatives; and devices
// have in common what the claim wants. A claim that is allocated is used where it can be. Where a
// DeviceClass stands behind a resource that the node's device plugin does not offer, the pod gets
// as many devices of that class as it asks for.
class ClaimCheck {
 public:
  // The snapshot must outlive it.
  explicit ClaimCheck(const cluster::Snapshot& snapshot);

  // Cards that claims hold now, where the device plugin offers them too, are not free.
  void TakeHeldCards(std::map<std::string, NodeCount>& nodes);
  // A pod comes to a node, and its claims get `devices`. What is wrong, a sentence each.
  std::vector<std::string> Put(NodeCount& on, const cluster::Pod& pod,
                               const std::vector<ClaimedDevice>& devices);
  // Whether devices of a class were given to the pod, which came to a node, for that resource.
  bool Serves(const cluster::Pod& pod, const std::string& resource) const;
  // Asks for a GPU in any form, or for what a class stands behind.
  bool AsksForDevices(const cluster::Pod& pod) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // driver, pool, device
  struct Published {
    const cluster::ResourceSlice* slice = nullptr;
    const cluster::Device* device = nullptr;
  };
  struct Served {
    std::string node;
    std::vector<cluster::AllocatedDevice> devices{};
  };
  using Wrong = std::vector<std::string>;

  // Of the classes that stand behind the resource.
  std::vector<const cluster::DeviceClass*> ClassesBehind(const std::string& resource) const;
  // What the scheduler has to make for the pod there; without requests: nothing.
  cluster::Claim SchedulersClaim(const NodeCount& on, const cluster::Pod& pod, Wrong& wrong);
  void CheckClaim(NodeCount& on, const cluster::Claim& claim,
                  const std::vector<cluster::AllocatedDevice>& devices, Wrong& wrong);
  void CheckDevice(const cluster::Node& node, const cluster::DeviceRequest& request,
                   const cluster::AllocatedDevice& given, Wrong& wrong);
  void Consume(const Key& key, const cluster::AllocatedDevice& given);
  void CheckCapacity(const cluster::DeviceRequest& request, const Published& published,
                     const cluster::AllocatedDevice& given, Wrong& wrong) const;
  bool IsFirstOf(const cluster::AllocatedDevice& device);
  bool IsChosen(const cluster::DeviceRequest& request, const Published& published) const;
  void CheckCounts(const cluster::Claim& claim,
                   const std::vector<cluster::AllocatedDevice>& devices, Wrong& wrong) const;
  void CheckConstraints(const cluster::Claim& claim,
                        const std::vector<cluster::AllocatedDevice>& devices, Wrong& wrong) const;
  void CheckCounters(std::string_view driver, std::string_view pool, Wrong& wrong) const;

  const cluster::Snapshot& snapshot_;
  std::map<std::pair<std::string, std::string>, const cluster::Claim*> claims_;
  std::map<Key, Published> published_;                     // of the newest generation
  std::set<Key> held_;                                     // alone
  std::map<Key, std::map<std::string, double>> consumed_;  // in thousandths, by capacity
  std::set<Key> counted_;  // cards that several hold, which are not the device plugin's any more
  std::map<const cluster::Claim*, Served> served_;
  std::deque<cluster::Claim> made_;                                 // for pods that came
  std::set<std::pair<const cluster::Pod*, std::string>> by_class_;  // resources of theirs
};

}  // namespace tangram::plan
