// Who a DCGM series is about: the many ways its labels arrive.
//
// Sources: dcgm-exporter (Hostname became hostname in 2026; pod_name, pod_namespace and
// container_name are its old names; dra_* with --kubernetes-enable-dra). With honor_labels=false,
// the default of its Helm chart, Prometheus renames what the exporter said to exported_* and puts
// the exporter's own pod in the plain names.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/promql_answer.h"

namespace tangram::telemetry {

struct Device {
  std::string uuid;
  std::string instance_id;
  std::string profile;
  friend auto operator<=>(const Device&, const Device&) = default;
};

struct Holder {
  std::string ns;
  std::string pod;
  std::string container;
  friend auto operator<=>(const Holder&, const Holder&) = default;
};

// What one record is about.
struct RecordKey {
  Device device;
  Holder holder;
  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

// Which labels named the holder; all empty: none did.
struct HolderForm {
  std::string ns;
  std::string pod;
  std::string container;
  friend auto operator<=>(const HolderForm&, const HolderForm&) = default;
};

// The pods of the exporters themselves, by the (job, instance) that Prometheus scrapes; from the
// labels of `up`, which are the target's alone.
class ScrapeTargets {
 public:
  void Add(const Labels& up);
  // Whether `label` on `series` says the same as the target's own, and so nothing of the GPU.
  bool IsTargets(const Labels& series, std::string_view label) const;
  // Whether the target has such a label at all.
  bool Has(const Labels& series, std::string_view label) const;

 private:
  using Target = std::pair<std::string, std::string>;
  std::map<Target, std::set<std::pair<std::string, std::string>>> labels_;
};

HolderForm FormOf(const Labels& series, const ScrapeTargets& targets);
Device DeviceOf(const Labels& series);
// The key that `form` reads from `series`.
RecordKey KeyOf(const Labels& series, const HolderForm& form);

struct NodeName {
  std::string name;
  std::string label;
};
// The node, by Hostname, hostname, node, kubernetes_node, or else the host of `instance`.
NodeName NodeOf(const Labels& series);

// Every label by which a device or a holder is told apart, in this order.
std::span<const std::string_view> IdentityLabels();

}  // namespace tangram::telemetry
