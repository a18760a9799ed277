// What a pod says of itself that decides how it may share a GPU.
//
//   label tangram.dev/isolation       Exclusive: the card to itself · Hardware: at least a MIG
//                                     instance to itself · Shared, or no label: it may share
//   label tangram.dev/latency         Sensitive: it has a latency to keep · Tolerant, or no label
//   label tangram.dev/workload        development (the notebooks of Kubeflow and JupyterHub are
//                                     known by their own labels)
//   label tangram.dev/interruptible   "true": it may run on spot
//   annotation tangram.dev/gpu-memory "10Gi": what it needs of the memory of each GPU it gets
//
// A value that is none of these is read as the one that asks for most: Exclusive, Sensitive, not
// interruptible. What somebody asked for and misspelt is not traded away.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "cluster/pod.h"

namespace tangram::plan {

enum class Isolation { kShared, kHardware, kExclusive };
Isolation IsolationOf(const cluster::Pod& pod);

bool IsLatencySensitive(const cluster::Pod& pod);
bool IsDevelopment(const cluster::Pod& pod);
bool IsInterruptible(const cluster::Pod& pod);
// Whether its node selector names a capacity type: then the choice is made.
bool SelectsCapacity(const cluster::Pod& pod);
// It says so, and selects no capacity type.
bool MayRunOnSpot(const cluster::Pod& pod);

// All that a pod says here, as text that equal pods have in common.
std::string WordsAboutSharing(const cluster::Pod& pod);

// Rounded up to a MiB. Nothing where it is not said, or cannot be read.
std::optional<base::MiB> MemoryAsked(const cluster::Pod& pod);

// "10Gi", "1.5G", "500000000": an amount of memory as Kubernetes writes it, at most 8 EiB, rounded
// up to a MiB. Nothing where it is none.
std::optional<base::MiB> ParseMemory(std::string_view text);

}  // namespace tangram::plan
