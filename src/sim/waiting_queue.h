// Jobs that wait, most urgent first: priority, then arrival, then number.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "sim/scenario.h"

namespace tangram::sim {

// Jobs that ask alike stand in one line: where the first of a line finds no room, none of it does.
class WaitingQueue {
 public:
  // Borrows the scenario.
  explicit WaitingQueue(const Scenario& scenario);

  struct Turn {
    int urgency = 0;  // less is more urgent
    Milliseconds arrival{};
    std::uint32_t job = 0;
    friend auto operator<=>(const Turn&, const Turn&) = default;
  };
  using Line = std::set<Turn>;

  void Add(std::uint32_t job);
  void Remove(std::uint32_t job);
  // The line of an ask.
  const Line& LineOf(std::uint32_t ask) const { return lines_[ask]; }
  // Asks that jobs wait for, ascending.
  const std::set<std::uint32_t>& asks() const { return asks_; }

  // A job that room is promised to on a node that boots; until it is taken back.
  void Promise(std::uint32_t job);
  void TakeBack(std::uint32_t job);
  // The most urgent of the line without a promise.
  std::optional<std::uint32_t> Unpromised(std::uint32_t ask) const;

  // Offers `asks` room: the most urgent of all their jobs first. `start` says whether it runs now;
  // then it waits no longer. Each line is left at its first job that does not.
  void Offer(const std::vector<std::uint32_t>& asks,
             const std::function<bool(std::uint32_t)>& start);

 private:
  Turn TurnOf(std::uint32_t job) const;

  const Scenario& scenario_;
  std::vector<Line> lines_;       // by ask
  std::vector<Line> unpromised_;  // by ask
  std::set<std::uint32_t> asks_;
};

}  // namespace tangram::sim
