#include "telemetry/dcgm_labels.h"

#include <algorithm>

namespace tangram::telemetry {
namespace {

using std::string_view;

constexpr string_view kIdentity[] = {"UUID",         "GPU_I_ID",           "GPU_I_PROFILE",
                                     "exported_pod", "exported_namespace", "exported_container",
                                     "pod_name",     "pod_namespace",      "container_name",
                                     "pod",          "namespace",          "container"};

constexpr string_view kNodeLabels[] = {"Hostname", "hostname", "node", "kubernetes_node"};

// Where `up` is not stored: an exporter's pod never holds a GPU, so its name is enough.
bool IsExportersName(const Labels& series) {
  for (const string_view label : {"pod", "container"}) {
    if (series.Get(label).find("dcgm-exporter") != string_view::npos) return true;
  }
  return false;
}

std::string PodLabel(const Labels& series, const ScrapeTargets& targets) {
  if (!series.Get("exported_pod").empty()) return "exported_pod";
  if (!series.Get("pod_name").empty()) return "pod_name";
  if (series.Get("pod").empty() || IsExportersName(series)) return "";
  const bool own = targets.IsTargets(series, "pod") &&
                   (!targets.Has(series, "namespace") || targets.IsTargets(series, "namespace") ||
                    !series.Get("exported_namespace").empty());
  return own ? "" : "pod";
}

// The namespace or the container that goes with a pod read from `pod_label`.
std::string PartnerLabel(const Labels& series, const ScrapeTargets& targets,
                         const std::string& pod_label, const std::string& plain) {
  const std::string exported = "exported_" + plain;
  if (!series.Get(exported).empty()) return exported;
  const std::string old = plain == "namespace" ? "pod_namespace" : "container_name";
  if (!series.Get(old).empty()) return old;
  if (series.Get(plain).empty()) return "";
  // The exporter named its pod and not this; then the plain label is the target's.
  if (pod_label == "exported_pod" && targets.Has(series, plain)) return "";
  return plain;
}

}  // namespace

void ScrapeTargets::Add(const Labels& up) {
  auto& labels = labels_[{std::string(up.Get("job")), std::string(up.Get("instance"))}];
  for (const string_view name : {"namespace", "pod", "container"}) {
    if (!up.Get(name).empty()) labels.emplace(std::string(name), std::string(up.Get(name)));
  }
}

bool ScrapeTargets::IsTargets(const Labels& series, string_view label) const {
  const auto at =
      labels_.find({std::string(series.Get("job")), std::string(series.Get("instance"))});
  return at != labels_.end() &&
         at->second.contains({std::string(label), std::string(series.Get(label))});
}

bool ScrapeTargets::Has(const Labels& series, string_view label) const {
  const auto at =
      labels_.find({std::string(series.Get("job")), std::string(series.Get("instance"))});
  return at != labels_.end() &&
         std::any_of(at->second.begin(), at->second.end(),
                     [label](const auto& own) { return own.first == label; });
}

HolderForm FormOf(const Labels& series, const ScrapeTargets& targets) {
  HolderForm form;
  form.pod = PodLabel(series, targets);
  if (form.pod.empty()) return {};
  form.ns = PartnerLabel(series, targets, form.pod, "namespace");
  form.container = PartnerLabel(series, targets, form.pod, "container");
  return form;
}

Device DeviceOf(const Labels& series) {
  return {std::string(series.Get("UUID")), std::string(series.Get("GPU_I_ID")),
          std::string(series.Get("GPU_I_PROFILE"))};
}

RecordKey KeyOf(const Labels& series, const HolderForm& form) {
  const auto read = [&series](const std::string& label) {
    return label.empty() ? std::string() : std::string(series.Get(label));
  };
  return {DeviceOf(series), {read(form.ns), read(form.pod), read(form.container)}};
}

NodeName NodeOf(const Labels& series) {
  for (const string_view label : kNodeLabels) {
    if (!series.Get(label).empty()) return {std::string(series.Get(label)), std::string(label)};
  }
  const string_view instance = series.Get("instance");
  if (instance.empty()) return {};
  // "[fd00::1]:9400", "10.0.0.5:9400", "node-a"
  string_view host = instance;
  if (host.starts_with('[') && host.find(']') != string_view::npos) {
    host = host.substr(1, host.find(']') - 1);
  } else if (std::count(host.begin(), host.end(), ':') == 1) {
    host = host.substr(0, host.find(':'));
  }
  return {std::string(host), "instance"};
}

std::span<const string_view> IdentityLabels() { return kIdentity; }

}  // namespace tangram::telemetry
