#include "plan/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "cluster/schedulable.h"
#include "gpu/gpu.h"
#include "plan/leaks/judge.h"
#include "plan/leaks/seats.h"
#include "plan/validate_affinity.h"
#include "plan/validate_claims.h"
#include "plan/validate_gangs.h"
#include "plan/validate_policy.h"
#include "plan/validate_shares.h"

namespace tangram::plan {
namespace {

using cluster::Node;
using cluster::Pod;

class Check {
 public:
  Check(const Plan& plan, const cluster::Snapshot& snapshot)
      : plan_(plan),
        snapshot_(snapshot),
        gangs_(snapshot),
        holdings_(FindHoldings(snapshot)),
        shares_(snapshot, holdings_),
        claims_(snapshot),
        pods_(snapshot) {
    for (const Node& node : snapshot.nodes) {
      NodeCount count{.like = &node, .cpu = node.cpu.value(), .memory = node.memory.value()};
      for (const auto& [resource, offered] : node.devices) count.free[resource] = offered;
      nodes_.emplace(node.name, std::move(count));
    }
    for (const Pod& pod : snapshot.pods) {
      some_are_apart_ = some_are_apart_ || pod.affinity.is_about_pods();
      const auto node = nodes_.find(pod.node);
      if (cluster::HoldsDevices(pod) && node != nodes_.end()) Count(node->second, pod, +1);
    }
    claims_.TakeHeldCards(nodes_);
    for (const Card& card : holdings_.cards) {
      for (const Seat& seat : card.seats) {
        const bool known = seat.exact && seat.pod != nullptr && seat.instance != nullptr;
        if (!known || !seat.instance->start) continue;
        holders_[{card.node->name, card.gpu->index, *seat.instance->start}].push_back(seat.pod);
      }
    }
  }

  std::vector<std::string> Run() && {
    for (std::size_t i = 0; i < plan_.actions.size(); ++i) {
      at_ = &plan_.actions[i];
      CheckOrder(static_cast<int>(i));
      std::visit([&](const auto& change) { Do(change); }, at_->change);
    }
    at_ = nullptr;
    CheckRoomIsKnown();
    CheckWaiting();
    WrongAll(ValidateGangs({nodes_, pods_, placed_, evicted_, gangs_}));
    CheckBudgets();
    CheckSums();
    return std::move(wrong_);
  }

 private:
  template <class... Args>
  void Wrong(fmt::format_string<Args...> text, Args&&... args) {
    const std::string what = fmt::format(text, std::forward<Args>(args)...);
    wrong_.push_back(at_ == nullptr ? what : fmt::format("action {}: {}", at_->id, what));
  }

  static void Count(NodeCount& node, const Pod& pod, std::int64_t sign) {
    node.cpu -= sign * pod.cpu.value();
    node.memory -= sign * pod.memory.value();
    for (const auto& [resource, count] : pod.devices) node.free[resource] -= sign * count;
    if (sign > 0) {
      node.pods.push_back(&pod);
    } else {
      std::erase(node.pods, &pod);
    }
  }

  NodeCount* NodeNamed(const std::string& name) {
    const auto node = nodes_.find(name);
    if (node == nodes_.end() || node->second.gone) {
      Wrong("there is no node {}", name);
      return nullptr;
    }
    return &node->second;
  }

  const Pod* PodNamed(const PodName& name) {
    const Pod* pod = pods_.Find(name);
    if (pod == nullptr) Wrong("there is no pod {}/{}", name.ns, name.name);
    return pod;
  }

  void CheckOrder(int place) {
    if (at_->id != place) Wrong("it stands at place {}", place);
    for (const int needed : at_->needs) {
      if (needed < 0 || needed >= place)
        Wrong("it needs action {}, which is not before it", needed);
    }
    if (at_->reason.empty()) Wrong("it has no reason");
  }

  void WrongAll(const std::vector<std::string>& sentences) {
    for (const std::string& sentence : sentences) Wrong("{}", sentence);
  }

  void PutOn(NodeCount& node, const std::string& name, const Pod& pod, const Pod& was) {
    WrongAll(shares_.Put(name, *node.like, pod, was));
    if (node.as_spot && cluster::Find(pod.labels, "tangram.dev/interruptible") != "true") {
      Wrong("pod {}/{} may not be interrupted, and {} is spot", pod.ns, pod.name, name);
    }
    if (!cluster::Admits(*node.like, pod)) {
      Wrong("node {} does not admit pod {}/{}", name, pod.ns, pod.name);
    }
    CheckApart(node, name, pod);
    Count(node, pod, +1);
    if (pod.cpu.value() > 0 && node.cpu < 0) Wrong("node {} lacks CPU", name);
    if (pod.memory.value() > 0 && node.memory < 0) Wrong("node {} lacks memory", name);
    for (const auto& [resource, count] : pod.devices) {
      if (count == 0 || node.free[resource] >= 0 || claims_.Serves(pod, resource)) continue;
      Wrong("node {} lacks {}", name, resource);
    }
  }

