// Keys that wait for their turn, each once.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"

namespace tangram::control {

// As client-go's work queue with an exponential limiter, without threads: the owner asks for what
// is due. Not thread-safe. A key that is added while it waits keeps the earlier of both times.
class WorkQueue {
 public:
  struct Limits {
    base::Milliseconds first{50};  // the wait after a first failure, doubled by each further one
    base::Milliseconds most{60'000};
  };
  WorkQueue() = default;
  explicit WorkQueue(Limits limits) : limits_(limits) {}

  void Add(const std::string& key, base::Time due);
  // Due again after a failure.
  void AddAfterFailure(const std::string& key, base::Time now);
  // It went well, or is gone: its failures are forgotten. It keeps its turn if it has one.
  void Forget(const std::string& key) { failures_.erase(key); }
  // Takes it out of the queue.
  void Remove(const std::string& key);

  // The first that is due, taken out of the queue.
  std::optional<std::string> Take(base::Time now);
  // When the first is due.
  std::optional<base::Time> NextDue() const;
  int FailuresOf(const std::string& key) const;
  std::size_t size() const { return due_.size(); }

 private:
  Limits limits_;
  std::set<std::pair<base::Time, std::string>> order_;
  std::map<std::string, base::Time, std::less<>> due_;
  std::map<std::string, int, std::less<>> failures_;
};

}  // namespace tangram::control
