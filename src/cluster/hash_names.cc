#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/quantity_text.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cluster/file_form.h"
#include "cluster/gang.h"
#include "cluster/hide_text.h"
#include "cluster/name_hasher.h"
#include "cluster/price.h"
#include "cluster/public_words.h"

namespace tangram::cluster {
namespace {

using std::string_view;

// Keys whose value names an object of a list, so that it gets the digest of that kind.
struct NamingKey {
  string_view key;
  string_view kind;
};
constexpr std::array<NamingKey, 7> kNamingKeys = {{{"kubernetes.io/hostname", "node"},
                                                   {"kubernetes.io/metadata.name", "ns"},
                                                   {"karpenter.sh/nodepool", "pool"},
                                                   {"eks.amazonaws.com/nodegroup", "pool"},
                                                   {"cloud.google.com/gke-nodepool", "pool"},
                                                   {"kubernetes.azure.com/agentpool", "pool"},
                                                   {"kueue.x-k8s.io/queue-name", "queue"}}};

// Annotations and labels whose value is a label key.
bool IsTopologyKey(string_view key) {
  return key == "kueue.x-k8s.io/podset-required-topology" ||
         key == "kueue.x-k8s.io/podset-preferred-topology" || key == "tangram.dev/topology";
}

class SnapshotHasher {
 public:
  SnapshotHasher(const Snapshot& original, string_view key) : hasher_(key) {
    for (const Node& node : original.nodes) nodes_.insert(node.name);
    for (const PriceRow& row : BundledPrices().rows) price_sources_.insert(row.source);
  }

  void Hide(Snapshot& snapshot) {
    Rename("cluster", snapshot.cluster);
    for (Node& node : snapshot.nodes) Hide(node);
    for (Pod& pod : snapshot.pods) Hide(pod);
    for (Claim& claim : snapshot.claims) Hide(claim);
    for (ResourceSlice& slice : snapshot.slices) Hide(slice);
    for (DeviceClass& device_class : snapshot.device_classes) Hide(device_class);
    for (Namespace& space : snapshot.namespaces) {
      Rename("ns", space.name);
      Hide(space.labels);
    }
    for (DisruptionBudget& budget : snapshot.budgets) Hide(budget);
    for (Quota& quota : snapshot.quotas) Hide(quota);
    for (Queue& queue : snapshot.queues) Hide(queue);
    for (LocalQueue& queue : snapshot.local_queues) {
      Rename("ns", queue.ns);
      Rename("queue", queue.name);
      Rename("queue", queue.queue);
    }
    for (PriorityClass& priority : snapshot.priority_classes) Rename("priority", priority.name);
    for (GangOwner& owner : snapshot.gang_owners) Hide(owner);
    for (std::string& kind : snapshot.gang_kinds) RenameKind(kind);
    if (snapshot.usage) Hide(*snapshot.usage);
    for (Demand& row : snapshot.demand) {
      Rename("pool", row.pool);
      RenameUnless(IsHardwareText(row.profile), "profile", row.profile);
    }
    for (Gap& gap : snapshot.gaps) Hide(gap);
  }

 private:
  void Rename(string_view kind, std::string& name) { name = hasher_.Of(kind, name); }
  void RenameUnless(bool is_public, string_view kind, std::string& name) {
    if (!is_public) Rename(kind, name);
  }
  void RenameUuid(std::string& uuid) { Rename("GPU", uuid); }
  void RenameKey(std::string& key) { RenameUnless(IsPublicKey(key), "key", key); }
  // A number, or a DRA device name as NVIDIA's driver makes them.
  void RenameDevice(std::string& device) { RenameUnless(IsHardwareText(device), "device", device); }
  // As a text of a CEL expression, so that a selector by driver chooses what it did.
  void RenameDriver(std::string& driver) { RenameUnless(IsPublicKey(driver), "text", driver); }
  // A name with a DeviceClass in it goes on standing for that class.
  void RenameResource(std::string& name) {
    constexpr string_view kOfClass = "deviceclass.resource.kubernetes.io/";
    if (!string_view(name).starts_with(kOfClass)) {
      return RenameUnless(IsPublicKey(name), "resource", name);
    }
    std::string device_class = name.substr(kOfClass.size());
    RenameClass(device_class);
    name = std::string(kOfClass) + device_class;
  }
  void RenameClass(std::string& name) { RenameUnless(IsPublicKey(name), "class", name); }
  // An attribute or a capacity, as CEL names it: its domain is a text there, the rest a name.
  void RenameAttribute(std::string& name) {
    const auto slash = name.find('/');
    std::string own = slash == std::string::npos ? name : name.substr(slash + 1);
    RenameUnless(IsCelWord(own), "name", own);
    if (slash != std::string::npos) {
      std::string domain = name.substr(0, slash);
      RenameDriver(domain);
      own = domain + "/" + own;
    }
    name = own;
  }
  void RenameQuantity(std::string& quantity) {
    RenameUnless(base::ParseMilli(quantity).has_value(), "quantity", quantity);
  }

