#include "adapter/decode_pod.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "adapter/decode_affinity.h"
#include "adapter/decode_meta.h"
#include "adapter/pod_requests.h"
#include "cluster/gate.h"

namespace tangram::adapter {
namespace {

// Of status.resourceClaimStatuses: the name in the pod, and that of the claim; empty: none is made.
struct ClaimStatus {
  std::string entry;
  std::string claim;
};

struct Draft {
  cluster::Pod pod;
  Meta meta;
  PodRequests requests;
  std::vector<ReadSpread> spreads;
  std::vector<std::string> fixed_claims;      // spec.resourceClaims[].resourceClaimName
  std::vector<std::string> of_templates;      // spec.resourceClaims[].name of the others
  std::vector<ClaimStatus> generated_claims;  // made from templates
  std::string extended_claim;  // status: made by the scheduler for its extended resources
};

cluster::PodPhase PhaseOf(std::string_view text) {
  if (text == "Pending") return cluster::PodPhase::kPending;
  if (text == "Running") return cluster::PodPhase::kRunning;
  if (text == "Succeeded") return cluster::PodPhase::kSucceeded;
  if (text == "Failed") return cluster::PodPhase::kFailed;
  return cluster::PodPhase::kUnknown;
}

// The names under `field` of each item: [{"name": "a"}, ...].
std::vector<std::string> ReadNames(Json list, std::string_view field) {
  std::vector<std::string> names;
  list.Items([&](Json item) {
    std::string name;
    item.Fields([&](std::string_view key, Json value) {
      if (key == field) name = value.Text();
    });
    if (!name.empty()) names.push_back(std::move(name));
  });
  return names;
}

void ReadClaims(Json list, Draft& draft) {
  list.Items([&](Json item) {
    std::string entry;
    std::string claim;
    std::string of_template;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "name") entry = field.Text();
      if (key == "resourceClaimName") claim = field.Text();
      if (key == "resourceClaimTemplateName") of_template = field.Text();
    });
    if (!claim.empty()) draft.fixed_claims.push_back(std::move(claim));
    if (!of_template.empty()) draft.of_templates.push_back(std::move(entry));
  });
}

std::vector<ClaimStatus> ReadClaimStatuses(Json list) {
  std::vector<ClaimStatus> statuses;
  list.Items([&](Json item) {
    ClaimStatus& status = statuses.emplace_back();
    item.Fields([&](std::string_view key, Json field) {
      if (key == "name") status.entry = field.Text();
      if (key == "resourceClaimName") status.claim = field.Text();
    });
  });
  return statuses;
}

// That DefaultTolerationSeconds gives to every pod. A node with such a taint is not ready, and
// takes nobody anyway: a sixth of what pods take in memory.
bool IsByDefault(const cluster::Toleration& toleration, bool for_a_while) {
  return for_a_while && toleration.op == "Exists" && toleration.effect == "NoExecute" &&
         (toleration.key == "node.kubernetes.io/not-ready" ||
          toleration.key == "node.kubernetes.io/unreachable");
}

std::vector<cluster::Toleration> ReadTolerations(Json list) {
  std::vector<cluster::Toleration> tolerations;
  list.Items([&](Json item) {
    cluster::Toleration toleration;
    bool for_a_while = false;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "key") toleration.key = field.Text();
      if (key == "operator") toleration.op = field.Text();
      if (key == "value") toleration.value = field.Text();
      if (key == "effect") toleration.effect = field.Text();
      if (key == "tolerationSeconds") for_a_while = true;
    });
    if (toleration.op.empty()) toleration.op = "Equal";  // the API's default
    if (!IsByDefault(toleration, for_a_while)) tolerations.push_back(std::move(toleration));
  });
  return tolerations;
}

int ReadPriority(Json field) {
  const std::int64_t priority = field.Integer().value_or(0);
  if (priority < std::numeric_limits<int>::min() || priority > std::numeric_limits<int>::max()) {
    field.Expected("a priority of 32 bits", std::to_string(priority));
    return 0;
  }
  return static_cast<int>(priority);
}