  void Leave(NodeCount& node, const std::string& name, const Pod& pod) {
    shares_.Remove(name, pod);
    Count(node, pod, -1);
  }

  void CheckApart(const NodeCount& node, const std::string& name, const Pod& pod) {
    if (!some_are_apart_) return;
    std::vector<Occupied> nodes;
    for (const auto& [known, count] : nodes_) {
      if (!count.gone) nodes.push_back({count.like, &count.pods});
    }
    const std::string why = WhyApart(nodes, snapshot_, *node.like, pod);
    if (!why.empty()) Wrong("{} keeps pod {}/{} off {}", why, pod.ns, pod.name, name);
  }

  void Do(const PlacePod& change) {
    NodeCount* node = NodeNamed(change.node);
    const Pod* pod = PodNamed(change.pod);
    if (node == nullptr || pod == nullptr) return;
    if (!Waits(*pod)) {
      Wrong("pod {}/{} does not wait", pod->ns, pod->name);
    }
    if (!placed_.insert(change.pod).second) Wrong("pod {}/{} is placed twice", pod->ns, pod->name);
    WrongAll(claims_.Put(*node, *pod, change.devices));
    PutOn(*node, change.node, *pod, *pod);
  }

  void Do(const MovePod& change) {
    NodeCount* from = NodeNamed(change.from);
    NodeCount* to = NodeNamed(change.to);
    const Pod* pod = PodNamed(change.pod);
    if (from == nullptr || to == nullptr || pod == nullptr) return;
    if (!from->Has(pod)) {
      Wrong("pod {}/{} is not on {}", pod->ns, pod->name, change.from);
      return;
    }
    if (IsPinned(*pod)) Wrong("pod {}/{} is pinned", pod->ns, pod->name);
    if (pod->owner.kind.empty() || pod->owner.kind == "DaemonSet" || pod->owner.kind == "Job") {
      Wrong("nothing makes pod {}/{} again without loss", pod->ns, pod->name);
    }
    if (at_->disturbs != std::vector{change.pod}) Wrong("it does not name whom it disturbs");
    moved_.push_back(pod);
    Leave(*from, change.from, *pod);
    PutOn(*to, change.to, *pod, *pod);
  }

  // A running pod that a controller runs again, and that nobody pinned.
  const Pod* Restarted(const PodName& name, NodeCount& on) {
    const Pod* pod = PodNamed(name);
    if (pod == nullptr) return nullptr;
    if (!on.Has(pod)) Wrong("pod {}/{} is not there", name.ns, name.name);
    if (IsPinned(*pod)) Wrong("pod {}/{} is pinned", name.ns, name.name);
    if (pod->owner.kind != "Deployment" && pod->owner.kind != "ReplicaSet" &&
        pod->owner.kind != "StatefulSet") {
      Wrong("nothing runs pod {}/{} again", name.ns, name.name);
    }
    if (at_->disturbs != std::vector{name}) Wrong("it does not name whom it disturbs");
    return pod;
  }

  bool Waits(const Pod& pod) const {
    return Outcome{nodes_, pods_, placed_, evicted_, gangs_}.Waits(pod);
  }

  void Do(const EvictPod& change) {
    NodeCount* node = NodeNamed(change.node);
    const Pod* pod = PodNamed(change.pod);
    const Pod* by = PodNamed(change.by);
    if (node == nullptr || pod == nullptr || by == nullptr) return;
    if (!node->Has(pod)) return Wrong("pod {}/{} is not there", pod->ns, pod->name);
    if (IsPinned(*pod)) Wrong("pod {}/{} is pinned", pod->ns, pod->name);
    const std::string& owner = pod->owner.kind;
    if (owner.empty() || owner == "DaemonSet" || owner == "Node") {
      Wrong("nothing makes pod {}/{} again elsewhere", pod->ns, pod->name);
    }
    if (!Waits(*by)) Wrong("pod {}/{} does not wait", by->ns, by->name);
    const auto never = [&](const cluster::PriorityClass& known) {
      return known.name == by->priority_class && !known.preempts;
    };
    const bool may = by->can_preempt && std::none_of(snapshot_.priority_classes.begin(),
                                                     snapshot_.priority_classes.end(), never);
    if (!may) Wrong("pod {}/{} preempts nobody", by->ns, by->name);
    if (by->priority <= pod->priority) {
      Wrong("pod {}/{} is no more urgent than {}/{}", by->ns, by->name, pod->ns, pod->name);
    }
    if (at_->disturbs != std::vector{change.pod}) Wrong("it does not name whom it disturbs");
    moved_.push_back(pod);
    evicted_.emplace(change.pod, change.by);
    Leave(*node, change.node, *pod);
  }

