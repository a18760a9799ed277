// Our agent with the device plugin and feature discovery of one node, as they act and fail, in the
// test's own time; and the node's GpuNode.
//
// From src/agent (orders.h, cut.h): each generation of the spec is carried out once; "Running" is
// written before the first step; where a step fails the cards are cut as before; what is in use is
// not destroyed. An agent that was killed goes on from what the card has.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/gpu_node.h"
#include "control/node_layout.h"

namespace tangram::control::testing {

enum class AgentFault {
  kNone,
  kIsGone,       // nobody takes the order up
  kHangs,        // Running, and the driver never answers
  kRefuses,      // the driver refused: the cards are as before
  kInUse,        // somebody uses what has to go
  kNotUndone,    // a step failed, and the former layout could not be made again
  kResets,       // takes its time, and is away for a while
  kPluginBlind,  // the device plugin does not look again
};

class FakeAgent {
 public:
  using Cards = std::map<int, std::vector<cluster::CutInstance>>;  // by index; empty: MIG is off

  std::vector<AgentFault> faults{};                   // what befalls its first orders, one each
  Cards cards{};                                      // the hardware
  std::vector<cluster::CutInstance> in_use{};         // of card 0
  std::vector<cluster::DeviceHolder> told_holders{};  // of what is in use, where the kubelet tells
  cluster::GpuNode object{};                          // in the API server
  bool runs = true;

  void Begin(const std::string& node, base::Time now) {
    object = {.name = node, .generation = 1};
    Write(now);
  }

  // Who writes the spec.
  void Order(cluster::CutOrder order) {
    if (object.order != order) ++object.generation;
    object.order = std::move(order);
    Touch();
  }

  // Looks at the spec, and goes on with what it is at. Whether the object or the node changed.
  bool Run(cluster::Node& node, base::Time now) {
    if (!runs) return false;
    const cluster::Node before = node;
    const std::string version = object.version;
    if (due_ && now >= *due_) Carry(node, now);
    if (!due_ && object.order && taken_ != object.generation) TakeUp(now);
    const base::Milliseconds since = now - object.observed_at;
    const bool due = since >= base::Milliseconds(in_use == told_ ? 300'000 : 10'000);
    if (due && !IsSilent()) Write(now);
    return node != before || object.version != version;
  }

  // What the node says of the hardware.
  void Show(cluster::Node& node) const {
    node.devices.clear();
    std::map<std::string, std::int64_t> offers;
    for (cluster::Gpu& gpu : node.gpus) {
      gpu.uuid = UuidOf(gpu.index);
      gpu.instances.clear();
      for (const auto& one : cards.at(gpu.index)) {
        gpu.instances.push_back({.profile = one.profile, .start = one.start, .id = ""});
        ++offers["nvidia.com/mig-" + one.profile];
      }
      const bool whole = gpu.instances.empty();
      if (whole) ++offers["nvidia.com/gpu"];
      gpu.layout = whole ? cluster::LayoutSource::kNone : cluster::LayoutSource::kObserved;
    }
    for (const auto& [name, count] : offers) node.devices.push_back({name, count});
  }

  static std::string UuidOf(int gpu) { return "GPU-" + std::to_string(gpu); }

 private:
  // A new generation is taken up in place of one that it is at, behind it.
  void TakeUp(base::Time now) {
    taken_ = object.generation;
    fault_ = faults.empty() ? AgentFault::kNone : faults.front();
    if (!faults.empty()) faults.erase(faults.begin());
    if (IsSilent()) return;
    Answer(cluster::CutAnswer::State::kRunning, "", now);
    const bool slow = fault_ == AgentFault::kResets;
    if (fault_ != AgentFault::kHangs) due_ = now + base::Milliseconds(slow ? 40'000 : 5'000);
  }

  void Carry(cluster::Node& node, base::Time now) {
    due_.reset();
    const std::vector<cluster::ResourceCount> offer = node.devices;
    using enum cluster::CutAnswer::State;
    if (taken_ != object.generation) return;  // the next one is taken up
    if (fault_ == AgentFault::kRefuses) return Answer(kFailed, "DriverRefused", now);
    if (fault_ == AgentFault::kInUse || Destroys()) return Answer(kFailed, "InUse", now);
    for (const cluster::CutCard& cut : object.order->cards) {
      const bool lost = fault_ == AgentFault::kNotUndone;
      cards[IndexOf(cut.uuid)] = lost ? in_use : cut.instances;
    }
    Show(node);
    if (fault_ == AgentFault::kPluginBlind) node.devices = offer;
    if (fault_ == AgentFault::kNotUndone) return Answer(kFailed, "NotUndone", now);
    Answer(kDone, "Cut", now);
  }

  bool Destroys() const {
    return std::any_of(in_use.begin(), in_use.end(), [&](const cluster::CutInstance& used) {
      const auto& order = object.order->cards;
      const auto of_first = std::find_if(order.begin(), order.end(),
                                         [](const auto& cut) { return IndexOf(cut.uuid) == 0; });
      return of_first != order.end() &&
             std::find(of_first->instances.begin(), of_first->instances.end(), used) ==
                 of_first->instances.end();
    });
  }

  void Answer(cluster::CutAnswer::State state, std::string reason, base::Time now) {
    object.answer = {object.order->operation, object.generation, state, std::move(reason), "so"};
    Write(now);
  }

  void Write(base::Time now) {
    object.observed_at = now;
    told_ = in_use;
    object.conditions = {{"Ready", true, "Reading", "", now}};
    object.cards.clear();
    for (const auto& [index, instances] : cards) {
      cluster::ReportedCard& card = object.cards.emplace_back();
      card.index = index;
      card.uuid = UuidOf(index);
      card.readable = true;
      card.mig = !instances.empty();
      for (const cluster::CutInstance& one : instances) {
        const bool used =
            index == 0 && std::find(in_use.begin(), in_use.end(), one) != in_use.end();
        card.instances.push_back(
            {one, "", used, used ? told_holders : std::vector<cluster::DeviceHolder>()});
      }
    }
    Touch();
  }
  void Touch() { object.version = std::to_string(++version_); }

  static int IndexOf(const std::string& uuid) { return std::stoi(uuid.substr(4)); }
  bool IsSilent() const { return fault_ == AgentFault::kIsGone; }

  std::vector<cluster::CutInstance> told_{};  // to be in use
  std::int64_t taken_ = 0;
  AgentFault fault_ = AgentFault::kNone;
  std::optional<base::Time> due_{};
  int version_ = 0;
};

}  // namespace tangram::control::testing
