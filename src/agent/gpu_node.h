// The GpuNode object of this node: what its status says of the node's GPUs, and what its spec asks.
// Pure. docs/agent.md and deploy/crds/tangram.dev_gpunodes.yaml have the form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/layout.h"
#include "agent/node_state.h"
#include "base/clock.h"
#include "base/result.h"
#include "kube/call.h"
#include "kube/resource.h"

namespace tangram::agent {

const kube::Resource& GpuNodes();
kube::Call GetNodeCall(const std::string& node);

// Who else cuts the cards of this Node, and what to do about it; empty: nobody that says so.
// kUnavailable: it is no Node.
base::Result<std::string> OtherOwnerOf(std::string_view node);

// How the cards are to be cut.
struct Order {
  std::string operation;        // who asks, and again after a failure under another generation
  std::int64_t generation = 0;  // metadata.generation
  std::vector<CardLayout> cards;
};

enum class OrderState { kRunning, kDone, kFailed };

// What became of an order. Running is written before the first step, with what to go back to.
struct OrderAnswer {
  std::string operation;
  std::int64_t generation = 0;
  OrderState state = OrderState::kRunning;
  std::string reason;   // "Cut", or NameOf(CutReason), or "NotUndone"
  std::string message;  // what is not done: what happened, what stands now, what to do
  std::vector<CardLayout> before;
  base::Time began{};
  std::optional<base::Time> ended;
  bool Answers(const Order& order) const {
    return operation == order.operation && generation == order.generation;
  }
};

// Of the object, what the agent goes by.
struct SeenGpuNode {
  std::optional<Order> order;
  std::optional<OrderAnswer> answer;
};

// kInvalid: it is no GpuNode, or its order or answer cannot be read. The API server holds them to
// the schema.
base::Result<SeenGpuNode> ReadGpuNode(std::string_view json);

struct Report {
  std::string status;  // JSON
  std::string gist;    // of it, what is worth a write by itself; the rest comes along
};

// `now` by the wall's clock; `since`: when Ready last changed, for which whoever reports keeps it.
struct ReadyNow {
  bool ready = false;
  std::string reason;
  std::string message;
  base::Time since{};
};
ReadyNow ReadyOf(const NodeState& state);
Report ReportOf(const NodeState& state, const ReadyNow& ready,
                const std::optional<OrderAnswer>& answer, base::Time now);

// Who holds what of the card, by the kubelet's list.
Holders HoldersOf(const PodDevices& devices, const Card& card);

}  // namespace tangram::agent
