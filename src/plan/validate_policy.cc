#include "plan/validate_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "gpu/gpu.h"
#include "plan/leaks/judge.h"
#include "plan/leaks/seats.h"
#include "plan/validate_pods.h"

namespace tangram::plan {
namespace {

using cluster::Node;
using cluster::Pod;

struct KnownNode {
  const Node* like = nullptr;
  const Pool* pool = nullptr;
  const NodePolicy* policy = nullptr;
  bool is_new = false;
  bool gone = false;
  std::vector<const Pod*> pods{};  // that are on it, in any order
};

class PolicyCheck {
 public:
  PolicyCheck(const Plan& plan, const cluster::Snapshot& snapshot, const PlanPolicy& policy)
      : plan_(plan), snapshot_(snapshot), policy_(policy), pods_(snapshot) {
    for (const Node& node : snapshot.nodes) {
      KnownNode known{.like = &node, .pool = PoolOf(policy, node), .policy = &policy.defaults};
      if (known.pool != nullptr) known.policy = &known.pool->policy;
      nodes_.emplace(node.name, std::move(known));
    }
    for (const Pod& pod : snapshot.pods) {
      if (!cluster::HoldsDevices(pod)) continue;
      if (KnownNode* node = Find(pod.node)) node->pods.push_back(&pod);
    }
  }

  std::vector<std::string> Run() && {
    for (const Action& action : plan_.actions) {
      at_ = &action;
      std::visit([&](const auto& change) { Do(change); }, action.change);
    }
    at_ = nullptr;
    CheckKept();
    return std::move(wrong_);
  }

 private:
  template <class... Args>
  void Wrong(fmt::format_string<Args...> text, Args&&... args) {
    const std::string what = fmt::format(text, std::forward<Args>(args)...);
    wrong_.push_back(at_ == nullptr ? what : fmt::format("action {}: {}", at_->id, what));
  }

  static std::string PolicyName(const KnownNode& node) {
    return node.pool == nullptr ? "the policy" : "GpuPool " + node.pool->name;
  }

  // A name that no node has is the other half's to find.
  KnownNode* Find(const std::string& name) {
    const auto node = nodes_.find(name);
    return node == nodes_.end() ? nullptr : &node->second;
  }

  // The node, which the action changes.
  KnownNode* Changed(const std::string& name) {
    KnownNode* node = Find(name);
    if (node != nullptr && node->policy->mode == Mode::kObserve) {
      Wrong("{} only observes {}", PolicyName(*node), name);
    }
    return node;
  }

  void PutOn(KnownNode& node, const PodName& name) {
    if (const Pod* pod = pods_.Find(name)) node.pods.push_back(pod);
  }

  void TakeOff(KnownNode& node, const PodName& name) { std::erase(node.pods, pods_.Find(name)); }

  static bool HasGpuHolders(const KnownNode& node) {
    return std::any_of(node.pods.begin(), node.pods.end(),
                       [](const Pod* pod) { return AsksForGpu(*pod); });
  }

  // Ready pods that the same controller runs, this one among them.
  int ReplicasBeside(const Pod& pod) {
    if (!replicas_) {
      replicas_.emplace();
      for (const Pod& other : snapshot_.pods) {
        if (cluster::HoldsDevices(other) && other.ready) ++(*replicas_)[OwnerOf(other)];
      }
    }
    return (*replicas_)[OwnerOf(pod)];
  }

  int CountOf(const Pool& pool) const {
    return static_cast<int>(std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& node) {
      return node.second.pool == &pool && !node.second.gone;
    }));
  }

  // ---- pods ----

  void Do(const PlacePod& change) {
    if (KnownNode* node = Find(change.node)) PutOn(*node, change.pod);
  }

  void Do(const MovePod& change) {
    KnownNode* from = Changed(change.from);
    KnownNode* to = Changed(change.to);
    if (from == nullptr || to == nullptr) return;
    if (from->policy->moves == Moves::kNone) Wrong("{} moves no pod", PolicyName(*from));
    const Pod* pod = pods_.Find(change.pod);
    if (from->policy->moves == Moves::kReplicated && pod != nullptr && ReplicasBeside(*pod) < 2) {
      Wrong("nothing like pod {}/{} runs beside it", change.pod.ns, change.pod.name);
    }
    TakeOff(*from, change.pod);
    PutOn(*to, change.pod);
  }

  void Do(const EvictPod& change) {
    KnownNode* node = Changed(change.node);
    if (node == nullptr) return;
    if (!node->policy->preempt) Wrong("{} evicts no pod", PolicyName(*node));
    TakeOff(*node, change.pod);
  }

  void Do(const StopPod& change) {
    KnownNode* node = Changed(change.node);
    if (node == nullptr) return;
    if (!node->policy->stop_idle) Wrong("{} stops no pod", PolicyName(*node));
    TakeOff(*node, change.pod);
  }

  void Do(const ResizePod& change) {
    KnownNode* from = Changed(change.from);
    KnownNode* to = Changed(change.to);
    if (from == nullptr || to == nullptr) return;
    if (!from->policy->resize) Wrong("{} resizes no pod", PolicyName(*from));
    TakeOff(*from, change.pod);
    PutOn(*to, change.pod);
  }

  // ---- cards ----

  void Do(const Reshare& change) {
    const KnownNode* node = Changed(change.node);
    if (node == nullptr) return;
    if (change.to > node->policy->most_replicas) {
      Wrong("it makes {} shares of a card; {} allows {}", change.to, PolicyName(*node),
            node->policy->most_replicas);
    }
    if (node->policy->sharing.value_or(change.sharing) != change.sharing) {
      Wrong("{} shares cards in another way", PolicyName(*node));
    }
  }

