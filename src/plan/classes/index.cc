#include "plan/classes/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "cluster/schedulable.h"
#include "plan/classes/node_kinds.h"
#include "plan/pass/world.h"

namespace tangram::plan::classes {
namespace {

// A label with more values than this tells groups apart no more: each node may have its own.
constexpr std::size_t kMostValues = 48;
// Pods older than this, when the snapshot was taken, are not looked for any more.
constexpr std::chrono::minutes kRecent{2};

bool StartsWith(std::string_view text, std::string_view prefix) { return text.starts_with(prefix); }

// All that nodes of a group have in common, as text.
std::string WordsOfGroup(const Group& group) {
  std::string words = fmt::format("{}{}{}\n", group.like.ready, group.like.schedulable, group.spot);
  for (const auto& [key, value] : group.like.labels) words += key + '=' + value + '\n';
  words += '\n';
  for (const auto& list : {std::cref(group.like.taints), std::cref(group.taints)}) {
    for (const cluster::Taint& taint : list.get()) {
      words += taint.key + '=' + taint.value + ':' + taint.effect + '\n';
    }
    words += '\n';
  }
  return words;
}

std::string KeyOf(const Group& group, const Kind& kind) {
  std::string key = Describe(kind);
  key += fmt::format("|{}|{}|{}|{}|{}|{}\n", kind.has_parts,
                     kind.profile == nullptr ? "" : kind.profile->name, static_cast<int>(kind.way),
                     static_cast<int>(kind.sharing), kind.replicas, kind.price.value());
  return key + WordsOfGroup(group);
}

bool IsPending(const cluster::Pod& pod) {
  return pod.node.empty() && pod.phase == cluster::PodPhase::kPending && !pod.terminating;
}

}  // namespace

bool IsGpuTaint(const cluster::Taint& taint) {
  // The operator's, the clouds' and the DRA driver's; AKS calls its own sku=gpu.
  return StartsWith(taint.key, "nvidia.com/") || StartsWith(taint.key, "gpu.nvidia.com/") ||
         (taint.key == "sku" && taint.value == "gpu");
}

bool IsSpotTaint(const cluster::Taint& taint) {
  return (taint.key == "cloud.google.com/gke-spot" && taint.value == "true") ||
         (taint.key == "kubernetes.azure.com/scalesetpriority" && taint.value == "spot") ||
         (taint.key == "karpenter.sh/capacity-type" && taint.value == "spot");
}

// Builds an index, step by step, over the counts of the planner's world.
class IndexBuilder {
 public:
  IndexBuilder(const cluster::Snapshot& snapshot, Index::Sources sources)
      : snapshot_(snapshot),
        world_(snapshot, sources.policy),
        shared_(FindSharedCards(snapshot)),
        index_(new Index()) {
    index_->sources_ = std::move(sources);
    index_->priorities_ = snapshot.priority_classes;
    index_->nodes_ = snapshot.nodes;
  }

  std::shared_ptr<const Index> Build() {
    FindOwnLabels();
    // One room a node, in their order.
    for (std::size_t n = 0; n < world_.nodes().size(); ++n) AddNode(world_.nodes()[n], n);
    SortOffers();
    CountPending();
    for (Offer& offer : index_->offers_) CountRoom(offer);
    AddClasses();
    NoteAdmissions();
    return std::move(index_);
  }

 private:
  static bool HasGpus(const NodeRoom& node) {
    return !node.cards.empty() ||
           std::any_of(node.offers.begin(), node.offers.end(), [](const auto& resource) {
             return KindOf(resource.first).unit != ResourceKind::Unit::kNotGpu;
           });
  }

  void FindOwnLabels() {
    std::unordered_map<std::string_view, std::unordered_set<std::string_view>> values;
    for (const NodeRoom& node : world_.nodes()) {
      if (!HasGpus(node)) continue;
      for (const auto& [key, value] : node.like->labels) {
        auto& seen = values[key];
        if (seen.size() <= kMostValues) seen.insert(value);
      }
    }
    for (const auto& [key, seen] : values) {
      if (seen.size() > kMostValues) index_->own_labels_.emplace(key);
    }
  }

  Group GroupFor(const cluster::Node& node) const {
    Group group;
    group.spot = node.capacity_type == cluster::CapacityType::kSpot;
    group.like.ready = node.ready && node.schedulable;
    for (const auto& label : node.labels) {
      if (index_->IsCommon(label.first)) group.like.labels.push_back(label);
    }
    for (const cluster::Taint& taint : node.taints) {
      const bool ours = IsGpuTaint(taint) || (group.spot && IsSpotTaint(taint));
      (ours ? group.taints : group.like.taints).push_back(taint);
    }
    return group;
  }

