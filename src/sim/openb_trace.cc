#include "sim/openb_trace.h"

#include <array>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "sim/trace_table.h"

namespace tangram::sim {
namespace {

constexpr std::int64_t kMostMilliCpu = 1'000'000'000;  // a million cores
constexpr std::int64_t kMostMiB = 1'000'000'000;       // about a pebibyte
constexpr std::int64_t kMostGpus = 1024;               // of a node or a task
constexpr std::int64_t kMostSeconds = 100 * 365 * 86'400LL;
constexpr std::int64_t kWholeGpu = 1000;

const TraceTable::Columns& NodeColumns() {
  static const TraceTable::Columns columns{{"sn", "cpu_milli", "memory_mib", "gpu", "model"}, {}};
  return columns;
}

const TraceTable::Columns& PodColumns() {
  static const TraceTable::Columns columns{
      {"name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"},
      {{"gpu_spec", "qos"}, {"pod_phase", "creation_time", "deletion_time", "scheduled_time"}}};
  return columns;
}

constexpr std::array<std::pair<std::string_view, cluster::PodPhase>, 5> kPhases = {{
    {"Pending", cluster::PodPhase::kPending},
    {"Running", cluster::PodPhase::kRunning},
    {"Succeeded", cluster::PodPhase::kSucceeded},
    {"Failed", cluster::PodPhase::kFailed},
    {"Unknown", cluster::PodPhase::kUnknown},
}};

bool IsName(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return !text.empty() && text.size() <= 253 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsLabelValue(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  return !text.empty() && text.size() <= 63 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Names seen so far, with the line of each.
class Names {
 public:
  base::Result<std::string> Take(const TraceRow& row, std::string_view column) {
    std::string name(row.Text(column));
    if (!IsName(name)) {
      return row.Refuse(column, "write a name of lower-case letters, digits, '-' and '.'");
    }
    const auto [seen, is_new] = lines_.emplace(name, row.line());
    if (is_new) return name;
    return row.Refuse(column, "line " + std::to_string(seen->second) + " has this name; keep one");
  }

 private:
  std::unordered_map<std::string, int> lines_;
};

base::Result<OpenbNode> ReadNode(const TraceRow& row, Names& names) {
  auto name = names.Take(row, "sn");
  if (!name) return tl::unexpected(name.error());
  const auto cpu = row.Number("cpu_milli", kMostMilliCpu);
  if (!cpu) return tl::unexpected(cpu.error());
  const auto memory = row.Number("memory_mib", kMostMiB);
  if (!memory) return tl::unexpected(memory.error());
  const auto gpus = row.Number("gpu", kMostGpus);
  if (!gpus) return tl::unexpected(gpus.error());
  const std::string_view model = row.Text("model");
  if (*gpus == 0 && !model.empty()) return row.Refuse("model", "leave it blank where gpu is 0");
  if (*gpus > 0 && !IsLabelValue(model)) {
    return row.Refuse("model", "name the model, as the node has GPUs");
  }
  return OpenbNode{.name = std::move(*name),
                   .cpu = base::MilliCpu(*cpu),
                   .memory = base::MiB(*memory),
                   .gpus = static_cast<int>(*gpus),
                   .model = std::string(model)};
}

base::Result<base::MilliGpu> ReadShare(const TraceRow& row, std::int64_t gpus) {
  const auto share = row.Number("gpu_milli", kWholeGpu);
  if (!share) return tl::unexpected(share.error());
  if (gpus == 0 && *share != 0) return row.Refuse("gpu_milli", "write 0 where num_gpu is 0");
  if (gpus == 1 && *share == 0)
    return row.Refuse("gpu_milli", "write 1 to 1000 where num_gpu is 1");
  if (gpus > 1 && *share != kWholeGpu) {
    return row.Refuse("gpu_milli", "write 1000: only a task with one GPU can share it");
  }
  return base::MilliGpu(*share);
}

base::Result<std::vector<std::string>> ReadModels(const TraceRow& row) {
  std::vector<std::string> models;
  const std::string_view spec = row.Text("gpu_spec");
  if (spec.empty()) return models;
  for (const std::string_view model : base::Split(spec, '|')) {
    if (!IsLabelValue(model)) return row.Refuse("gpu_spec", "write models as T4 or T4|P100");
    models.emplace_back(model);
  }
  return models;
}

base::Result<cluster::PodPhase> ReadPhase(const TraceRow& row) {
  for (const auto& [name, phase] : kPhases) {
    if (row.Text("pod_phase") == name) return phase;
  }
  return row.Refuse("pod_phase", "write Pending, Running, Succeeded, Failed or Unknown");
}

base::Result<std::optional<std::chrono::seconds>> ReadMoment(const TraceRow& row,
                                                             std::string_view column) {
  if (row.Text(column).empty()) return std::nullopt;
  const auto seconds = row.Number(column, kMostSeconds);
  if (!seconds) return tl::unexpected(seconds.error());
  return std::chrono::seconds(*seconds);
}

// Phase and times, which the multigpu files and lists in order of arrival leave out.
base::Result<OpenbTask> ReadHistory(const TraceRow& row, OpenbTask task) {
  const auto phase = ReadPhase(row);
  if (!phase) return tl::unexpected(phase.error());
  task.phase = *phase;
  const auto created = ReadMoment(row, "creation_time");
  if (!created) return tl::unexpected(created.error());
  const auto scheduled = ReadMoment(row, "scheduled_time");
  if (!scheduled) return tl::unexpected(scheduled.error());
  const auto deleted = ReadMoment(row, "deletion_time");
  if (!deleted) return tl::unexpected(deleted.error());
  if (*created && *scheduled && **scheduled < **created) {
    return row.Refuse("scheduled_time", "write a time at or after creation_time");
  }
  if (*created && *deleted && **deleted < **created) {
    return row.Refuse("deletion_time", "write a time at or after creation_time");
  }
  task.created = *created;
  task.scheduled = *scheduled;
  task.deleted = *deleted;
  return task;
}

base::Result<OpenbTask> ReadTask(const TraceRow& row, Names& names) {
  auto name = names.Take(row, "name");
  if (!name) return tl::unexpected(name.error());
  const auto cpu = row.Number("cpu_milli", kMostMilliCpu);
  if (!cpu) return tl::unexpected(cpu.error());
  const auto memory = row.Number("memory_mib", kMostMiB);
  if (!memory) return tl::unexpected(memory.error());
  const auto gpus = row.Number("num_gpu", kMostGpus);
  if (!gpus) return tl::unexpected(gpus.error());
  const auto share = ReadShare(row, *gpus);
  if (!share) return tl::unexpected(share.error());
  auto models = ReadModels(row);
  if (!models) return tl::unexpected(models.error());
  OpenbTask task;
  task.name = std::move(*name);
  task.cpu = base::MilliCpu(*cpu);
  task.memory = base::MiB(*memory);
  task.gpus = static_cast<int>(*gpus);
  task.share = *share;
  task.models = std::move(*models);
  task.qos = std::string(row.Text("qos"));
  if (!task.qos.empty() && !IsLabelValue(task.qos)) {
    return row.Refuse("qos", "write a class such as LS or BE, or leave it blank");
  }
  return task;
}

base::Result<std::vector<OpenbNode>> ReadNodes(const OpenbFiles& files) {
  auto table = TraceTable::Open(files.nodes_name, files.nodes_csv, NodeColumns());
  if (!table) return tl::unexpected(table.error());
  std::vector<OpenbNode> nodes;
  Names names;
  for (;;) {
    const auto row = table->Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return nodes;
    auto node = ReadNode(**row, names);
    if (!node) return tl::unexpected(node.error());
    nodes.push_back(std::move(*node));
  }
}

base::Result<std::vector<OpenbTask>> ReadTasks(const OpenbFiles& files) {
  auto table = TraceTable::Open(files.pods_name, files.pods_csv, PodColumns());
  if (!table) return tl::unexpected(table.error());
  const bool has_history = table->HasColumn("pod_phase");
  std::vector<OpenbTask> tasks;
  Names names;
  for (;;) {
    const auto row = table->Next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return tasks;
    auto task = ReadTask(**row, names);
    if (task && has_history) task = ReadHistory(**row, std::move(*task));
    if (!task) return tl::unexpected(task.error());
    tasks.push_back(std::move(*task));
  }
}

}  // namespace

base::Result<OpenbTrace> ReadOpenb(const OpenbFiles& files) {
  auto nodes = ReadNodes(files);
  if (!nodes) return tl::unexpected(nodes.error());
  auto tasks = ReadTasks(files);
  if (!tasks) return tl::unexpected(tasks.error());
  return OpenbTrace{std::move(*nodes), std::move(*tasks)};
}

}  // namespace tangram::sim