  void Do(const Repartition& change) {
    const KnownNode* node = Changed(change.node);
    if (node == nullptr) return;
    if (node->policy->mig == MigBackend::kNone) Wrong("{} cuts no card", PolicyName(*node));
    if (node->policy->mig == MigBackend::kMigManager && HasGpuHolders(*node)) {
      Wrong("pods hold GPUs of {}, which mig-manager would wipe", change.node);
    }
    std::vector<PlacedInstance> made = change.to;
    for (const PlacedInstance& there : change.from) std::erase(made, there);
    for (const PlacedInstance& instance : made) {
      if (!IsAllowed(*node->policy, instance.profile)) {
        Wrong("{} makes no {}", PolicyName(*node), instance.profile);
      }
    }
    if (node->pool == nullptr) return;
    std::set<std::string>& recut = recut_[node->pool];
    recut.insert(change.node);
    const int most = node->pool->most_recut_nodes.value_or(static_cast<int>(recut.size()));
    if (static_cast<int>(recut.size()) > most) {
      Wrong("it changes the layout of more than {} nodes of GpuPool {}", most, node->pool->name);
    }
  }

  // A name means the same whatever the model; different spellings of it are the same profile.
  static bool IsAllowed(const NodePolicy& policy, const std::string& profile) {
    if (policy.profiles.empty()) return true;
    return std::any_of(
        policy.profiles.begin(), policy.profiles.end(), [&](const std::string& name) {
          return std::any_of(gpu::Models().begin(), gpu::Models().end(), [&](const auto& model) {
            const gpu::MigProfile* made = gpu::ProfileNamed(model, profile);
            return made != nullptr && made == gpu::ProfileNamed(model, name);
          });
        });
  }

  // ---- nodes ----

  void Do(const AddNode& change) {
    const KnownNode* like = Changed(change.like);
    if (like == nullptr) return;
    KnownNode node{.like = like->like, .pool = like->pool, .policy = like->policy, .is_new = true};
    nodes_.emplace(change.node, node);
    if (change.capacity == cluster::CapacityType::kSpot && !like->policy->spot) {
      Wrong("{} adds no spot", PolicyName(*like));
    }
    if (++added_ > policy_.most_new_nodes) Wrong("more nodes than the policy adds");
    if (node.pool == nullptr) return;
    const Pool& pool = *node.pool;
    if (++added_of_[&pool] > pool.most_new_nodes.value_or(added_)) {
      Wrong("more nodes than GpuPool {} adds", pool.name);
    }
    const int nodes = CountOf(pool);
    if (nodes > pool.most_nodes.value_or(nodes)) {
      Wrong("GpuPool {} has {} nodes then, more than {}", pool.name, nodes, *pool.most_nodes);
    }
  }

  void Do(const GiveBack& change) {
    KnownNode* node = Changed(change.node);
    if (node == nullptr) return;
    node->gone = true;
    if (!node->policy->give_back) Wrong("{} gives back no node", PolicyName(*node));
    gave_back_.insert(GroupOf(*node));
    if (node->pool == nullptr || CountOf(*node->pool) >= node->pool->least_nodes) return;
    Wrong("GpuPool {} has fewer than {} nodes then", node->pool->name, node->pool->least_nodes);
  }

  // What keeps empty nodes together: the pool, or a node pool of the cloud.
  using Group = std::pair<const Pool*, std::string>;
  static Group GroupOf(const KnownNode& node) {
    return {node.pool, node.pool == nullptr ? node.like->pool : ""};
  }

  bool IsEmpty(const KnownNode& node) const {
    return std::all_of(node.pods.begin(), node.pods.end(), [](const Pod* pod) {
      const std::string& owner = pod->owner.kind;
      return owner == "DaemonSet" || owner == "Node";
    });
  }

  void CheckKept() {
    std::map<Group, int> kept;
    for (const auto& [name, node] : nodes_) {
      if (!node.gone && !node.is_new && !node.like->gpus.empty() && IsEmpty(node)) {
        ++kept[GroupOf(node)];
      }
    }
    for (const Group& group : gave_back_) {
      const NodePolicy& policy = group.first == nullptr ? policy_.defaults : group.first->policy;
      if (kept[group] >= policy.keep_empty) continue;
      Wrong("{} empty nodes are kept, of {}", kept[group], policy.keep_empty);
    }
  }

  using Owner = std::tuple<std::string_view, std::string_view, std::string_view>;
  static Owner OwnerOf(const Pod& pod) { return {pod.ns, pod.owner.kind, pod.owner.name}; }

  const Plan& plan_;
  const cluster::Snapshot& snapshot_;
  const PlanPolicy& policy_;
  std::map<std::string, KnownNode> nodes_;
  const PodTable pods_;
  std::optional<std::map<Owner, int>> replicas_;        // ready pods; absent: not counted yet
  std::map<const Pool*, std::set<std::string>> recut_;  // nodes
  std::map<const Pool*, int> added_of_;
  int added_ = 0;
  std::set<Group> gave_back_;
  const Action* at_ = nullptr;  // null: the plan as a whole
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> ValidatePolicy(const Plan& plan, const cluster::Snapshot& snapshot,
                                        const PlanPolicy& policy) {
  return PolicyCheck(plan, snapshot, policy).Run();
}

}  // namespace tangram::plan
