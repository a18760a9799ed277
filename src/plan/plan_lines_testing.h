// Plans as lines of text, for tests that say what a plan does.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/validate.h"

namespace tangram::plan::testing {

// The plan, after it was checked against its snapshot.
inline Plan Checked(cluster::Snapshot& snapshot, const PlanPolicy& policy = {}) {
  cluster::Normalize(snapshot);
  Plan plan = MakePlan(snapshot, policy);
  EXPECT_THAT(Validate(plan, snapshot, policy), ::testing::IsEmpty());
  return plan;
}

// "place ns/a on n", a line each.
inline std::vector<std::string> Lines(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Action& action : plan.actions) {
    if (const auto* evict = std::get_if<EvictPod>(&action.change)) {
      lines.push_back("evict " + evict->pod.name + " on " + evict->node + " for " + evict->by.name);
    } else if (const auto* stop = std::get_if<StopPod>(&action.change)) {
      lines.push_back("stop " + stop->pod.name + " on " + stop->node);
    } else if (const auto* resize = std::get_if<ResizePod>(&action.change)) {
      lines.push_back("resize " + resize->pod.name + " from " + resize->from + " to " + resize->to +
                      " " + resize->resource_after);
    } else if (const auto* place = std::get_if<PlacePod>(&action.change)) {
      lines.push_back("place " + place->pod.name + " on " + place->node);
    } else if (const auto* move = std::get_if<MovePod>(&action.change)) {
      lines.push_back("move " + move->pod.name + " from " + move->from + " to " + move->to);
    } else if (const auto* share = std::get_if<Reshare>(&action.change)) {
      lines.push_back("share " + share->node + " " + std::to_string(share->to));
    } else if (const auto* cut = std::get_if<Repartition>(&action.change)) {
      std::string line = "cut " + cut->node + "/" + std::to_string(cut->gpu) + ":";
      for (const PlacedInstance& instance : cut->to) {
        line += " " + instance.profile + "@" + std::to_string(instance.start.value_or(-1));
      }
      lines.push_back(line);
    } else if (const auto* add = std::get_if<AddNode>(&action.change)) {
      lines.push_back("add " + add->node + " like " + add->like);
    } else if (const auto* back = std::get_if<GiveBack>(&action.change)) {
      lines.push_back("give back " + back->node);
    }
  }
  return lines;
}

inline std::string WaitsFor(const Plan& plan, const std::string& pod) {
  for (const Waiting& waiting : plan.waiting) {
    if (waiting.pod.name == pod) return std::string(NameOf(waiting.reason));
  }
  return "";
}

}  // namespace tangram::plan::testing
