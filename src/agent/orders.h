// Carries out what the GpuNode's spec asks, once, and says what became of it.
#pragma once

#include <functional>
#include <optional>

#include "agent/cut.h"
#include "agent/gpu_node.h"
#include "base/clock.h"

namespace tangram::agent {

// Not thread-safe. Blocks while it cuts.
class Orders {
 public:
  struct Deps {
    Cutter cutter;
    // Who else cuts this node's cards; empty: nobody. An error: it is not known yet.
    std::function<base::Result<std::string>()> other_owner;
    // Has the device plugin look at the cards again; what is left to do for a person, or nothing.
    std::function<std::string()> look_again;
    const base::Clock& clock;  // the wall's: its times are told
    std::function<void(const std::string&)> log;
  };
  explicit Orders(Deps deps) : deps_(std::move(deps)) {}

  // The object as it is now. What it answers counts from the first time on: a process before this
  // one may have been killed in the middle.
  void See(SeenGpuNode seen);
  // Before that nothing may be written: it would wipe what a process before this one wrote.
  bool seen() const { return seen_; }

  // What is to be written after a step.
  enum class Outcome {
    kNothing,
    kTaken,  // it is to stand in the object that the order is carried out, before it is
    kEnded,  // cards may have changed: read them again, then say how it ended
  };
  // `written`: what `answer()` says stands in the object.
  Outcome Step(bool written);

  const std::optional<OrderAnswer>& answer() const { return answer_; }

 private:
  Outcome Take(const Order& order);
  Outcome End(OrderState state, std::string reason, std::string message);

  Deps deps_;
  std::optional<Order> order_;
  bool seen_ = false;
  std::optional<OrderAnswer> answer_;
};

}  // namespace tangram::agent
