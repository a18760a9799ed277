// The openb trace as a snapshot, so that every command that reads one runs on it.
//
// Pure; the caller reads the files. What the trace does not say is left open and listed in
// Snapshot::gaps.
//   * Placement: no node is published for a pod. Pods keep their published phase and have no node,
//     so allocation is counted for the cluster as a whole.
//   * Models: G2 and G3 are anonymised and stay unknown products. T4, P100, V100M16, V100M32 and
//     A10 become product names; the trace names neither the form of a V100 (SXM2 is assumed) nor
//     the form and memory of a P100 (PCIe, 16 GB is assumed). Memory of cards is not reported.
//   * Whole GPUs are asked for as nvidia.com/gpu. A part of one is asked for as
//     alibabacloud.com/gpu-milli (thousandths of one card), the name that the published simulator
//     of this cluster (hkust-adsl/kubernetes-scheduler-simulator) and its GPU-sharing plugin use; a
//     node offers 1000 for each card, beside and not on top of its nvidia.com/gpu.
//   * gpu_spec is kept as published in the annotation alibabacloud.com/gpu-card-model; where it
//     names one model it is also a node selector on the label of that name. A node selector cannot
//     say "T4 or P100".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/snapshot.h"
#include "sim/openb_trace.h"

namespace tangram::sim {

inline constexpr std::string_view kOpenbNamespace = "openb";
inline constexpr std::string_view kOpenbShareResource = "alibabacloud.com/gpu-milli";
inline constexpr std::string_view kOpenbModelLabel = "alibabacloud.com/gpu-card-model";
inline constexpr std::string_view kOpenbQosLabel = "openb/qos";

struct OpenbOptions {
  base::Time start{};                    // when the trace's second 0 is; 1970-01-01 by default,
                                         // since the trace publishes no date
  std::optional<base::Time> taken_at{};  // default: the last moment that the trace names
  std::string cluster = "openb";
  std::string nodes_name = "nodes";  // how errors call the files
  std::string pods_name = "pods";
};

// The result is normalised. Fails as ReadOpenb does, and where a time leaves the years 1970-9999.
base::Result<cluster::Snapshot> ImportOpenb(std::string_view nodes_csv, std::string_view pods_csv,
                                            const OpenbOptions& options);

// The same from a trace that is read already.
base::Result<cluster::Snapshot> ToSnapshot(const OpenbTrace& trace, const OpenbOptions& options);

// One node, as it is in a snapshot of a trace that starts at 1970-01-01.
cluster::Node AsClusterNode(const OpenbNode& node);

}  // namespace tangram::sim
