// Whether a plan keeps pods together that belong together; a part of plan/validate.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cluster/gang.h"
#include "plan/plan.h"
#include "plan/validate_pods.h"

namespace tangram::plan {

// A node as it is once the actions so far are carried out.
struct NodeCount {
  const cluster::Node* like = nullptr;
  bool is_new = false;
  bool as_spot = false;  // though `like` is not
  bool gone = false;
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::map<std::string, std::int64_t> free{};
  std::vector<const cluster::Pod*> pods{};  // in any order

  bool Has(const cluster::Pod* pod) const {
    return std::find(pods.begin(), pods.end(), pod) != pods.end();
  }
};

// What a plan comes to. Refers to what it is made of.
struct Outcome {
  const std::map<std::string, NodeCount>& nodes;
  const PodTable& pods;
  const std::set<PodName>& placed;
  const std::map<PodName, PodName>& evicted;  // for whom
  const cluster::GangBook& gangs;
  // Waited when the plan was made, or is made to wait by it.
  bool Waits(const cluster::Pod& pod) const;
};

// What is wrong with it, a sentence each:
//   - a gang is placed, or evicted, in part, or placed before all its pods are there;
//   - a gang that has to be in one domain is in several;
//   - a pod is evicted for one that is not placed.
std::vector<std::string> ValidateGangs(const Outcome& outcome);

}  // namespace tangram::plan