  // "request/subrequest": each part has its own digest.
  void RenameRequest(std::string& name) {
    std::string hidden;
    for (const string_view part : base::Split(name, '/')) {
      hidden += (hidden.empty() ? "" : "/") + hasher_.Of("request", part);
    }
    name = hidden;
  }

  // `key` as it was before it was hidden.
  void HideValue(string_view key, std::string& value) {
    if (HasPublicValues(key) || IsPublicValue(value)) return;
    if (key == "karpenter.sh/do-not-disrupt" && base::ParseSpan(value)) return;
    if (IsTopologyKey(key)) return RenameKey(value);
    const auto* const named =
        std::find_if(kNamingKeys.begin(), kNamingKeys.end(),
                     [&](const NamingKey& known) { return known.key == key; });
    Rename(named == kNamingKeys.end() ? "value" : named->kind, value);
  }
  void Hide(Labels& labels) {
    for (auto& [key, value] : labels) {
      HideValue(key, value);
      RenameKey(key);
    }
    std::sort(labels.begin(), labels.end());
  }
  void Hide(std::vector<DeviceHolder>& holders) {
    for (DeviceHolder& holder : holders) {
      Rename("ns", holder.ns);
      Rename("pod", holder.pod);
    }
    std::sort(holders.begin(), holders.end());
  }
  void Hide(std::vector<ResourceCount>& resources) {
    for (ResourceCount& resource : resources) RenameResource(resource.name);
    std::sort(resources.begin(), resources.end());
  }
  void HideEffect(std::string& effect) {
    const bool known = effect == "NoSchedule" || effect == "PreferNoSchedule" ||
                       effect == "NoExecute" || effect == "None";
    RenameUnless(known, "effect", effect);
  }
  void HideOperator(std::string& op) {
    const bool known = op == "Exists" || op == "Equal" || op == "In" || op == "NotIn" ||
                       op == "DoesNotExist" || op == "Gt" || op == "Lt";
    RenameUnless(known, "operator", op);
  }

  void Hide(std::vector<Taint>& taints) {
    for (Taint& taint : taints) {
      HideValue(taint.key, taint.value);
      RenameKey(taint.key);
      HideEffect(taint.effect);
    }
  }
  void Hide(std::vector<Toleration>& tolerations) {
    for (Toleration& toleration : tolerations) {
      HideValue(toleration.key, toleration.value);
      RenameKey(toleration.key);
      HideOperator(toleration.op);
      HideEffect(toleration.effect);
    }
  }

  void Hide(Node& node) {
    Rename("node", node.name);
    Rename("pool", node.pool);
    Hide(node.labels);
    Hide(node.devices);
    Hide(node.taints);
    for (Gpu& gpu : node.gpus) {
      RenameUuid(gpu.uuid);
      RenameDevice(gpu.dra_device);
      Hide(gpu.holders);
      for (Instance& instance : gpu.instances) {
        RenameDevice(instance.id);
        Hide(instance.holders);
      }
    }
    if (node.price) Hide(*node.price);
  }

  // A price of the site's own table names its source in the site's words.
  void Hide(NodePrice& price) {
    if (price_sources_.contains(price.source)) return;
    Rename("source", price.source);
    price.note = HideNames(price.note, nodes_, hasher_);
  }