  void Do(const StopPod& change) {
    NodeCount* node = NodeNamed(change.node);
    if (node == nullptr) return;
    if (const Pod* pod = Restarted(change.pod, *node)) Leave(*node, change.node, *pod);
  }

  void Do(const ResizePod& change) {
    NodeCount* from = NodeNamed(change.from);
    NodeCount* to = NodeNamed(change.to);
    if (from == nullptr || to == nullptr) return;
    const Pod* pod = Restarted(change.pod, *from);
    if (pod == nullptr) return;
    const std::string_view isolation = cluster::Find(pod->labels, "tangram.dev/isolation");
    if (isolation == "Exclusive" ||
        (isolation == "Hardware" && KindOf(change.resource_after).shared)) {
      Wrong("pod {}/{} asks for isolation", pod->ns, pod->name);
    }
    Leave(*from, change.from, *pod);
    Pod& resized = resized_.emplace_back(*pod);
    std::erase_if(resized.devices, [&](const cluster::ResourceCount& device) {
      return device.name == change.resource_before;
    });
    resized.devices.push_back({change.resource_after, 1});
    pods_.Replace(change.pod, resized);
    PutOn(*to, change.to, resized, *pod);
  }

  void Do(const Reshare& change) {
    NodeCount* node = NodeNamed(change.node);
    if (node == nullptr) return;
    WrongAll(shares_.Change(change, *node->like));
    std::int64_t devices = 0;
    std::string whole(kCardResource);
    for (const cluster::Gpu& gpu : node->like->gpus) {
      const std::vector<PlacedInstance>& layout = LayoutOf(change.node, gpu);
      if (change.profile.empty() && !layout.empty()) Wrong("a card of {} is cut", change.node);
      if (change.profile.empty()) ++devices;
      for (const PlacedInstance& instance : layout) {
        if (instance.profile != change.profile) continue;
        ++devices;
        whole = ResourceOf(gpu, instance);
      }
    }
    if (devices == 0) return Wrong("{} has none of what it shares", change.node);
    std::int64_t& held_whole = node->free[whole];
    if (change.from == 1) {
      if (held_whole != devices) Wrong("a pod holds {} of {}", whole, change.node);
      held_whole = 0;
    }
    std::int64_t& shares = node->free[whole + ".shared"];
    shares += devices * (change.to - (change.from == 1 ? 0 : change.from));
    if (change.to < change.from && shares < 0) {
      Wrong("pods hold more shares of {} than are left on {}", whole, change.node);
    }
  }

  // What the card was when the plan first changed it, or is now.
  std::vector<PlacedInstance>& LayoutOf(const std::string& node, const cluster::Gpu& card) {
    const auto [known, fresh] = layouts_.try_emplace({node, card.index});
    if (fresh) {
      for (const cluster::Instance& instance : card.instances) {
        known->second.push_back({instance.profile, instance.start});
      }
    }
    return known->second;
  }

  void Do(const Repartition& change) {
    NodeCount* node = NodeNamed(change.node);
    if (node == nullptr) return;
    const auto card = std::find_if(node->like->gpus.begin(), node->like->gpus.end(),
                                   [&](const auto& gpu) { return gpu.index == change.gpu; });
    if (card == node->like->gpus.end()) return Wrong("{} has no GPU {}", change.node, change.gpu);
    const gpu::Model* model = ModelOf(*card);
    if (model == nullptr) return Wrong("nothing is known of {}", card->product);
    std::vector<PlacedInstance>& now = LayoutOf(change.node, *card);
    if (now != change.from) Wrong("GPU {} of {} has another layout", change.gpu, change.node);
    CheckLegal(change, *model);
    CheckHolders(change, *node);
    Recount(*node, change, *model);
    now = change.to;
  }

  void CheckLegal(const Repartition& change, const gpu::Model& model) {
    std::vector<gpu::Occupied> occupied;
    for (const PlacedInstance& instance : change.to) {
      const gpu::MigProfile* profile = gpu::ProfileNamed(model, instance.profile);
      const bool legal = profile != nullptr && instance.start &&
                         gpu::Fits(model, occupied, *profile, *instance.start);
      if (!legal) return Wrong("{} does not hold the layout of {}", model.name, change.node);
      occupied.push_back({profile, *instance.start});
    }
  }

