#include "sim/openb.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/time_text.h"

namespace tangram::sim {
namespace {

constexpr std::string_view kGpuResource = "nvidia.com/gpu";
constexpr std::string_view kProductLabel = "nvidia.com/gpu.product";
constexpr std::int64_t kMilli = 1000;

struct KnownModel {
  std::string_view model;
  std::string_view product;
};
constexpr std::array<KnownModel, 5> kKnownModels = {{
    {"A10", "NVIDIA-A10"},
    {"P100", "Tesla-P100-PCIE-16GB"},
    {"T4", "Tesla-T4"},
    {"V100M16", "Tesla-V100-SXM2-16GB"},
    {"V100M32", "Tesla-V100-SXM2-32GB"},
}};

std::string_view KnownProduct(std::string_view model) {
  for (const KnownModel& known : kKnownModels) {
    if (known.model == model) return known.product;
  }
  return {};
}

std::string ProductOf(const std::string& model) {
  const std::string_view known = KnownProduct(model);
  return known.empty() ? model : std::string(known);
}

std::string Joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

cluster::Node MakeNode(const OpenbNode& from, base::Time start) {
  cluster::Node node;
  node.name = from.name;
  node.created_at = start;
  node.cpu = from.cpu;
  node.memory = from.memory;
  if (from.gpus == 0) return node;
  const std::string product = ProductOf(from.model);
  node.labels = {{std::string(kOpenbModelLabel), from.model},
                 {std::string(kProductLabel), product}};
  node.devices = {{std::string(kOpenbShareResource), kMilli * from.gpus},
                  {std::string(kGpuResource), from.gpus}};
  for (int index = 0; index < from.gpus; ++index) {
    cluster::Gpu gpu;
    gpu.index = index;
    gpu.product = product;
    node.gpus.push_back(std::move(gpu));
  }
  return node;
}

std::vector<cluster::ResourceCount> DevicesOf(const OpenbTask& task) {
  if (task.gpus == 0) return {};
  if (task.share < base::MilliGpu(kMilli)) {
    return {{std::string(kOpenbShareResource), task.share.value()}};
  }
  return {{std::string(kGpuResource), task.gpus}};
}

cluster::Pod MakePod(const OpenbTask& task, base::Time start) {
  cluster::Pod pod;
  pod.ns = std::string(kOpenbNamespace);
  pod.name = task.name;
  if (!task.qos.empty()) pod.labels = {{std::string(kOpenbQosLabel), task.qos}};
  if (!task.models.empty()) {
    pod.annotations = {{std::string(kOpenbModelLabel), Joined(task.models, "|")}};
  }
  if (task.models.size() == 1) {
    pod.node_selector = {{std::string(kOpenbModelLabel), task.models.front()}};
  }
  pod.phase = task.phase;
  pod.ready = task.phase == cluster::PodPhase::kRunning;
  pod.created_at = start + task.created.value_or(std::chrono::seconds(0));
  if (task.scheduled) pod.started_at = start + *task.scheduled;
  pod.cpu = task.cpu;
  pod.memory = task.memory;
  pod.devices = DevicesOf(task);
  return pod;
}

std::chrono::seconds LastMoment(const OpenbTrace& trace) {
  std::chrono::seconds last{0};
  for (const OpenbTask& task : trace.tasks) {
    for (const auto& moment : {task.created, task.scheduled, task.deleted}) {
      last = std::max(last, moment.value_or(std::chrono::seconds(0)));
    }
  }
  return last;
}

cluster::Gap PlacementGap() {
  return {.what = "placement of pods",
          .why =
              "openb publishes no placement: pods are listed, not placed; allocation is counted "
              "cluster-wide",
          .remedy = "none; the trace does not have it"};
}

std::optional<cluster::Gap> UnknownModelsGap(const OpenbTrace& trace) {
  std::set<std::string> unknown;
  for (const OpenbNode& node : trace.nodes) {
    if (node.gpus > 0 && KnownProduct(node.model).empty()) unknown.insert(node.model);
  }
  if (unknown.empty()) return std::nullopt;
  return cluster::Gap{.what = "GPU models " + Joined({unknown.begin(), unknown.end()}, ", "),
                      .why = "openb anonymises them: memory, MIG and price are unknown",
                      .remedy = "give them a price per GPU in a price file, by these names"};
}

std::optional<cluster::Gap> AssumedBoardsGap(const OpenbTrace& trace) {
  constexpr std::array<std::string_view, 3> kAssumed = {"P100", "V100M16", "V100M32"};
  const bool any = std::any_of(trace.nodes.begin(), trace.nodes.end(), [&](const OpenbNode& node) {
    return std::find(kAssumed.begin(), kAssumed.end(), node.model) != kAssumed.end();
  });
  if (!any) return std::nullopt;
  return cluster::Gap{.what = "boards of P100 and V100",
                      .why =
                          "openb does not publish their form; PCIe with 16 GB is assumed for "
                          "P100, SXM2 for V100",
                      .remedy = "none; the trace does not have it"};
}

std::optional<cluster::Gap> AlternativesGap(const OpenbTrace& trace) {
  const auto count = std::count_if(trace.tasks.begin(), trace.tasks.end(),
                                   [](const OpenbTask& task) { return task.models.size() > 1; });
  if (count == 0) return std::nullopt;
  return cluster::Gap{.what = "model choice of " + std::to_string(count) + " pods",
                      .why =
                          "a node selector cannot name several models; the choice is kept in "
                          "the annotation " +
                          std::string(kOpenbModelLabel),
                      .remedy = "none; it does not matter while pods are not placed"};
}

std::vector<cluster::Gap> GapsOf(const OpenbTrace& trace) {
  std::vector<cluster::Gap> gaps = {PlacementGap()};
  for (auto& gap : {UnknownModelsGap(trace), AssumedBoardsGap(trace), AlternativesGap(trace)}) {
    if (gap) gaps.push_back(*gap);
  }
  return gaps;
}

bool IsWritable(base::Time time) {
  using std::chrono::sys_days;
  using std::chrono::year;
  constexpr base::Time kEnd = sys_days(year(10'000) / 1 / 1);
  return time >= base::Time{} && time < kEnd;
}

}  // namespace

base::Result<cluster::Snapshot> ToSnapshot(const OpenbTrace& trace, const OpenbOptions& options) {
  if (!IsWritable(options.start) || !IsWritable(options.start + LastMoment(trace)) ||
      !IsWritable(options.taken_at.value_or(options.start))) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "openb: a time of the trace or of the snapshot would leave the years 1970 to "
                      "9999; choose another start");
  }
  cluster::Snapshot snapshot;
  snapshot.cluster = options.cluster;
  snapshot.taken_at = options.taken_at.value_or(options.start + LastMoment(trace));
  for (const OpenbNode& node : trace.nodes) snapshot.nodes.push_back(MakeNode(node, options.start));
  for (const OpenbTask& task : trace.tasks) snapshot.pods.push_back(MakePod(task, options.start));
  snapshot.namespaces = {{.name = std::string(kOpenbNamespace), .labels = {}}};
  snapshot.gaps = GapsOf(trace);
  cluster::Normalize(snapshot);
  return snapshot;
}

base::Result<cluster::Snapshot> ImportOpenb(std::string_view nodes_csv, std::string_view pods_csv,
                                            const OpenbOptions& options) {
  const auto trace = ReadOpenb({.nodes_csv = nodes_csv,
                                .pods_csv = pods_csv,
                                .nodes_name = options.nodes_name,
                                .pods_name = options.pods_name});
  if (!trace) return tl::unexpected(trace.error());
  return ToSnapshot(*trace, options);
}

cluster::Node AsClusterNode(const OpenbNode& node) { return MakeNode(node, {}); }

}  // namespace tangram::sim
