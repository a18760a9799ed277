#include "control/model.h"

#include <utility>

#include "cluster/gate.h"

namespace tangram::control {
namespace {

constexpr std::string_view kHostLabel = "kubernetes.io/hostname";

PodRef RefOf(const cluster::Pod& pod) { return {pod.ns, pod.name, pod.uid}; }

// The node that a pod will be bound to and takes room on already; "" of every other.
std::string AwaitedOn(const cluster::Pod& pod) {
  if (!pod.node.empty() || !pod.gates.empty()) return {};
  return std::string(cluster::SentTo(pod));
}

}  // namespace

void Model::SetPod(cluster::Pod pod, std::string version, std::string node_affinity) {
  const Key key = KeyOf(pod);
  const PodRef ref = RefOf(pod);
  if (const auto before = told_.find(key); before != told_.end() && before->second.uid != pod.uid) {
    assumed_.erase(RefOf(before->second));
  }
  if (cluster::IsBehindGate(pod) && pod.node.empty()) {
    gated_[key] = {.pod = ref,
                   .version = std::move(version),
                   .node_affinity = std::move(node_affinity),
                   .others = pod.gates.size() > 1,
                   .has_host = !cluster::Find(pod.node_selector, kHostLabel).empty(),
                   .created_at = pod.created_at};
    sent_.erase(key);
    Show(told_.insert_or_assign(key, std::move(pod)).first->second);
    return;
  }
  gated_.erase(key);
  told_.erase(key);
  assumed_.erase(ref);
  sent_.erase(key);
  if (std::string node = AwaitedOn(pod); !node.empty()) {
    pod.node = std::move(node);
    sent_[key] = ref;
  }
  Set(std::move(pod));
}

void Model::RemovePod(const Key& key) {
  if (const auto told = told_.find(key); told != told_.end()) assumed_.erase(RefOf(told->second));
  gated_.erase(key);
  told_.erase(key);
  sent_.erase(key);
  Remove<cluster::Pod>(key);
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
  ++changes_;
}

void Model::SetGaps(std::vector<cluster::Gap> gaps) {
  snapshot_.gaps = std::move(gaps);
  ++changes_;
}

void Model::Assume(const PodRef& pod, std::string node) {
  const auto told = told_.find({pod.ns, pod.name});
  if (told == told_.end() || told->second.uid != pod.uid) return;
  assumed_[pod] = std::move(node);
  Show(told->second);
}

void Model::Forget(const PodRef& pod) {
  if (assumed_.erase(pod) == 0) return;
  const auto told = told_.find({pod.ns, pod.name});
  if (told != told_.end()) Show(told->second);
}

void Model::Show(const cluster::Pod& told) {
  cluster::Pod shown = told;
  if (const auto assumed = assumed_.find(RefOf(told)); assumed != assumed_.end()) {
    shown.node = assumed->second;
    shown.gates.clear();
  }
  Set(std::move(shown));
}

const cluster::Pod* Model::PodNamed(const Key& key) const {
  return KeyedList<cluster::Pod>::Named(snapshot_.pods, key);
}

const cluster::Snapshot& Model::Take(base::Time now) {
  snapshot_.taken_at = now;
  std::get<KeyedList<cluster::Node>>(lists_).Apply(snapshot_.nodes);
  std::get<KeyedList<cluster::Pod>>(lists_).Apply(snapshot_.pods);
  std::get<KeyedList<cluster::Claim>>(lists_).Apply(snapshot_.claims);
  std::get<KeyedList<cluster::ResourceSlice>>(lists_).Apply(snapshot_.slices);
  std::get<KeyedList<cluster::DeviceClass>>(lists_).Apply(snapshot_.device_classes);
  std::get<KeyedList<cluster::Namespace>>(lists_).Apply(snapshot_.namespaces);
  std::get<KeyedList<cluster::DisruptionBudget>>(lists_).Apply(snapshot_.budgets);
  std::get<KeyedList<cluster::Quota>>(lists_).Apply(snapshot_.quotas);
  std::get<KeyedList<cluster::Queue>>(lists_).Apply(snapshot_.queues);
  std::get<KeyedList<cluster::LocalQueue>>(lists_).Apply(snapshot_.local_queues);
  std::get<KeyedList<cluster::PriorityClass>>(lists_).Apply(snapshot_.priority_classes);
  std::get<KeyedList<cluster::GangOwner>>(lists_).Apply(snapshot_.gang_owners);
  return snapshot_;
}

std::shared_ptr<const cluster::Snapshot> Model::Share(base::Time now) {
  if (shared_ == nullptr || shared_at_ != changes_) {
    shared_ = std::make_shared<const cluster::Snapshot>(Take(now));
    shared_at_ = changes_;
  }
  return shared_;
}

}  // namespace tangram::control
