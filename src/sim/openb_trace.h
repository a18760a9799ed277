// The openb trace as published: Alibaba's cluster-trace-gpu-v2023 (repository alibaba/clusterdata),
// a production cluster of 1,523 nodes and 6,212 GPUs with 8,152 tasks over 149 days.
//
// Nodes: sn, cpu_milli, memory_mib, gpu, model. Pods: name, cpu_milli, memory_mib, num_gpu,
// gpu_milli and, except in the multigpu files, gpu_spec, qos, pod_phase, creation_time,
// deletion_time, scheduled_time (seconds from the start of the trace).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "cluster/pod.h"

namespace tangram::sim {

struct OpenbNode {
  std::string name;
  base::MilliCpu cpu;
  base::MiB memory;
  int gpus = 0;
  std::string model;  // "T4", "V100M32", or anonymised as "G2"; empty exactly where gpus is 0
  bool operator==(const OpenbNode&) const = default;
};

struct OpenbTask {
  std::string name;
  base::MilliCpu cpu;
  base::MiB memory;
  int gpus = 0;
  base::MilliGpu share;             // of each of its GPUs; below 1000 only where gpus is 1
  std::vector<std::string> models;  // any of these; empty: any at all
  std::string qos;                  // "LS" latency-sensitive, "BE" best effort, ...; may be empty
  cluster::PodPhase phase = cluster::PodPhase::kPending;
  // From the start of the trace; absent in files without times, and where nothing happened.
  std::optional<std::chrono::seconds> created;
  std::optional<std::chrono::seconds> scheduled;
  std::optional<std::chrono::seconds> deleted;
  bool operator==(const OpenbTask&) const = default;
};

struct OpenbFiles {
  std::string_view nodes_csv;
  std::string_view pods_csv;
  std::string nodes_name = "nodes";  // how errors call the files
  std::string pods_name = "pods";
};

struct OpenbTrace {
  std::vector<OpenbNode> nodes;  // in file order; names are unique
  std::vector<OpenbTask> tasks;
};

// Strict: the first cell that is wrong ends it, with file, line, column, what was found, remedy.
base::Result<OpenbTrace> ReadOpenb(const OpenbFiles& files);

}  // namespace tangram::sim