  void Hide(Pod& pod) {
    Rename("ns", pod.ns);
    Rename("pod", pod.name);
    Rename("uid", pod.uid);
    RenameUnless(IsPublicOwnerKind(pod.owner.kind), "kind", pod.owner.kind);
    Rename("owner", pod.owner.name);
    Rename("node", pod.node);
    Rename("priority", pod.priority_class);
    HideValue({}, pod.pod_group);
    Hide(pod.labels);
    Hide(pod.annotations);
    Hide(pod.devices);
    Hide(pod.node_selector);
    Hide(pod.affinity);
    for (std::string& claim : pod.claims) Rename("claim", claim);
    for (std::string& gate : pod.gates) RenameKey(gate);
    Hide(pod.tolerations);
    const bool known = pod.pending_reason == "Unschedulable" ||
                       pod.pending_reason == "SchedulingGated" ||
                       pod.pending_reason == "SchedulerError";
    RenameUnless(known, "reason", pod.pending_reason);
    pod.pending_message = HideNames(pod.pending_message, nodes_, hasher_);
  }

  void Hide(std::vector<SelectorTerm>& terms) {
    for (SelectorTerm& term : terms) {
      for (std::string& value : term.values) HideValue(term.key, value);
      RenameKey(term.key);
      HideOperator(term.op);
    }
  }
  void Hide(Selector& selector) {
    Hide(selector.match_labels);
    Hide(selector.match_expressions);
  }
  void Hide(NodeTerm& term) {
    Hide(term.labels);
    for (SelectorTerm& field : term.fields) {
      for (std::string& value : field.values) Rename("node", value);
      RenameUnless(field.key == "metadata.name", "field", field.key);
      HideOperator(field.op);
    }
  }
  void Hide(PodTerm& term) {
    RenameKey(term.topology_key);
    if (term.selector) Hide(*term.selector);
    for (std::string& ns : term.namespaces) Rename("ns", ns);
    if (term.namespace_selector) Hide(*term.namespace_selector);
  }
  void Hide(Affinity& affinity) {
    for (NodeTerm& term : affinity.nodes) Hide(term);
    for (NodePreference& preference : affinity.preferred_nodes) Hide(preference.term);
    for (PodTerm& term : affinity.pods) Hide(term);
    for (PodTerm& term : affinity.anti_pods) Hide(term);
    for (SpreadConstraint& spread : affinity.spread) {
      RenameKey(spread.topology_key);
      if (spread.selector) Hide(*spread.selector);
    }
  }

  void Hide(Claim& claim) {
    Rename("ns", claim.ns);
    Rename("claim", claim.name);
    Rename("uid", claim.uid);
    for (std::string& uid : claim.reserved_for) Rename("uid", uid);
    for (DeviceRequest& request : claim.requests) {
      RenameRequest(request.name);
      RenameClass(request.device_class);
      for (std::string& selector : request.selectors) selector = HideCel(selector, hasher_);
      Hide(request.tolerations);
      for (auto& [name, quantity] : request.capacity) {
        RenameAttribute(name);
        RenameQuantity(quantity);
      }
      std::sort(request.capacity.begin(), request.capacity.end());
    }
    for (DeviceConstraint& constraint : claim.constraints) {
      for (std::string& request : constraint.requests) RenameRequest(request);
      RenameAttribute(constraint.match_attribute);
      RenameAttribute(constraint.distinct_attribute);
    }
    for (NodeTerm& term : claim.nodes) Hide(term);
    for (AllocatedDevice& device : claim.devices) {
      RenameRequest(device.request);
      RenameDriver(device.driver);
      Rename("node", device.pool);
      RenameDevice(device.device);
      for (auto& [name, quantity] : device.consumed) {
        RenameAttribute(name);
        RenameQuantity(quantity);
      }
      std::sort(device.consumed.begin(), device.consumed.end());
    }
  }