void ReadSpec(Json spec, Draft& draft) {
  cluster::Pod& pod = draft.pod;
  spec.Fields([&](std::string_view key, Json field) {
    if (key == "nodeName") pod.node = field.Text();
    if (key == "priority") pod.priority = ReadPriority(field);
    if (key == "priorityClassName") pod.priority_class = field.Text();
    if (key == "preemptionPolicy") pod.can_preempt = field.Text() != "Never";
    if (key == "schedulingGroup") {
      field.Fields([&](std::string_view inner, Json value) {
        if (inner == "podGroupName") pod.pod_group = value.Text();
      });
    }
    if (key == "schedulingGates") pod.gates = ReadNames(field, "name");
    if (key == "nodeSelector") pod.node_selector = field.TextMap();
    if (key == "tolerations") pod.tolerations = ReadTolerations(field);
    if (key == "affinity") ReadAffinity(field, pod.affinity);
    if (key == "topologySpreadConstraints") draft.spreads = ReadSpreads(field);
    if (key == "resourceClaims") ReadClaims(field, draft);
    if (key == "overhead") draft.requests.overhead = ReadAmounts(field);
    if (key == "resources") draft.requests.pod_level = ReadResources(field);
    if (key == "containers") draft.requests.containers = ReadContainers(field);
    if (key == "initContainers") draft.requests.init = ReadContainers(field);
  });
}

void ReadConditions(Json list, cluster::Pod& pod) {
  list.Items([&](Json item) {
    std::string type;
    std::string status;
    std::string reason;
    std::string message;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "type") type = field.Text();
      if (key == "status") status = field.Text();
      if (key == "reason") reason = field.Text();
      if (key == "message") message = field.Text();
    });
    if (type == "Ready") pod.ready = status == "True";
    if (type == "PodScheduled" && status == "False") {
      pod.pending_reason = std::move(reason);
      pod.pending_message = std::move(message);
    }
  });
}

void ReadStatus(Json status, Draft& draft) {
  cluster::Pod& pod = draft.pod;
  std::vector<ClaimStatus> from_templates;
  std::string extended;
  status.Fields([&](std::string_view key, Json field) {
    if (key == "phase") pod.phase = PhaseOf(field.Text());
    if (key == "conditions") ReadConditions(field, pod);
    if (key == "startTime") pod.started_at = field.Time();
    if (key == "resourceClaimStatuses") from_templates = ReadClaimStatuses(field);
    if (key == "extendedResourceClaimStatus") {
      field.Fields([&](std::string_view inner, Json value) {
        if (inner == "resourceClaimName") extended = value.Text();
      });
    }
  });
  draft.generated_claims = std::move(from_templates);
  draft.extended_claim = std::move(extended);
}

// A ReplicaSet of a Deployment is named <deployment>-<pod-template-hash>.
cluster::Owner OwnerOf(const Meta& meta) {
  cluster::Owner owner = meta.controller;
  const std::string suffix = "-" + meta.pod_template_hash;
  const bool of_deployment = owner.kind == "ReplicaSet" && suffix.size() > 1 &&
                             owner.name.size() > suffix.size() && owner.name.ends_with(suffix);
  if (of_deployment) {
    owner.kind = "Deployment";
    owner.name.resize(owner.name.size() - suffix.size());
  }
  return owner;
}

// matchLabelKeys stand for the pod's own values of these labels.
cluster::SpreadConstraint WithOwnLabels(ReadSpread read, const cluster::Labels& labels) {
  for (const std::string& key : read.label_keys) {
    const std::string_view value = cluster::Find(labels, key);
    if (!value.empty() && read.constraint.selector) {
      read.constraint.selector->match_expressions.push_back({key, "In", {std::string(value)}});
    }
  }
  return std::move(read.constraint);
}