  // Where it is known who holds an instance, that pod has to be gone before the instance goes.
  void CheckHolders(const Repartition& change, const NodeCount& node) {
    for (const PlacedInstance& instance : change.from) {
      const bool stays = std::find(change.to.begin(), change.to.end(), instance) != change.to.end();
      const auto held = holders_.find({change.node, change.gpu, instance.start.value_or(-1)});
      if (stays || held == holders_.end()) continue;
      for (const Pod* pod : held->second) {
        if (!node.Has(pod)) continue;
        Wrong("pod {}/{} holds the instance at {}", pod->ns, pod->name, *instance.start);
      }
    }
  }

  static std::string ResourceOf(const cluster::Gpu& gpu, const PlacedInstance& instance) {
    const gpu::Model* model = ModelOf(gpu);
    const gpu::MigProfile* profile =
        model == nullptr ? nullptr : gpu::ProfileNamed(*model, instance.profile);
    return profile == nullptr ? instance.profile : gpu::ResourceNameOf(*profile);
  }

  // Pods hold counts of a resource: with fewer of it than are held, one would lose its instance.
  void Recount(NodeCount& node, const Repartition& change, const gpu::Model& model) {
    std::map<std::string, std::int64_t> gain;
    const auto add = [&](const PlacedInstance& instance, std::int64_t sign) {
      const gpu::MigProfile* profile = gpu::ProfileNamed(model, instance.profile);
      if (profile == nullptr) return;
      const std::string whole = gpu::ResourceNameOf(*profile);
      const int replicas = shares_.ReplicasOf(change.node, *node.like, whole);
      gain[replicas > 1 ? whole + ".shared" : whole] += sign * replicas;
    };
    if (change.from.empty()) --gain["nvidia.com/gpu"];
    if (change.to.empty()) ++gain["nvidia.com/gpu"];
    for (const PlacedInstance& instance : change.from) add(instance, -1);
    for (const PlacedInstance& instance : change.to) add(instance, +1);
    for (const auto& [name, by] : gain) {
      node.free[name] += by;
      if (by < 0 && node.free[name] < 0) Wrong("{} would lack {}", change.node, name);
    }
  }

  void Do(const AddNode& change) {
    const auto like = std::find_if(snapshot_.nodes.begin(), snapshot_.nodes.end(),
                                   [&](const Node& node) { return node.name == change.like; });
    if (like == snapshot_.nodes.end()) return Wrong("there is no node {}", change.like);
    Node& fresh = new_nodes_.emplace_back(*like);
    fresh.name = change.node;
    for (auto& [key, value] : fresh.labels) {
      if (key == "kubernetes.io/hostname") value = change.node;
    }
    NodeCount node{
        .like = &fresh, .is_new = true, .cpu = like->cpu.value(), .memory = like->memory.value()};
    node.as_spot = change.capacity == cluster::CapacityType::kSpot;
    if (node.as_spot && (like->capacity_type == cluster::CapacityType::kSpot || !like->price ||
                         !like->price->spot_rate)) {
      Wrong("{} is not known as spot", change.like);
    }
    for (const auto& [resource, offered] : like->devices) node.free[resource] = offered;
    if (!nodes_.emplace(change.node, std::move(node)).second) {
      Wrong("there is a node {} already", change.node);
    }
  }

  void Do(const GiveBack& change) {
    NodeCount* node = NodeNamed(change.node);
    if (node == nullptr) return;
    if (node->is_new) Wrong("{} is not there yet", change.node);
    if (!node->like->ready || !node->like->schedulable) {
      Wrong("{} is in somebody else's hands", change.node);
    }
    for (const Pod* pod : node->pods) {
      const bool everywhere = pod->owner.kind == "DaemonSet" || pod->owner.kind == "Node";
      if (!everywhere) Wrong("pod {}/{} is on {}", pod->ns, pod->name, change.node);
    }
    node->gone = true;
  }

  // ---- the whole ----

  // A running pod may be on any node where it names none, or could not be read.
  void CheckRoomIsKnown() {
    if (plan_.actions.empty()) return;
    if (cluster::GapIn(snapshot_, "pods") != nullptr) Wrong("not every pod could be read");
    for (const Pod& pod : snapshot_.pods) {
      const bool somewhere = pod.node.empty() && pod.phase == cluster::PodPhase::kRunning;
      if (!somewhere || !AsksForGpu(pod)) continue;
      return Wrong("pod {}/{} runs on a node that is not known", pod.ns, pod.name);
    }
  }