  void Hide(NodeReach& reach) {
    Rename("node", reach.node);
    for (NodeTerm& term : reach.nodes) Hide(term);
  }
  void Hide(std::vector<CounterSet>& sets) {
    for (CounterSet& set : sets) {
      Rename("counters", set.name);
      for (ResourceCount& counter : set.counters) Rename("counter", counter.name);
      std::sort(set.counters.begin(), set.counters.end());
    }
  }
  void Hide(DeviceAttribute& attribute) {
    const string_view name = string_view(attribute.name).substr(attribute.name.rfind('/') + 1);
    const bool is_text =
        attribute.type == AttributeType::kString || attribute.type == AttributeType::kVersion;
    if (name == "uuid" || name == "parentUUID") {
      RenameUuid(attribute.value);
    } else if (is_text) {
      const bool open = IsHardwareText(attribute.value) || IsPublicKey(attribute.value);
      RenameUnless(open, "text", attribute.value);
    }
    RenameAttribute(attribute.name);
  }
  void Hide(Device& device) {
    RenameDevice(device.name);
    for (DeviceAttribute& attribute : device.attributes) Hide(attribute);
    for (DeviceCapacity& capacity : device.capacity) {
      RenameAttribute(capacity.name);
      RenameQuantity(capacity.value);
      if (!capacity.policy) continue;
      CapacityPolicy& policy = *capacity.policy;
      for (std::string* text : {&policy.fallback, &policy.min, &policy.max, &policy.step}) {
        RenameQuantity(*text);
      }
      for (std::string& value : policy.values) RenameQuantity(value);
    }
    Hide(device.consumes);
    Hide(device.taints);
    Hide(device.reach);
  }
  void Hide(ResourceSlice& slice) {
    Rename("slice", slice.name);
    RenameDriver(slice.driver);
    Rename("node", slice.pool);
    Hide(slice.reach);
    for (Device& device : slice.devices) Hide(device);
    Hide(slice.counters);
  }
  void Hide(DeviceClass& device_class) {
    RenameClass(device_class.name);
    for (std::string& selector : device_class.selectors) selector = HideCel(selector, hasher_);
    RenameUnless(IsPublicKey(device_class.extended_resource), "resource",
                 device_class.extended_resource);
  }

  void Hide(DisruptionBudget& budget) {
    Rename("ns", budget.ns);
    Rename("budget", budget.name);
    Hide(budget.match_labels);
    Hide(budget.match_expressions);
  }

  void Hide(Quota& quota) {
    Rename("ns", quota.ns);
    Rename("quota", quota.name);
    Hide(quota.hard);
    Hide(quota.used);
  }

  void Hide(Queue& queue) {
    Rename("queue", queue.name);
    Rename("cohort", queue.cohort);
    for (QueueResource& resource : queue.resources) {
      Rename("flavor", resource.flavor);
      RenameUnless(IsPublicKey(resource.resource), "resource", resource.resource);
    }
  }

  void RenameKind(std::string& kind) { RenameUnless(IsGangKind(kind), "kind", kind); }
  // As the labels that name it: "jobs.batch/train".
  void Hide(GangOwner& owner) {
    Rename("ns", owner.ns);
    const auto slash = std::min(owner.name.find('/'), owner.name.size());
    std::string kind = owner.name.substr(0, slash);
    std::string name = owner.name.substr(std::min(slash + 1, owner.name.size()));
    RenameKind(kind);
    HideValue({}, name);
    owner.name = kind + "/" + name;
    for (GangSize& size : owner.gangs) HideValue({}, size.gang);
  }

  void Hide(Usage& usage) {
    usage.source = HideNames(usage.source, nodes_, hasher_);
    for (DeviceUsage& device : usage.devices) {
      Rename("node", device.node);
      RenameUuid(device.uuid);
      RenameDevice(device.instance_id);
      Rename("ns", device.ns);
      Rename("pod", device.pod);
      Rename("container", device.container);
      RenameUnless(IsHardwareText(device.profile), "profile", device.profile);
    }
  }

  void Hide(Gap& gap) {
    gap.what = HideNames(gap.what, nodes_, hasher_);
    gap.why = HideNames(gap.why, nodes_, hasher_);
    gap.remedy = HideNames(gap.remedy, nodes_, hasher_);
  }

  NameHasher hasher_;
  std::unordered_set<std::string> nodes_;
  std::unordered_set<std::string> price_sources_;
};

}  // namespace

Snapshot HashNames(const Snapshot& snapshot, std::string_view key) {
  Snapshot hidden = snapshot;
  SnapshotHasher(snapshot, key).Hide(hidden);
  Normalize(hidden);
  return hidden;
}

}  // namespace tangram::cluster
