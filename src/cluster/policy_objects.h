// Objects that limit what may be done: budgets, quotas, queues, priorities, gangs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/selector.h"

namespace tangram::cluster {

struct DisruptionBudget {
  std::string ns;
  std::string name;
  Labels match_labels;  // both empty: selects every pod of the namespace
  std::vector<SelectorTerm> match_expressions;
  std::int64_t disruptions_allowed = 0;
  bool operator==(const DisruptionBudget&) const = default;
};
bool Selects(const DisruptionBudget& budget, std::string_view ns, const Labels& labels);

struct Quota {
  std::string ns;
  std::string name;
  std::vector<ResourceCount> hard;  // GPU resources only: "requests.nvidia.com/gpu"
  std::vector<ResourceCount> used;
  bool operator==(const Quota&) const = default;
};

struct QueueResource {
  std::string flavor;
  std::string resource;
  std::int64_t nominal = 0;
  std::int64_t used = 0;
  std::int64_t borrowed = 0;
  bool operator==(const QueueResource&) const = default;
};

// A Kueue ClusterQueue.
struct Queue {
  std::string name;
  std::string cohort;
  std::vector<QueueResource> resources;
  std::int64_t pending_workloads = 0;
  std::int64_t admitted_workloads = 0;
  bool operator==(const Queue&) const = default;
};

// A Kueue LocalQueue: how a namespace reaches a ClusterQueue.
struct LocalQueue {
  std::string ns;
  std::string name;
  std::string queue;
  std::int64_t pending_workloads = 0;
  bool operator==(const LocalQueue&) const = default;
};

struct PriorityClass {
  std::string name;
  std::int64_t value = 0;
  bool preempts = true;
  bool global_default = false;  // of pods that name none
  bool operator==(const PriorityClass&) const = default;
};

struct GangSize {
  std::string gang;
  std::int64_t pods = 1;  // that start together; 1: each by itself
  bool operator==(const GangSize&) const = default;
};

// An object that says how many pods are of a gang: a Job or a JobSet that is not over and whose
// pods carry the label tangram.dev/gang, or a PodGroup.
struct GangOwner {
  std::string ns;
  std::string name;  // as kubectl takes it: "jobs.batch/train"
  std::vector<GangSize> gangs;
  bool operator==(const GangOwner&) const = default;
};

struct Namespace {
  std::string name;
  Labels labels;
  bool operator==(const Namespace&) const = default;
};

}  // namespace tangram::cluster