// Claims of templates are made after the pod: until then by the beginning of the name that
// kube-controller-manager gives them (generateName: <pod>-<entry>-).
void AddGenerated(Draft& draft, cluster::Pod& pod) {
  for (const std::string& entry : draft.of_templates) {
    const auto& made = draft.generated_claims;
    const bool is_known = std::any_of(made.begin(), made.end(),
                                      [&](const ClaimStatus& one) { return one.entry == entry; });
    if (!is_known) pod.claims.push_back(pod.name + "-" + entry + "-");
  }
  for (ClaimStatus& one : draft.generated_claims) {
    if (!one.claim.empty()) pod.claims.push_back(std::move(one.claim));
  }
}

cluster::Pod Finish(Draft draft, Fault& fault) {
  cluster::Pod pod = std::move(draft.pod);
  pod.owner = OwnerOf(draft.meta);
  pod.ns = std::move(draft.meta.ns);
  pod.name = std::move(draft.meta.name);
  pod.uid = std::move(draft.meta.uid);
  pod.labels = std::move(draft.meta.labels);
  pod.annotations = std::move(draft.meta.annotations);
  pod.created_at = draft.meta.created_at;
  pod.terminating = draft.meta.terminating;
  for (ReadSpread& read : draft.spreads) {
    pod.affinity.spread.push_back(WithOwnLabels(std::move(read), pod.labels));
  }

  Amounts total = TotalOf(draft.requests, fault);
  std::erase_if(total.devices, [](const auto& device) { return device.count == 0; });
  pod.cpu = base::MilliCpu(total.milli_cpu.value_or(0));
  pod.memory = MiBUp(total.bytes.value_or(0));
  pod.devices = std::move(total.devices);

  pod.claims = std::move(draft.fixed_claims);
  AddGenerated(draft, pod);
  // Without a node it is what an attempt left behind: the scheduler deletes it and makes another.
  const bool is_its_own = !draft.extended_claim.empty() && !pod.node.empty();
  if (is_its_own) pod.claims.push_back(std::move(draft.extended_claim));
  std::sort(pod.claims.begin(), pod.claims.end());
  pod.claims.erase(std::unique(pod.claims.begin(), pod.claims.end()), pod.claims.end());
  return pod;
}

enum class Name { kMust, kMay };

base::Result<cluster::Pod> Decode(simdjson::ondemand::object& object, Name needs) {
  Draft draft;
  Fault fault;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") draft.meta = ReadMeta(field);
    if (key == "spec") ReadSpec(field, draft);
    if (key == "status") ReadStatus(field, draft);
  });
  if (needs == Name::kMust && draft.meta.name.empty()) fault.Set("metadata.name is missing");
  const std::string ns = draft.meta.ns;
  const std::string name = draft.meta.name;
  cluster::Pod pod = Finish(std::move(draft), fault);
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Pod", ns, name));
  return pod;
}

}  // namespace

base::Result<cluster::Pod> DecodePod(simdjson::ondemand::object object) {
  return Decode(object, Name::kMust);
}

base::Result<cluster::Pod> DecodeNewPod(simdjson::ondemand::object object) {
  return Decode(object, Name::kMay);
}

base::Result<LivePod> DecodeLivePod(simdjson::ondemand::object& object) {
  auto pod = DecodePod(object);
  if (!pod) return tl::unexpected(pod.error());
  LivePod live{.pod = *std::move(pod), .node_affinity = {}};
  if (!cluster::IsBehindGate(live.pod)) return live;
  // No text is unescaped here, so it does not matter that the object was read before.
  std::string_view raw;
  simdjson::ondemand::object affinity;
  if (object.reset().error() == simdjson::SUCCESS &&
      object["spec"]["affinity"]["nodeAffinity"].get_object().get(affinity) == simdjson::SUCCESS &&
      affinity.raw_json().get(raw) == simdjson::SUCCESS) {
    live.node_affinity = std::string(raw);
  }
  return live;
}

}  // namespace tangram::adapter
