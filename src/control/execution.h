// An approved plan, carried out: what is due, what is done, what is left to people.
//
// A saga: that an action begins is written into the plan's status before it is done, with the uid
// of the pod that goes; each can be done twice without harm, and what is done is read back from the
// cluster. So whoever takes over goes on where the last one was killed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/snapshot.h"
#include "control/actuator.h"
#include "control/operations.h"
#include "plan/proposal.h"

namespace tangram::control {

struct ExecutionOptions {
  int most_at_once = 5;                        // pods of one plan that are being evicted
  base::Milliseconds action_limit{1'800'000};  // for one action, budgets that say "later" included
  base::Milliseconds ask_again{5'000};         // between two requests to evict one pod
};

enum class Begin { kYes, kNo };

struct ExecutionStep {
  std::vector<plan::ActionRecord> records{};  // as they are to be from now on, by id
  // Pods of records that ran before this step already: only what is written down is done.
  std::vector<Evict> evict{};
  // Likewise, actions that an operation is to carry out, by node.
  std::map<std::string, std::vector<int>> operate{};
  int running = 0;
  int done = 0;
  int failed = 0;
  int skipped = 0;
  int for_people = 0;       // could be done now, and not by us
  int waiting = 0;          // for others, or for their turn
  std::string waits_for{};  // why the first operation cannot begin yet, and what to do; or empty
  bool over() const { return running + for_people + waiting == 0; }
};

// What an approved plan is carried out by. Borrowed.
struct ExecutionDeps {
  const cluster::Snapshot& snapshot;
  const plan::Pool& pool;
  const Operations& operations;
};

// The next step of an approved plan. What is not carried out here is for people, and counts as done
// once the cluster shows it: of nodes, only what Operations::CarriesOut changes here. kNo:
// nothing that has not begun begins.
ExecutionStep NextStep(const plan::Proposal& plan, const ExecutionDeps& deps, Begin begin,
                       const ExecutionOptions& options, base::Time now);

}  // namespace tangram::control
