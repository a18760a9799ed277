#include "plan/classes/where.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "cluster/schedulable.h"
#include "plan/leaks/seats.h"

namespace tangram::plan::classes {
namespace {

// Labels that say what a node's devices are, most telling first: of feature discovery, of GKE, and
// the instance type.
constexpr std::array<std::string_view, 6> kTellingLabels = {
    "nvidia.com/gpu.product",
    "nvidia.com/gpu.sharing-strategy",
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-gpu-sharing-strategy",
    "cloud.google.com/gke-gpu-partition-size",
    "node.kubernetes.io/instance-type"};

// How a label says that a node is spot, cloud by cloud.
struct SpotLabel {
  std::string_view key;
  std::string_view value;
};
constexpr std::array<SpotLabel, 4> kSpotLabels = {
    {{"karpenter.sh/capacity-type", "spot"},
     {"eks.amazonaws.com/capacityType", "SPOT"},
     {"cloud.google.com/gke-spot", "true"},
     {"kubernetes.azure.com/scalesetpriority", "spot"}}};

using GroupSet = std::set<std::size_t>;

bool AsksAlike(const Kind& a, const Kind& b) { return a.way == b.way && a.resource == b.resource; }

struct Sides {
  GroupSet good;  // groups whose devices meet the need
  GroupSet bad;   // that have devices of the name which do not
};

// What only could be made is on no side: the planner makes no less than pods ask for.
Sides SidesOf(const Index& index, const Kind& kind, const Need& need) {
  Sides sides;
  for (const Offer& offer : index.offers()) {
    if (!AsksAlike(offer.kind, kind)) continue;
    if (Meets(offer.kind, need)) {
      sides.good.insert(offer.group);
    } else if (offer.total > 0) {
      sides.bad.insert(offer.group);
    }
  }
  return sides;
}

std::set<std::string_view> ValuesOf(const Index& index, std::string_view key,
                                    const GroupSet& groups) {
  std::set<std::string_view> values;
  for (const std::size_t group : groups) {
    values.insert(cluster::Find(index.groups()[group].like.labels, key));
  }
  return values;
}

bool AreApart(const std::set<std::string_view>& a, const std::set<std::string_view>& b) {
  return std::none_of(a.begin(), a.end(), [&](std::string_view each) { return b.contains(each); });
}

// By one label: its values on the good side, or that the good side has none.
std::optional<cluster::SelectorTerm> TermBy(const Index& index, std::string_view key,
                                            const Sides& sides) {
  if (!index.IsCommon(key)) return std::nullopt;
  const auto good = ValuesOf(index, key, sides.good);
  const auto bad = ValuesOf(index, key, sides.bad);
  if (!AreApart(good, bad)) return std::nullopt;
  if (!good.contains(""))
    return cluster::SelectorTerm{std::string(key), "In", {good.begin(), good.end()}};
  if (good.size() > 1) return std::nullopt;
  return cluster::SelectorTerm{std::string(key), "DoesNotExist", {}};
}

// Nodes that come later may be less than those that are there: a resource that says nothing of its
// size is held to the products that are known to meet the need.
bool SaysTooLittle(const Kind& kind, const Need& need) {
  const bool sized = need.memory.value() > 0 || need.compute > 0 || !need.any_model();
  const bool named = KindOf(kind.resource).unit == ResourceKind::Unit::kInstance;
  return kind.way == Way::kPlugin && sized && !named;
}

bool AddDeviceTerm(const Index& index, const Kind& kind, const Need& need, Where& where) {
  if (kind.way == Way::kDra) return true;
  const Sides sides = SidesOf(index, kind, need);
  if (sides.bad.empty() && !SaysTooLittle(kind, need)) return true;
  for (const std::string_view key : kTellingLabels) {
    auto term = TermBy(index, key, sides);
    const bool says_nothing = sides.bad.empty() && term && term->values.empty();
    if (!term || says_nothing) continue;
    where.terms.push_back(std::move(*term));
    return true;
  }
  return sides.bad.empty();
}

void AddSpotTerms(const Index& index, const Kind& kind, const Need& need, Where& where) {
  for (const SpotLabel& label : kSpotLabels) {
    const bool there =
        std::any_of(index.offers().begin(), index.offers().end(), [&](const Offer& offer) {
          const Group& group = index.groups()[offer.group];
          return group.spot && AsksAlike(offer.kind, kind) && Meets(offer.kind, need) &&
                 cluster::Find(group.like.labels, label.key) == label.value;
        });
    if (there) {
      where.terms.push_back({std::string(label.key), "NotIn", {std::string(label.value)}});
    }
  }
}

bool Tolerates(const cluster::Pod& pod, const cluster::Taint& taint) {
  cluster::Node node;
  node.taints = {taint};
  return cluster::UntoleratedTaint(node, pod) == nullptr;
}

// Once each, by key and effect: whatever the value says, it is a GPU's.
void AddTolerations(const Group& group, const cluster::Pod& pod, Where& where) {
  for (const cluster::Taint& taint : group.taints) {
    cluster::Toleration more{taint.key, "Exists", "", taint.effect};
    const auto& known = where.tolerations;
    if (std::find(known.begin(), known.end(), more) != known.end()) continue;
    if (!Tolerates(pod, taint)) where.tolerations.push_back(std::move(more));
  }
}

}  // namespace

std::optional<Where> WhereFor(const Index& index, const Kind& kind, const Need& need,
                              const cluster::Pod& pod, Reach& reach) {
  Where where;
  if (!AddDeviceTerm(index, kind, need, where)) return std::nullopt;
  if (!reach.MayBeSpot(need)) AddSpotTerms(index, kind, need, where);
  for (const Offer& offer : index.offers()) {
    const bool uses =
        AsksAlike(offer.kind, kind) && Meets(offer.kind, need) && reach.MightUse(offer.group, need);
    if (uses) AddTolerations(index.groups()[offer.group], pod, where);
  }
  std::sort(where.tolerations.begin(), where.tolerations.end(),
            [](const cluster::Toleration& a, const cluster::Toleration& b) {
              return std::tie(a.key, a.effect) < std::tie(b.key, b.effect);
            });
  return where;
}

std::vector<cluster::SelectorTerm> TermsForNewNodes(const Need& need) {
  std::vector<cluster::SelectorTerm> terms;
  if (need.memory.value() > 0) {
    terms.push_back({"nvidia.com/gpu.memory", "Gt", {std::to_string(need.memory.value() - 1)}});
  }
  if (!need.models.empty()) {
    std::set<std::string> products;
    for (const gpu::Model* model : need.models) {
      products.insert(model->products.begin(), model->products.end());
    }
    terms.push_back({"nvidia.com/gpu.product", "In", {products.begin(), products.end()}});
  }
  if (need.isolation != Isolation::kShared) {
    terms.push_back({"nvidia.com/gpu.sharing-strategy", "NotIn", {"mps", "time-slicing"}});
  }
  return terms;
}

std::vector<cluster::Toleration> TolerationsForNewNodes(const cluster::Pod& pod) {
  Where where;
  Group group;
  group.taints = {{"nvidia.com/gpu", "", "NoSchedule"}};
  AddTolerations(group, pod, where);
  return where.tolerations;
}

}  // namespace tangram::plan::classes
