#include "adapter/decode_kueue.h"

#include <algorithm>
#include <utility>

#include "adapter/amounts.h"
#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

using cluster::Queue;
using cluster::QueueResource;

bool IsCounted(std::string_view resource) {
  return resource != "cpu" && resource != "memory" && resource != "ephemeral-storage" &&
         resource != "pods" && !resource.starts_with("hugepages-");
}

// A quantity that is read once its resource's name is known: JSON fields come in any order.
struct QuotaDraft {
  std::string resource;
  std::string nominal;
  std::string total;
  std::string borrowed;
};

std::int64_t CountIn(const std::string& text, Json& where) {
  if (text.empty()) return 0;
  const auto count = ParseCount(text);
  if (!count) where.Expected("a whole number of devices", "\"" + Printable(text) + "\"");
  return count.value_or(0);
}

void ReadResource(Json item, std::vector<QueueResource>& resources) {
  QuotaDraft draft;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "name") draft.resource = field.Text();
    if (key == "nominalQuota") draft.nominal = field.QuantityText();
    if (key == "total") draft.total = field.QuantityText();
    if (key == "borrowed") draft.borrowed = field.QuantityText();
  });
  if (!IsCounted(draft.resource)) return;
  QueueResource resource;
  resource.resource = draft.resource;
  resource.nominal = CountIn(draft.nominal, item);
  resource.used = CountIn(draft.total, item);
  resource.borrowed = CountIn(draft.borrowed, item);
  resources.push_back(std::move(resource));
}

// [{"name": "on-demand", "resources": [...]}]: the form of a group's flavors and of flavorsUsage.
void ReadFlavors(Json list, std::vector<QueueResource>& resources) {
  list.Items([&](Json item) {
    std::vector<QueueResource> of_flavor;
    std::string flavor;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "name") flavor = field.Text();
      if (key != "resources") return;
      field.Items([&](Json resource) { ReadResource(resource, of_flavor); });
    });
    for (QueueResource& resource : of_flavor) {
      resource.flavor = flavor;
      resources.push_back(std::move(resource));
    }
  });
}

void ReadSpec(Json spec, Queue& queue) {
  spec.Fields([&](std::string_view key, Json field) {
    if (key == "cohort" || key == "cohortName") queue.cohort = field.Text();
    if (key != "resourceGroups") return;
    queue.resources.clear();
    field.Items([&](Json group) {
      group.Fields([&](std::string_view inner, Json value) {
        if (inner == "flavors") ReadFlavors(value, queue.resources);
      });
    });
  });
}

// Figures of status for the flavors and resources that spec names.
void MergeUsage(const std::vector<QueueResource>& usage, std::vector<QueueResource>& resources) {
  for (QueueResource& resource : resources) {
    for (const QueueResource& used : usage) {
      if (used.flavor != resource.flavor || used.resource != resource.resource) continue;
      resource.used = used.used;
      resource.borrowed = used.borrowed;
    }
  }
}

}  // namespace

base::Result<Queue> DecodeClusterQueue(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  Queue queue;
  std::vector<QueueResource> usage;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "spec") ReadSpec(field, queue);
    if (key != "status") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "pendingWorkloads") queue.pending_workloads = value.Integer().value_or(0);
      if (inner == "admittedWorkloads") queue.admitted_workloads = value.Integer().value_or(0);
      if (inner == "flavorsUsage") ReadFlavors(value, usage);
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "ClusterQueue", "", meta.name));
  MergeUsage(usage, queue.resources);
  queue.name = std::move(meta.name);
  return queue;
}

base::Result<cluster::LocalQueue> DecodeLocalQueue(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  cluster::LocalQueue queue;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key != "spec" && key != "status") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "clusterQueue") queue.queue = value.Text();
      if (inner == "pendingWorkloads") queue.pending_workloads = value.Integer().value_or(0);
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "LocalQueue", meta.ns, meta.name));
  queue.ns = std::move(meta.ns);
  queue.name = std::move(meta.name);
  return queue;
}

}  // namespace tangram::adapter
