// What the agent knows now, as /metrics shows it: a plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "agent/attribution.h"
#include "agent/inventory.h"
#include "agent/reading.h"
#include "base/clock.h"

namespace tangram::agent {

struct CardNow {
  Reading reading;
  bool tells_use = false;  // of its processes
  bool given_up = false;   // it hung, and is left alone
};

// A pod's container at a place, with what it used up to now.
struct PodNow {
  PodUse use;
  std::optional<double> sm_ratio;    // in the last period
  std::optional<double> sm_seconds;  // since the agent first saw it
};

struct OtherNow {
  OtherUse use;
  std::optional<double> sm_ratio;
};

struct KubeletNow {
  bool asked = false;
  std::string error;                   // empty: it answers
  std::optional<base::Time> answered;  // last
  std::uint64_t failures = 0;
  int unknown_devices = 0;
};

struct NodeState {
  std::string idle;  // why there is nothing to read; empty: there is
  Driver driver;
  std::vector<CardNow> cards;  // by index
  std::map<std::pair<Place, PodRef>, PodNow> pods;
  std::map<std::pair<Place, OwnerKind>, OtherNow> others;
  std::map<std::tuple<std::string, int, std::uint64_t>, std::uint64_t> xids;  // uuid, index, XID
  KubeletNow kubelet;
  std::optional<base::Time> sampled_at;
  double sample_seconds = 0;  // how long it took
  std::uint64_t samples = 0;
  std::uint64_t failed = 0;   // samples in which something did not answer
  std::uint64_t refused = 0;  // samples of processes that made no sense
  bool events_watched = false;
  int hung_calls = 0;
  // Pods that are held to a part of a card's memory, and to how much; by uuid and pod.
  std::map<std::pair<std::string, PodRef>, base::MiB> memory_limits;
};

// The page of /metrics: docs/agent.md says what each is.
std::string RenderMetrics(const NodeState& state, const std::string& version);

}  // namespace tangram::agent
