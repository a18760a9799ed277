#include "plan/action_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cluster/named.h"
#include "plan/leaks/seats.h"

namespace tangram::plan {
namespace {

using Kind = ActionState::Kind;

ActionState Obsolete(std::string why) { return {Kind::kObsolete, std::move(why)}; }
ActionState Done(std::string why) { return {Kind::kDone, std::move(why)}; }

bool IsSame(const PlacedInstance& planned, const cluster::Instance& is) {
  return planned.profile == is.profile &&
         (!planned.start || !is.start || *planned.start == *is.start);
}

// Each instance of the layout is there, and no other.
bool HasLayout(const cluster::Gpu& gpu, const std::vector<PlacedInstance>& layout) {
  std::vector<const cluster::Instance*> left;
  for (const cluster::Instance& instance : gpu.instances) left.push_back(&instance);
  for (const PlacedInstance& planned : layout) {
    const auto found = std::find_if(left.begin(), left.end(),
                                    [&](const auto* one) { return IsSame(planned, *one); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return left.empty();
}

class Look {
 public:
  Look(const Plan& plan, base::Time made_at, const cluster::Snapshot& now)
      : made_at_(made_at), now_(now) {
    std::set<std::string_view> given_back;
    std::set<PodName> go;
    for (const Action& action : plan.actions) {
      if (const auto* give = std::get_if<GiveBack>(&action.change)) given_back.insert(give->node);
      go.insert(action.disturbs.begin(), action.disturbs.end());
    }
    if (given_back.empty()) return;
    for (const cluster::Pod& pod : now.pods) {
      const bool holds = given_back.contains(pod.node) && cluster::HoldsDevices(pod);
      if (!holds || !AsksForGpu(pod) || go.contains({pod.ns, pod.name})) continue;
      staying_.try_emplace(pod.node, &pod);
    }
  }

  ActionState Of(const PlacePod& change) const {
    const cluster::Pod* pod = PodNamed(change.pod);
    if (pod == nullptr) return Obsolete("the pod is gone");
    if (!pod->node.empty()) return Done("it is on " + pod->node);
    return Node(change.node) == nullptr ? GoneNode(change.node) : ActionState();
  }
  ActionState Of(const MovePod& change) const {
    if (!RunsOn(change.pod, change.from)) return Left(change.from);
    return Node(change.to) == nullptr && !IsNew(change.to) ? GoneNode(change.to) : ActionState();
  }
  ActionState Of(const EvictPod& change) const {
    if (!RunsOn(change.pod, change.node)) return Left(change.node);
    const cluster::Pod* by = PodNamed(change.by);
    if (by != nullptr && by->node.empty()) return {};
    return Obsolete(fmt::format("{}/{}, which it makes room for, {}", change.by.ns, change.by.name,
                                by == nullptr ? "is gone" : "is on " + by->node));
  }
  ActionState Of(const StopPod& change) const {
    return RunsOn(change.pod, change.node) ? ActionState() : Left(change.node);
  }
  ActionState Of(const ResizePod& change) const {
    if (!RunsOn(change.pod, change.from)) return Left(change.from);
    if (cluster::CountOf(PodNamed(change.pod)->devices, change.resource_before) > 0) return {};
    return Done("it asks for " + change.resource_after);
  }
  ActionState Of(const Reshare& change) const {
    const cluster::Node* node = Node(change.node);
    if (node == nullptr) return GoneNode(change.node);
    const auto replicas = ReplicasOf(*node, change.profile);
    if (replicas == change.to) return Done(fmt::format("each has {} shares", change.to));
    if (replicas == change.from) return {};
    return Obsolete(replicas ? fmt::format("each has {} shares, and had {}", *replicas, change.from)
                             : "its devices differ now");
  }
  ActionState Of(const Repartition& change) const {
    const cluster::Node* node = Node(change.node);
    if (node == nullptr) return GoneNode(change.node);
    const auto gpu = std::find_if(node->gpus.begin(), node->gpus.end(),
                                  [&](const cluster::Gpu& one) { return one.index == change.gpu; });
    if (gpu == node->gpus.end()) return Obsolete("the card is gone");
    if (HasLayout(*gpu, change.to)) return Done("the card has that layout");
    if (HasLayout(*gpu, change.from)) return {};
    return Obsolete("the card has another layout than it had");
  }
  // The first action of its kind is done by the first node that came, and so on.
  ActionState Of(const AddNode& change) {
    new_.push_back(change.node);
    const cluster::Node* like = Node(change.like);
    if (like == nullptr) return GoneNode(change.like);
    const auto came = std::count_if(now_.nodes.begin(), now_.nodes.end(), [&](const auto& node) {
      return node.created_at > made_at_ && node.pool == like->pool &&
             node.instance_type == like->instance_type;
    });
    return ++added_[{like->pool, like->instance_type}] <= came ? Done("such a node came")
                                                               : ActionState();
  }
  ActionState Of(const GiveBack& change) const {
    if (Node(change.node) == nullptr) return Done("the node is gone");
    const auto staying = staying_.find(change.node);
    if (staying == staying_.end()) return {};
    return Obsolete(fmt::format("{}/{} runs on it", staying->second->ns, staying->second->name));
  }

 private:
  const cluster::Node* Node(const std::string& name) const {
    return cluster::NodeNamed(now_, name);
  }
  const cluster::Pod* PodNamed(const PodName& name) const {
    return cluster::PodNamed(now_, name.ns, name.name);
  }
  bool RunsOn(const PodName& name, const std::string& node) const {
    const cluster::Pod* pod = PodNamed(name);
    return pod != nullptr && pod->node == node && cluster::HoldsDevices(*pod);
  }
  // Of the nodes that the plan adds: a name of the plan only.
  bool IsNew(const std::string& name) const {
    return std::find(new_.begin(), new_.end(), name) != new_.end();
  }
  static ActionState Left(const std::string& node) {
    return Done(fmt::format("the pod is not on {} any more", node));
  }
  static ActionState GoneNode(const std::string& node) {
    return Obsolete(fmt::format("node {} is gone", node));
  }
  // Of every card, or of every instance of the profile; nothing where they differ, or are not
  // there.
  static std::optional<int> ReplicasOf(const cluster::Node& node, const std::string& profile) {
    std::optional<int> replicas;
    for (const cluster::Gpu& gpu : node.gpus) {
      const bool concerned =
          profile.empty() ? gpu.instances.empty()
                          : std::any_of(gpu.instances.begin(), gpu.instances.end(),
                                        [&](const auto& one) { return one.profile == profile; });
      if (!concerned) continue;
      if (replicas && *replicas != gpu.replicas) return std::nullopt;
      replicas = gpu.replicas;
    }
    return replicas;
  }

  const base::Time made_at_;
  const cluster::Snapshot& now_;
  // By node that is given back, the first that stays there.
  std::map<std::string_view, const cluster::Pod*> staying_;
  std::vector<std::string> new_;
  std::map<std::pair<std::string, std::string>, std::int64_t> added_;  // by pool, instance type
};

}  // namespace

std::vector<ActionState> StatesOf(const Plan& plan, base::Time made_at,
                                  const cluster::Snapshot& now) {
  Look look(plan, made_at, now);
  std::vector<ActionState> states;
  for (const Action& action : plan.actions) {
    states.push_back(
        std::visit([&](const auto& change) { return look.Of(change); }, action.change));
  }
  return states;
}

}  // namespace tangram::plan
