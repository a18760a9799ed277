#include "control/model.h"

#include <utility>

#include "cluster/gate.h"
#include "plan/leaks/seats.h"

namespace tangram::control {
namespace {

// As many changes as no round sees: they come while a whole cluster is read, and would be a second
// copy of it.
constexpr std::size_t kMostPending = 8192;

constexpr std::string_view kHostLabel = "kubernetes.io/hostname";

PodRef RefOf(const cluster::Pod& pod) { return {pod.ns, pod.name, pod.uid}; }

// The node that a pod will be bound to and takes room on already; "" of every other.
std::string AwaitedOn(const cluster::Pod& pod) {
  if (!pod.node.empty() || !pod.gates.empty()) return {};
  return std::string(cluster::SentTo(pod));
}

// Labels of the node, which the API server gives a pod as it is bound (PodTopologyLabels), are no
// news.
cluster::Labels OwnLabels(const cluster::Pod& pod) {
  cluster::Labels own = pod.labels;
  std::erase_if(
      own, [](const auto& label) { return label.first.starts_with("topology.kubernetes.io/"); });
  return own;
}

// Both hold the same there, and are the same to other pods.
bool StandAlike(const cluster::Pod& a, const cluster::Pod& b) {
  return a.node == b.node && a.cpu == b.cpu && a.memory == b.memory && a.devices == b.devices &&
         a.claims == b.claims && a.priority == b.priority && OwnLabels(a) == OwnLabels(b) &&
         a.affinity.pods == b.affinity.pods && a.affinity.anti_pods == b.affinity.anti_pods &&
         a.affinity.spread == b.affinity.spread;
}

// The scheduler has just said that it finds no place, not even where it was sent.
bool IsNewlyLost(const cluster::Pod& before, const cluster::Pod& after) {
  return after.pending_reason == "Unschedulable" && before.pending_reason != after.pending_reason;
}

}  // namespace

void Model::Changed() {
  ++changes_;
  ++other_changes_;
  news_.other = true;
}

void Model::Put(cluster::Shared<cluster::Pod> pod) {
  auto& pods = std::get<KeyedList<cluster::Pod>>(lists_);
  pods.Set(std::move(pod));
  ++changes_;
  if (pods.pending().size() < kMostPending) return;
  pods.Apply(snapshot_.pods);
}

const cluster::Shared<cluster::Pod>* Model::LatestPod(const Key& key) const {
  return std::get<KeyedList<cluster::Pod>>(lists_).Latest(snapshot_.pods, key);
}

// A pod that is not behind our gate.
void Model::Notice(const cluster::Pod* before, const cluster::Pod& after) {
  const bool held = before != nullptr && cluster::HoldsDevices(*before);
  const bool holds = cluster::HoldsDevices(after);
  const bool waited = before != nullptr && !held && plan::AsksForGpu(*before);
  if (before != nullptr && before->uid != after.uid) {
    news_.other = true;
  } else if (held && holds) {
    news_.other = news_.other || !StandAlike(*before, after) || IsNewlyLost(*before, after);
  } else if (held) {
    news_.freed = true;
  } else if (holds && !waited) {
    news_.came.insert(KeyOf(after));
  } else {
    news_.other = news_.other || waited || plan::AsksForGpu(after);
  }
}

void Model::SetPod(cluster::Shared<cluster::Pod> pod, std::string version,
                   std::string node_affinity) {
  const Key key = KeyOf(*pod);
  const PodRef ref = RefOf(*pod);
  const cluster::Shared<cluster::Pod>* shown = LatestPod(key);
  if (const auto before = told_.find(key);
      before != told_.end() && before->second->uid != pod->uid) {
    assumed_.erase(RefOf(*before->second));
  }
  if (cluster::IsBehindGate(*pod) && pod->node.empty()) {
    gated_[key] = {.pod = ref,
                   .version = std::move(version),
                   .node_affinity = std::move(node_affinity),
                   .others = pod->gates.size() > 1,
                   .has_host = !cluster::Find(pod->node_selector, kHostLabel).empty(),
                   .created_at = pod->created_at};
    sent_.erase(key);
    if (const auto told = told_.find(key); told != told_.end() && told->second == pod) return;
    if (shown == nullptr && pod->gates.size() == 1) {
      news_.arrived.insert(key);
    } else {
      news_.other = true;
    }
    Show(told_.insert_or_assign(key, std::move(pod)).first->second);
    return;
  }
  gated_.erase(key);
  told_.erase(key);
  assumed_.erase(ref);
  sent_.erase(key);
  if (std::string node = AwaitedOn(*pod); !node.empty()) {
    pod.Own().node = std::move(node);
    sent_[key] = ref;
  }
  if (shown != nullptr && *shown == pod) return;
  Notice(shown == nullptr ? nullptr : &**shown, *pod);
  Put(std::move(pod));
}

void Model::RemovePod(const Key& key) {
  if (LatestPod(key) == nullptr) return;
  news_.freed = true;
  if (const auto told = told_.find(key); told != told_.end()) assumed_.erase(RefOf(*told->second));
  gated_.erase(key);
  told_.erase(key);
  sent_.erase(key);
  std::get<KeyedList<cluster::Pod>>(lists_).Remove(key);
  ++changes_;
}

void Model::KeepOnlyPods(std::vector<Key> keys) {
  std::sort(keys.begin(), keys.end());
  std::vector<Key> gone;
  const auto is_gone = [&](const Key& key) {
    return !std::binary_search(keys.begin(), keys.end(), key);
  };
  for (const auto& [key, gated] : gated_) {
    if (is_gone(key)) gone.push_back(key);
  }
  for (const auto& [key, pod] : sent_) {
    if (is_gone(key)) gone.push_back(key);
  }
  for (const Key& key : gone) RemovePod(key);
  KeepOnly<cluster::Pod>(std::move(keys));
}

void Model::SetGangKind(const std::string& kind, GangKind is) {
  auto& kinds = snapshot_.gang_kinds;
  const auto at = std::lower_bound(kinds.begin(), kinds.end(), kind);
  const bool known = at != kinds.end() && *at == kind;
  if (known == (is == GangKind::kRead)) return;
  if (known) {
    kinds.erase(at);
  } else {
    kinds.insert(at, kind);
  }
  Changed();
}

void Model::SetGaps(std::vector<cluster::Gap> gaps) {
  if (snapshot_.gaps == gaps) return;
  snapshot_.gaps = std::move(gaps);
  Changed();
}

void Model::Assume(const PodRef& pod, std::string node) {
  const auto told = told_.find({pod.ns, pod.name});
  if (told == told_.end() || told->second->uid != pod.uid) return;
  assumed_[pod] = std::move(node);
  Show(told->second);
}

void Model::Forget(const PodRef& pod) {
  if (assumed_.erase(pod) == 0) return;
  news_.other = true;
  const auto told = told_.find({pod.ns, pod.name});
  if (told != told_.end()) Show(told->second);
}

void Model::Show(const cluster::Shared<cluster::Pod>& told) {
  cluster::Shared<cluster::Pod> shown = told;
  if (const auto assumed = assumed_.find(RefOf(*told)); assumed != assumed_.end()) {
    shown.Own().node = assumed->second;
    shown.Own().gates.clear();
  }
  Put(std::move(shown));
}

const cluster::Pod* Model::PodNamed(const Key& key) const {
  const cluster::Shared<cluster::Pod>* pod = KeyedList<cluster::Pod>::Named(snapshot_.pods, key);
  return pod == nullptr ? nullptr : &**pod;
}

const cluster::Snapshot& Model::Take(base::Time now) {
  snapshot_.taken_at = now;
  const auto apply = [&]<class T>(KeyedList<T>& list) { list.Apply(ListIn<T>(snapshot_)); };
  std::apply([&](auto&... list) { (apply(list), ...); }, lists_);
  return snapshot_;
}

std::shared_ptr<const cluster::Snapshot> Model::Share(base::Time now) {
  return std::make_shared<const cluster::Snapshot>(Take(now));
}

}  // namespace tangram::control
