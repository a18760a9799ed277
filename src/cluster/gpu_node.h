// What our agent on a node says of the node's cards, and what it was asked to make of them: a
// GpuNode (docs/agent.md), as the control plane reads it.
//
// Plain values, as the agent wrote them; when that was says `observed_at`, by the agent's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/condition.h"
#include "cluster/node.h"

namespace tangram::cluster {

// An instance at its place: its first memory slice.
struct CutInstance {
  std::string profile{};  // NVIDIA's spelling
  int start = 0;
  friend auto operator<=>(const CutInstance&, const CutInstance&) = default;
};

// How a card is to be cut.
struct CutCard {
  std::string uuid{};
  int gpu = 0;                           // index on the node, for people
  bool mig = false;                      // whether MIG is on
  std::vector<CutInstance> instances{};  // by start; none where MIG is off
  bool operator==(const CutCard&) const = default;
};

struct CutOrder {
  std::string operation{};  // who asks
  std::vector<CutCard> cards{};
  bool operator==(const CutOrder&) const = default;
};

// What became of an order.
struct CutAnswer {
  enum class State { kRunning, kDone, kFailed };
  std::string operation{};
  std::int64_t generation = 0;  // of the GpuNode's spec
  State state = State::kRunning;
  std::string reason{};   // "InUse"; docs/agent.md has them all
  std::string message{};  // for a person
  bool operator==(const CutAnswer&) const = default;
};

struct ReportedInstance {
  CutInstance at{};
  std::string id{};     // NVML's number on its card
  bool in_use = false;  // by a process, or held by a pod
  std::vector<DeviceHolder> holders{};
  bool operator==(const ReportedInstance&) const = default;
};

struct ReportedCard {
  int index = 0;
  std::string uuid{};
  bool readable = false;                      // false: it fell off the bus, or was not read
  bool mig = false;                           // is on
  bool mig_pending = false;                   // is on after the next reset
  bool in_use = false;                        // by a process, or a pod holds it as a whole
  std::vector<DeviceHolder> holders{};        // of the whole card
  std::vector<ReportedInstance> instances{};  // by start
  bool operator==(const ReportedCard&) const = default;
};

struct GpuNode {
  std::string name{};  // of its node
  base::Time observed_at{};
  std::vector<Condition> conditions{};  // Ready
  std::vector<ReportedCard> cards{};    // by index
  std::optional<CutOrder> order{};
  std::optional<CutAnswer> answer{};

  // Of the object in the cluster.
  std::string version{};        // resourceVersion
  std::int64_t generation = 0;  // of the spec
  bool operator==(const GpuNode&) const = default;
};

// The answer to the order as it stands now; nullptr: it was not taken up yet, or none stands.
inline const CutAnswer* AnswerOf(const GpuNode& node) {
  const bool answers = node.order && node.answer && node.answer->generation == node.generation &&
                       node.answer->operation == node.order->operation;
  return answers ? &*node.answer : nullptr;
}

}  // namespace tangram::cluster
