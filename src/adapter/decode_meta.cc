#include "adapter/decode_meta.h"

#include <algorithm>
#include <array>

namespace tangram::adapter {
namespace {

constexpr std::string_view kTemplateHash = "pod-template-hash";
constexpr std::array<std::string_view, 5> kControllerLabels = {
    kTemplateHash, "controller-revision-hash", "pod-template-generation",
    "batch.kubernetes.io/controller-uid", "controller-uid"};

void ReadOwners(Json list, Meta& meta) {
  meta.controller = {};
  list.Items([&](Json item) {
    cluster::Owner owner;
    bool controls = false;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "kind") owner.kind = field.Text();
      if (key == "name") owner.name = field.Text();
      if (key == "controller") controls = field.Boolean().value_or(false);
    });
    if (controls) meta.controller = std::move(owner);
  });
}

cluster::Labels ReadAnnotations(Json map) {
  cluster::Labels kept;
  map.Fields([&](std::string_view key, Json value) {
    if (IsReadAnnotation(key)) kept.emplace_back(key, value.Text());
  });
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; }),
             kept.end());
  return kept;
}

}  // namespace

bool IsReadAnnotation(std::string_view key) {
  return key == "karpenter.sh/do-not-disrupt" ||
         key == "cluster-autoscaler.kubernetes.io/safe-to-evict" ||
         key == "scheduling.k8s.io/group-name" || key == "pod-group-name" ||  // cluster/gang.h
         key.starts_with("kueue.x-k8s.io/") || key.starts_with("tangram.dev/");
}

bool IsMadeUpLabel(std::string_view key) {
  return std::find(kControllerLabels.begin(), kControllerLabels.end(), key) !=
         kControllerLabels.end();
}

Meta ReadMeta(Json metadata) {
  Meta meta;
  metadata.Fields([&](std::string_view key, Json field) {
    if (key == "name") meta.name = field.Text();
    if (key == "namespace") meta.ns = field.Text();
    if (key == "uid") meta.uid = field.Text();
    if (key == "labels") meta.labels = field.TextMap();
    if (key == "annotations") meta.annotations = ReadAnnotations(field);
    if (key == "creationTimestamp") meta.created_at = field.Time().value_or(base::Time{});
    if (key == "deletionTimestamp") meta.terminating = field.Time().has_value();
    if (key == "ownerReferences") ReadOwners(field, meta);
  });
  meta.pod_template_hash = std::string(cluster::Find(meta.labels, kTemplateHash));
  std::erase_if(meta.labels, [](const auto& label) { return IsMadeUpLabel(label.first); });
  return meta;
}

}  // namespace tangram::adapter
