// The nodes of a simulation: which are on, since when, and what that costs.
//
// A node is off, booting or on. It is paid for from the moment that it is asked for, as clouds
// bill. One thread; borrows the scenario.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sim/scenario.h"

namespace tangram::sim {

class Fleet {
 public:
  explicit Fleet(const Scenario& scenario);

  enum class Power { kOff, kBooting, kOn };
  struct Node {
    Power power = Power::kOff;
    Milliseconds since{};    // asked for
    std::uint32_t life = 0;  // how often it was asked for: older events do not concern it
    std::uint32_t busy = 0;  // how often it stopped being empty, likewise
    std::vector<std::uint32_t> jobs{};  // on it, a job once for each member there
    plan::NodeState promised{};         // while it boots: what is left for others
    std::vector<std::uint32_t> promised_to{};
  };
  const Node& at(std::size_t node) const { return nodes_[node]; }
  const NodeGroup& group_of(std::size_t node) const {
    return scenario_.groups[scenario_.nodes[node].group];
  }

  void Ask(std::size_t node, Milliseconds now);
  void Ready(std::size_t node);
  // It is paid for until now. Jobs have left it.
  void TurnOff(std::size_t node, Milliseconds now);
  void Enter(std::size_t node, std::uint32_t job);
  void Leave(std::size_t node, std::uint32_t job);
  // On or booting.
  std::int64_t present(std::uint32_t group) const { return present_[group]; }
  std::int64_t on() const { return on_; }
  base::MilliGpu capacity() const { return capacity_; }  // of the nodes that are on

  // Whether Promise could find anything at all.
  bool CanGrow() const;
  // Room for `job` on nodes that boot, and on others that are asked for now, cheapest per GPU
  // first. Returns the latter; nothing, and nothing is changed, where all of them would not do.
  std::optional<std::vector<std::size_t>> Promise(std::uint32_t job, const plan::Shape& shape,
                                                  std::int64_t members, Milliseconds now);

  // Until `end`, for every node-time so far: of a group.
  Milliseconds paid(std::uint32_t group, Milliseconds end) const;
  // Of all groups with a rate.
  base::MicroUsd Spent(Milliseconds end) const;

 private:
  // What would be left for others on nodes that are off or boot.
  using Left = std::map<std::size_t, plan::NodeState>;
  std::optional<std::size_t> RoomFor(const plan::Shape& shape, const Left& left) const;

  const Scenario& scenario_;
  std::vector<Node> nodes_;
  std::vector<std::set<std::size_t>> off_;  // by group
  std::set<std::size_t> booting_;
  std::vector<std::uint32_t> by_cost_;  // groups
  std::vector<std::int64_t> present_;   // by group
  std::vector<Milliseconds> paid_;      // by group, of nodes that were turned off
  std::vector<Milliseconds> begun_;     // by group: the sum of `since` of those present
  std::int64_t on_ = 0;
  base::MilliGpu capacity_;
};

// rate x time, exact to the micro-dollar, rounded toward zero. Up to $100,000/h for 10,000 years.
base::MicroUsd CostOf(base::MicroUsdPerHour rate, Milliseconds time);

}  // namespace tangram::sim