  void CheckWaiting() {
    std::set<PodName> explained;
    for (const Waiting& waiting : plan_.waiting) {
      const std::string name = waiting.pod.ns + "/" + waiting.pod.name;
      if (!explained.insert(waiting.pod).second) Wrong("pod {} waits twice", name);
      if (placed_.contains(waiting.pod)) Wrong("pod {} is placed and waits", name);
      if (waiting.why.empty() || waiting.remedy.empty()) Wrong("pod {} is not told why", name);
    }
    const bool all_run = placed_.empty() && explained.empty();
    pods_.Each([&](const Pod& pod) {
      const bool waits = Waits(pod) && claims_.AsksForDevices(pod);
      if (!waits && all_run) return;
      const PodName name{pod.ns, pod.name};
      if (waits == (placed_.contains(name) || explained.contains(name))) return;
      Wrong("pod {}/{} {}", name.ns, name.name,
            waits ? "is neither placed nor told why it waits" : "does not wait for a GPU");
    });
  }

  void CheckBudgets() {
    if (cluster::GapIn(snapshot_, "poddisruptionbudgets.policy") != nullptr && !moved_.empty()) {
      Wrong("pods are moved, and their disruption budgets could not be read");
    }
    for (const cluster::DisruptionBudget& budget : snapshot_.budgets) {
      const auto used = std::count_if(moved_.begin(), moved_.end(), [&](const Pod* pod) {
        return cluster::Selects(budget, pod->ns, pod->labels);
      });
      if (used > budget.disruptions_allowed) {
        Wrong("{} moves, where budget {}/{} allows {}", used, budget.ns, budget.name,
              budget.disruptions_allowed);
      }
    }
  }

  void CheckSums() {
    PlanTotals after;
    for (const auto& [name, node] : nodes_) {
      if (node.gone || node.like->gpus.empty()) continue;
      ++after.nodes;
      after.gpus += static_cast<std::int64_t>(node.like->gpus.size());
      if (node.like->price) {
        const cluster::NodePrice& price = *node.like->price;
        after.rate += node.as_spot ? price.spot_rate.value_or(price.rate) : price.rate;
      } else {
        ++after.unpriced_nodes;
      }
    }
    const PlanTotals& said = plan_.after;
    if (std::tie(said.nodes, said.gpus, said.rate, said.unpriced_nodes) !=
        std::tie(after.nodes, after.gpus, after.rate, after.unpriced_nodes)) {
      Wrong("the sums after it are {} nodes, {} GPUs, {} micro-dollars an hour; it says {}, {}, {}",
            after.nodes, after.gpus, after.rate.value(), said.nodes, said.gpus, said.rate.value());
    }
    if (said.waiting != static_cast<std::int64_t>(plan_.waiting.size())) {
      Wrong("{} pods wait; it says {}", plan_.waiting.size(), said.waiting);
    }
    if (said.held > base::MilliGpu(1000) * said.gpus) Wrong("more is held than there is");
    for (const Certificate& certificate : plan_.certificates) {
      if (certificate.value < certificate.bound) Wrong("{} is below its bound", certificate.what);
    }
  }

  const Plan& plan_;
  const cluster::Snapshot& snapshot_;
  const cluster::GangBook gangs_;
  const Holdings holdings_;
  ShareCheck shares_;
  ClaimCheck claims_;
  std::map<std::string, NodeCount> nodes_;
  PodTable pods_;
  std::set<PodName> placed_;
  std::map<PodName, PodName> evicted_;  // for whom
  std::vector<const Pod*> moved_;
  std::deque<Pod> resized_;
  bool some_are_apart_ = false;  // where a pod may run depends on others
  std::deque<Node> new_nodes_;
  std::map<std::pair<std::string, int>, std::vector<PlacedInstance>> layouts_;
  std::map<std::tuple<std::string, int, int>, std::vector<const Pod*>>
      holders_;                 // node, GPU, start
  const Action* at_ = nullptr;  // null: the plan as a whole
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> Validate(const Plan& plan, const cluster::Snapshot& snapshot,
                                  const PlanPolicy& policy) {
  std::vector<std::string> wrong = Check(plan, snapshot).Run();
  std::vector<std::string> ruled_out = ValidatePolicy(plan, snapshot, policy);
  std::move(ruled_out.begin(), ruled_out.end(), std::back_inserter(wrong));
  return wrong;
}

}  // namespace tangram::plan
