#include "adapter/join_usage.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "adapter/observe.h"
#include "adapter/printable.h"

namespace tangram::adapter {
namespace {

using cluster::DeviceUsage;
using cluster::Gap;
using cluster::Node;
using cluster::Snapshot;
using telemetry::DcgmRecord;

std::string_view WithoutDomain(std::string_view host) { return host.substr(0, host.find('.')); }

// Where a record's card is.
class NodeFinder {
 public:
  explicit NodeFinder(const Snapshot& snapshot) {
    std::map<std::string, int, std::less<>> short_names;
    for (const Node& node : snapshot.nodes) {
      names_[node.name] = node.name;
      const std::string_view host = cluster::Find(node.labels, "kubernetes.io/hostname");
      if (!host.empty()) names_.emplace(host, node.name);
      ++short_names[std::string(WithoutDomain(node.name))];
      for (const cluster::Gpu& gpu : node.gpus) {
        if (!gpu.uuid.empty()) by_uuid_[gpu.uuid] = node.name;
      }
    }
    for (const Node& node : snapshot.nodes) {
      const std::string_view bare = WithoutDomain(node.name);
      if (short_names.find(bare)->second == 1) names_.emplace(bare, node.name);
    }
    for (const cluster::Pod& pod : snapshot.pods) {
      if (names_.contains(pod.node)) by_pod_[{pod.ns, pod.name}] = pod.node;
    }
  }

  // Empty where the node is not in the cluster.
  std::string Find(const DcgmRecord& record) const {
    if (const auto at = by_uuid_.find(record.uuid); at != by_uuid_.end()) return at->second;
    if (const auto at = names_.find(record.node); at != names_.end()) return at->second;
    if (const auto at = names_.find(WithoutDomain(record.node)); at != names_.end()) {
      return at->second;
    }
    // A series that names a node names the right one: its pod may be another of the same name.
    const bool named = !record.node.empty() && record.node_label != "instance";
    const auto at = by_pod_.find({record.ns, record.pod});
    return named || at == by_pod_.end() ? "" : at->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> names_;
  std::map<std::string, std::string, std::less<>> by_uuid_;
  std::map<std::pair<std::string, std::string>, std::string> by_pod_;
};

cluster::ActivityMetric MetricOf(const DcgmRecord& record) {
  switch (record.metric) {
    case telemetry::DcgmMetric::kEngine:
      return cluster::ActivityMetric::kEngine;
    case telemetry::DcgmMetric::kUtilization:
      // It reads 0 on MIG whatever runs there.
      return record.instance_id.empty() ? cluster::ActivityMetric::kUtilization
                                        : cluster::ActivityMetric::kNone;
    case telemetry::DcgmMetric::kNone:
      break;
  }
  return cluster::ActivityMetric::kNone;
}

DeviceUsage UsageOf(const DcgmRecord& record, std::string node) {
  DeviceUsage usage;
  usage.node = std::move(node);
  usage.uuid = record.uuid;
  usage.gpu_index = record.gpu_index;
  usage.instance_id = record.instance_id;
  usage.profile = record.profile;
  usage.ns = record.ns;
  usage.pod = record.pod;
  usage.container = record.container;
  usage.metric = MetricOf(record);
  usage.rejected = record.rejected;
  if (usage.metric != cluster::ActivityMetric::kNone) {
    usage.samples = record.samples;
    usage.active_mean = record.active_mean;
    usage.active_max = record.active_max;
    usage.busy_share = record.busy_share;
    usage.last_active = record.last_active;
  }
  usage.memory_mean = record.memory_mean;
  usage.memory_max = record.memory_max;
  usage.memory_total = record.memory_total;
  usage.power_milliwatts = record.power_milliwatts;
  usage.sm_clock_mhz = record.sm_clock_mhz;
  usage.last_xid = record.last_xid;
  return usage;
}

// With DRA the series name the claim; a claim that one pod holds names the pod.
class ClaimHolders {
 public:
  explicit ClaimHolders(const Snapshot& snapshot) {
    std::map<std::string_view, const cluster::Pod*> by_uid;
    for (const cluster::Pod& pod : snapshot.pods) by_uid[pod.uid] = &pod;
    for (const cluster::Claim& claim : snapshot.claims) {
      if (claim.reserved_for.size() != 1) continue;
      const auto found = by_uid.find(claim.reserved_for.front());
      if (found != by_uid.end()) holders_[{claim.ns, claim.name}] = found->second->name;
    }
  }
  // Empty where it is not known.
  std::string Of(const DcgmRecord& record) const {
    const auto found = holders_.find({record.claim_ns, record.claim});
    return found == holders_.end() ? "" : found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> holders_;
};

// Counts the cards of nodes that are gone, and names some of the nodes.
Gap GoneGap(const std::vector<const DcgmRecord*>& gone) {
  constexpr std::size_t kNamed = 5;
  std::set<std::string> cards;
  std::set<std::string> nodes;
  for (const DcgmRecord* record : gone) {
    cards.insert(record->uuid);
    nodes.insert(record->node.empty() ? "(unnamed)" : Printable(record->node));
  }
  std::string names;
  std::size_t listed = 0;
  for (const std::string& node : nodes) {
    if (++listed > kNamed) break;
    names += (names.empty() ? "" : ", ") + node;
  }
  if (nodes.size() > kNamed) names += ", ...";
  return {"usage",
          std::to_string(cards.size()) + " GPUs have series on " + std::to_string(nodes.size()) +
              " nodes that are not in the cluster: " + names,
          "nodes that were there earlier in the window; their usage is kept, without a node"};
}

}  // namespace

Snapshot JoinUsage(Snapshot snapshot, const telemetry::DcgmUsage& dcgm, const std::string& source) {
  const NodeFinder finder(snapshot);
  const ClaimHolders holders(snapshot);
  cluster::Usage usage;
  usage.from = dcgm.from;
  usage.to = dcgm.to;
  usage.interval = dcgm.interval;
  usage.source = source;
  std::vector<const DcgmRecord*> gone;
  for (const DcgmRecord& record : dcgm.records) {
    std::string node = finder.Find(record);
    if (node.empty()) gone.push_back(&record);
    DeviceUsage device = UsageOf(record, std::move(node));
    if (device.pod.empty() && !record.claim.empty()) {
      device.pod = holders.Of(record);
      if (!device.pod.empty()) device.ns = record.claim_ns;
    }
    usage.devices.push_back(std::move(device));
  }
  if (!gone.empty()) snapshot.gaps.push_back(GoneGap(gone));
  for (const std::string& warning : dcgm.warnings) {
    snapshot.gaps.push_back({"usage", warning, "look at the log of dcgm-exporter"});
  }
  std::vector<Gap> gaps = Observe(usage.devices, snapshot.nodes);
  std::move(gaps.begin(), gaps.end(), std::back_inserter(snapshot.gaps));
  snapshot.usage = std::move(usage);
  cluster::Normalize(snapshot);
  return snapshot;
}

}  // namespace tangram::adapter
