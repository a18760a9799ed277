// A plan as an object that waits for approval, and how far it is carried out: the GpuPlan.
//
// Plain values; objects/read_plans.h reads them, report/plan_json.h and report/status_json.h write
// them, control/proposals.h decides what becomes of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/condition.h"
#include "plan/plan.h"

namespace tangram::plan {

// Of an action that has begun.
struct ActionRecord {
  enum class State {
    kRunning,
    kDone,
    kFailed,
    kSkipped,  // the cluster had changed, so that it no longer made sense
  };
  int id = 0;
  State state = State::kRunning;
  std::optional<base::Time> started_at{};
  std::optional<base::Time> finished_at{};
  std::string pod_uid{};  // of the pod that goes: not of one that came after it
  std::string message{};
  bool operator==(const ActionRecord&) const = default;
};

struct Proposal {
  std::string name{};
  std::string pool{};  // whose plan it is
  bool approved = false;
  base::Time taken_at{};  // when the cluster was looked at
  Plan plan{};            // `waiting` is empty: an object does not say it

  // Status.
  std::vector<ActionRecord> records{};  // by id
  std::vector<cluster::Condition> conditions{};

  // Of the object in a cluster.
  std::string uid{};
  std::string version{};        // resourceVersion
  std::int64_t generation = 0;  // of the spec
  base::Time created_at{};
  bool ours = false;  // Tangram made it, and may delete it
  bool operator==(const Proposal&) const = default;
};

// Whether nothing more becomes of it: it is done, or failed, or another took its place.
bool IsOver(const Proposal& proposal);
// Whether it is carried out as far as we can: what is left is for people to do.
bool WaitsForPeople(const Proposal& proposal);

// Its name: of the pool and of what the actions change, so that equal plans have equal names. Valid
// in every cluster.
std::string ProposalName(std::string pool, const Plan& plan);

// What an object holds at most.
inline constexpr std::size_t kMostActions = 1'000;

// The plan of a pool as it is proposed: of more than kMostActions actions the first, which are a
// plan too.
Proposal Propose(const std::string& pool, Plan plan, base::Time taken_at);

}  // namespace tangram::plan
