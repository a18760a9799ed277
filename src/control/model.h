// The cluster as the control plane knows it: what the API server told, and what was decided since.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "cluster/gate.h"
#include "cluster/snapshot.h"
#include "control/actuator.h"
#include "control/keyed_list.h"

namespace tangram::control {

enum class GangKind { kRead, kNotServed };

// What is needed to write to a pod behind our gate.
struct Gated {
  PodRef pod{};
  std::string version{};        // resourceVersion
  std::string node_affinity{};  // as the adapter gave it; not looked into here
  bool others = false;          // other gates hold it as well
  bool has_host = false;        // somebody chose its node already
  base::Time created_at{};
};

// What happened, as far as it matters to where pods may go.
struct News {
  std::set<Key> arrived{};  // pods behind our gate and no other
  std::set<Key> came{};     // pods that somebody else gave a node
  bool freed = false;       // pods gave up what they held, or went
  bool other = false;       // anything else
};

// Owned by one thread, with no lock. Objects come in any order; those of one name in theirs.
//
// A pod that was given a node counts as there from the decision on: until the API server shows it
// lifted, by Assume; then, until it is bound, by the annotation that was written with the lift. So
// a restart forgets nothing that was written.
class Model {
 public:
  template <class T>
  void Set(cluster::Shared<T> object) {
    KeyedList<T>& list = std::get<KeyedList<T>>(lists_);
    const cluster::Shared<T>* known = list.Latest(ListIn<T>(snapshot_), KeyOf(*object));
    if (known != nullptr && *known == object) return;
    list.Set(std::move(object));
    Changed();
  }
  template <class T>
  void Set(T object) {
    Set(cluster::Shared<T>(std::move(object)));
  }
  template <class T>
  void Remove(const Key& key) {
    KeyedList<T>& list = std::get<KeyedList<T>>(lists_);
    if (list.Latest(ListIn<T>(snapshot_), key) == nullptr) return;
    list.Remove(key);
    Changed();
  }
  // A whole list was read: what is not in it is gone. `keys` in any order.
  template <class T>
  void KeepOnly(std::vector<Key> keys) {
    std::sort(keys.begin(), keys.end());
    const bool some = std::get<KeyedList<T>>(lists_).KeepOnly(keys, ListIn<T>(snapshot_));
    if (some) Changed();
  }
  // A pod, with what it takes to write to it.
  void SetPod(cluster::Shared<cluster::Pod> pod, std::string version, std::string node_affinity);
  void RemovePod(const Key& key);
  void KeepOnlyPods(std::vector<Key> keys);
  // Whether all objects of a kind that says how large gangs are (cluster/gang.h) are there.
  void SetGangKind(const std::string& kind, GangKind is);
  // What could not be read.
  void SetGaps(std::vector<cluster::Gap> gaps);

  // The pod counts on that node from now on; Forget takes that back.
  void Assume(const PodRef& pod, std::string node);
  void Forget(const PodRef& pod);
  bool IsAssumed(const PodRef& pod) const { return assumed_.contains(pod); }

  // Sorted, of this moment; valid until the next call. A copy keeps what it has.
  const cluster::Snapshot& Take(base::Time now);
  // Since it was asked last.
  News TakeNews() { return std::exchange(news_, {}); }
  // As Take gave it last.
  const cluster::Snapshot& last() const { return snapshot_; }
  // A copy, for other threads.
  std::shared_ptr<const cluster::Snapshot> Share(base::Time now);
  // Pods behind our gate that were not given a node yet, by name.
  const std::map<Key, Gated>& gated() const { return gated_; }
  // Pods that were lifted with a node and are not bound yet, by name.
  const std::map<Key, PodRef>& sent() const { return sent_; }
  // The pod of that name in what Take gave last; nullptr: it is not there.
  const cluster::Pod* PodNamed(const Key& key) const;
  // The same, of this moment: valid until the next change. A copy keeps the pod as it is.
  const cluster::Shared<cluster::Pod>* LatestPod(const Key& key) const;
  // Grows with every change.
  std::uint64_t changes() const { return changes_; }
  // Likewise, but for pods that come, change and go.
  std::uint64_t other_changes() const { return other_changes_; }

 private:
  template <class T, class Of>
  static auto& ListIn(Of& snapshot);
  void Changed();
  void Put(cluster::Shared<cluster::Pod> pod);
  void Show(const cluster::Shared<cluster::Pod>& told);
  void Notice(const cluster::Pod* before, const cluster::Pod& after);

  cluster::Snapshot snapshot_;
  std::tuple<KeyedList<cluster::Node>, KeyedList<cluster::Pod>, KeyedList<cluster::Claim>,
             KeyedList<cluster::ResourceSlice>, KeyedList<cluster::DeviceClass>,
             KeyedList<cluster::Namespace>, KeyedList<cluster::DisruptionBudget>,
             KeyedList<cluster::Quota>, KeyedList<cluster::Queue>, KeyedList<cluster::LocalQueue>,
             KeyedList<cluster::PriorityClass>, KeyedList<cluster::GangOwner>>
      lists_;
  std::map<Key, Gated> gated_;
  std::map<Key, PodRef> sent_;
  std::map<PodRef, std::string> assumed_;  // node
  std::map<Key, cluster::Shared<cluster::Pod>>
      told_;  // of those behind our gate: as the API server has them
  News news_;
  std::uint64_t changes_ = 0;
  std::uint64_t other_changes_ = 0;
};

template <class T, class Of>
auto& Model::ListIn(Of& snapshot) {
  if constexpr (std::is_same_v<T, cluster::Node>)
    return (snapshot.nodes);
  else if constexpr (std::is_same_v<T, cluster::Pod>)
    return (snapshot.pods);
  else if constexpr (std::is_same_v<T, cluster::Claim>)
    return (snapshot.claims);
  else if constexpr (std::is_same_v<T, cluster::ResourceSlice>)
    return (snapshot.slices);
  else if constexpr (std::is_same_v<T, cluster::DeviceClass>)
    return (snapshot.device_classes);
  else if constexpr (std::is_same_v<T, cluster::Namespace>)
    return (snapshot.namespaces);
  else if constexpr (std::is_same_v<T, cluster::DisruptionBudget>)
    return (snapshot.budgets);
  else if constexpr (std::is_same_v<T, cluster::Quota>)
    return (snapshot.quotas);
  else if constexpr (std::is_same_v<T, cluster::Queue>)
    return (snapshot.queues);
  else if constexpr (std::is_same_v<T, cluster::LocalQueue>)
    return (snapshot.local_queues);
  else if constexpr (std::is_same_v<T, cluster::PriorityClass>)
    return (snapshot.priority_classes);
  else if constexpr (std::is_same_v<T, cluster::GangOwner>)
    return (snapshot.gang_owners);
}

}  // namespace tangram::control