  void AddNode(const NodeRoom& node, std::size_t place) {
    if (!HasGpus(node)) return;
    Group group = GroupFor(*node.self);
    const auto [known, fresh] = groups_.try_emplace(WordsOfGroup(group), index_->groups_.size());
    if (fresh) index_->groups_.push_back(std::move(group));
    ++index_->groups_[known->second].nodes;
    const auto shared = shared_.find(node.self->name);
    const SharedCards none;
    for (const NodeKind& kind : KindsOf(node, shared == shared_.end() ? none : shared->second)) {
      const bool can_ask = kind.kind.way == Way::kPlugin || index_->abilities().claims;
      if (can_ask) AddKind(kind, known->second, node, place);
    }
  }

  void AddKind(const NodeKind& found, std::size_t group, const NodeRoom& node, std::size_t place) {
    const auto [known, fresh] =
        offers_of_.try_emplace(KeyOf(index_->groups_[group], found.kind), index_->offers_.size());
    if (fresh) {
      index_->offers_.push_back({.group = group, .kind = found.kind, .key = known->first});
    }
    Offer& offer = index_->offers_[known->second];
    offer.total += found.total;
    offer.could += found.could;
    offer.could_ever += found.could_ever;
    offer.most_on_node = std::max(offer.most_on_node, found.total + found.could_ever);
    if (found.free > 0 && index_->groups_[group].like.ready) {
      offer.free += found.free;
      offer.nodes.push_back({place, found.free, node.cpu, node.memory});
    }
  }

  void SortOffers() {
    std::sort(index_->offers_.begin(), index_->offers_.end(), [](const Offer& a, const Offer& b) {
      if (IsCheaper(a.kind, b.kind)) return true;
      return !IsCheaper(b.kind, a.kind) && a.key < b.key;
    });
  }

  // Pods that wait will take what is free: from the cheapest offer that admits them.
  void CountPending() {
    std::vector<const cluster::Pod*> pending;
    for (const cluster::Pod& pod : snapshot_.pods) {
      if (IsPending(pod)) pending.push_back(&pod);
    }
    std::sort(pending.begin(), pending.end(), IsMoreUrgent);
    for (const cluster::Pod* pod : pending) {
      bool asks = false;
      for (const auto& [resource, count] : pod->devices) {
        if (KindOf(resource).unit == ResourceKind::Unit::kNotGpu || count <= 0) continue;
        asks = true;
        Hold(*pod, count, [&](const Kind& kind) { return kind.resource == resource; });
      }
      if (!asks) HoldForClaim(*pod);
    }
  }

  // By its class: before its claim is allocated, nothing else says what it will get.
  void HoldForClaim(const cluster::Pod& pod) {
    const std::string_view name = cluster::Find(pod.labels, kClassLabel);
    const bool ours = !cluster::Find(pod.annotations, kAdmissionAnnotation).empty();
    if (name.empty() || !ours) return;
    for (const cluster::GpuClass& of : index_->sources_.classes) {
      if (of.name != name) continue;
      const Need need = NeedOf(NeedOf(of), pod);
      Hold(pod, need.count,
           [&](const Kind& kind) { return kind.way == Way::kDra && Meets(kind, need); });
      return;
    }
  }

  template <class IsWanted>
  void Hold(const cluster::Pod& pod, std::int64_t count, IsWanted is_wanted) {
    const bool by_node = index_->SelectsNodes(pod);
    for (std::size_t i = 0; i < index_->offers_.size(); ++i) {
      Offer& offer = index_->offers_[i];
      if (!is_wanted(offer.kind) || offer.free < count) continue;
      if (offer.kind.by_capacity) return;  // how much is left of it then is not known
      if (by_node ? HoldOnOneOf(offer, pod, count)
                  : cluster::Admits(index_->groups_[offer.group].like, pod) &&
                        HoldOnNode(offer, i, count)) {
        return;
      }
    }
    if (!by_node) HoldWhatCouldBe(pod, count, is_wanted);
  }

  // What is made of idle cards is theirs too.
  template <class IsWanted>
  void HoldWhatCouldBe(const cluster::Pod& pod, std::int64_t count, IsWanted is_wanted) {
    for (Offer& offer : index_->offers_) {
      const bool could = is_wanted(offer.kind) && offer.could >= count;
      if (!could || !cluster::Admits(index_->groups_[offer.group].like, pod)) continue;
      offer.could -= count;
      return;
    }
  }

