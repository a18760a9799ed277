#include "adapter/decode_node.h"

#include <utility>

#include "adapter/amounts.h"
#include "adapter/decode_affinity.h"
#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

struct Draft {
  cluster::Node node;
  Meta meta;
  std::string provider_id;
};

std::vector<cluster::Taint> ReadTaints(Json list) {
  std::vector<cluster::Taint> taints;
  list.Items([&](Json item) { taints.push_back(ReadTaint(item)); });
  return taints;
}

void ReadSpec(Json spec, Draft& draft) {
  spec.Fields([&](std::string_view key, Json field) {
    if (key == "providerID") draft.provider_id = field.Text();
    if (key == "unschedulable") draft.node.schedulable = !field.Boolean().value_or(false);
    if (key == "taints") draft.node.taints = ReadTaints(field);
  });
}

// Ready is the word of the kubelet or, where that is silent, of the node controller (Unknown).
void ReadConditions(Json list, cluster::Node& node) {
  list.Items([&](Json item) {
    std::string type;
    std::string status;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "type") type = field.Text();
      if (key == "status") status = field.Text();
    });
    if (type == "Ready") node.ready = status == "True";
  });
}

void ReadStatus(Json status, cluster::Node& node) {
  status.Fields([&](std::string_view key, Json field) {
    if (key == "conditions") ReadConditions(field, node);
    if (key != "allocatable") return;
    Amounts amounts = ReadAmounts(field);
    node.cpu = base::MilliCpu(amounts.milli_cpu.value_or(0));
    node.memory = MiBDown(amounts.bytes.value_or(0));
    node.devices = std::move(amounts.devices);
  });
}

cluster::Node Finish(Draft draft) {
  cluster::Node node = std::move(draft.node);
  node.name = std::move(draft.meta.name);
  node.labels = std::move(draft.meta.labels);
  node.created_at = draft.meta.created_at;
  Provenance from = ProvenanceOf(node.labels, draft.provider_id);
  node.cloud = std::move(from.cloud);
  node.region = std::move(from.region);
  node.zone = std::move(from.zone);
  node.instance_type = std::move(from.instance_type);
  node.capacity_type = from.capacity_type;
  node.pool = std::move(from.pool);
  return node;
}

}  // namespace

base::Result<cluster::Node> DecodeNode(simdjson::ondemand::object object) {
  Draft draft;
  draft.node.ready = false;  // until a condition says so
  Fault fault;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") draft.meta = ReadMeta(field);
    if (key == "spec") ReadSpec(field, draft);
    if (key == "status") ReadStatus(field, draft.node);
  });
  if (draft.meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Node", "", draft.meta.name));
  return Finish(std::move(draft));
}

}  // namespace tangram::adapter