  bool HoldOnOneOf(Offer& offer, const cluster::Pod& pod, std::int64_t count) {
    const auto node = std::find_if(offer.nodes.begin(), offer.nodes.end(), [&](const NodeFree& at) {
      return at.free >= count && cluster::Admits(index_->nodes()[at.node], pod);
    });
    if (node == offer.nodes.end()) return false;
    node->free -= count;
    offer.free -= count;
    return true;
  }

  // On the first node that has them; those before it never have them again.
  bool HoldOnNode(Offer& offer, std::size_t at, std::int64_t count) {
    std::size_t& next = next_[{at, count}];
    while (next < offer.nodes.size() && offer.nodes[next].free < count) ++next;
    if (next == offer.nodes.size()) return false;
    offer.nodes[next].free -= count;
    offer.free -= count;
    return true;
  }

  static void CountRoom(Offer& offer) {
    for (const NodeFree& node : offer.nodes) {
      const auto most = std::min<std::int64_t>(node.free, kCounted);
      for (std::int64_t count = 1; count <= most; ++count) {
        Room& room = offer.room[static_cast<std::size_t>(count - 1)];
        room.pods += node.free / count;
        ++room.nodes;
        room.most_cpu = std::max(room.most_cpu, node.cpu);
        room.most_memory = std::max(room.most_memory, node.memory);
      }
    }
  }

  void AddClasses() {
    std::vector<const cluster::GpuClass*> classes;
    for (const cluster::GpuClass& of : index_->sources_.classes) classes.push_back(&of);
    std::stable_sort(classes.begin(), classes.end(),
                     [](const auto* a, const auto* b) { return a->name < b->name; });
    for (const cluster::GpuClass* of : classes) {
      if (!index_->classes_.empty() && index_->classes_.back().of.name == of->name) continue;
      Index::Entry entry{*of, NeedOf(*of), {}};
      for (std::size_t i = 0; i < index_->offers_.size(); ++i) {
        const Offer& offer = index_->offers_[i];
        if (offer.most_on_node >= entry.need.count && Meets(offer.kind, entry.need)) {
          entry.offers.push_back(i);
        }
      }
      index_->SortByCost(entry.offers, entry.need);
      index_->classes_.push_back(std::move(entry));
    }
  }

  void NoteAdmissions() {
    for (const cluster::Pod& pod : snapshot_.pods) {
      if (snapshot_.taken_at - pod.created_at > kRecent) continue;
      const std::string_view id = cluster::Find(pod.annotations, kAdmissionAnnotation);
      if (!id.empty()) index_->admissions_.emplace(id);
    }
  }

  const cluster::Snapshot& snapshot_;
  World world_;
  const std::unordered_map<std::string_view, SharedCards> shared_;
  std::unique_ptr<Index> index_;
  std::unordered_map<std::string, std::size_t> groups_;
  std::unordered_map<std::string, std::size_t> offers_of_;
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> next_;
};

bool Index::SelectsNodes(const cluster::Pod& pod) const {
  const auto selects = [&](const cluster::NodeTerm& term) {
    return !term.fields.empty() ||
           std::any_of(term.labels.begin(), term.labels.end(),
                       [&](const cluster::SelectorTerm& each) { return !IsCommon(each.key); });
  };
  return std::any_of(pod.affinity.nodes.begin(), pod.affinity.nodes.end(), selects) ||
         std::any_of(pod.node_selector.begin(), pod.node_selector.end(),
                     [&](const auto& wanted) { return !IsCommon(wanted.first); });
}

void Index::SortByCost(std::vector<std::size_t>& offers, const Need& need) const {
  std::stable_sort(offers.begin(), offers.end(), [&](std::size_t a, std::size_t b) {
    return IsCheaper(PartFor(offers_[a].kind, need), PartFor(offers_[b].kind, need));
  });
}

std::shared_ptr<const Index> Index::Build(const cluster::Snapshot& snapshot, Sources sources) {
  return IndexBuilder(snapshot, std::move(sources)).Build();
}

const Index::Entry* Index::Find(std::string_view name) const {
  const auto found = std::lower_bound(
      classes_.begin(), classes_.end(), name,
      [](const Entry& entry, std::string_view wanted) { return entry.of.name < wanted; });
  return found == classes_.end() || found->of.name != name ? nullptr : &*found;
}

}  // namespace tangram::plan::classes
