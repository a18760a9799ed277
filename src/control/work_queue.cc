#include "control/work_queue.h"

#include <algorithm>

namespace tangram::control {

void WorkQueue::Add(const std::string& key, base::Time due) {
  const auto [known, fresh] = due_.try_emplace(key, due);
  if (!fresh) {
    if (known->second <= due) return;
    order_.erase({known->second, key});
    known->second = due;
  }
  order_.emplace(due, key);
}

void WorkQueue::AddAfterFailure(const std::string& key, base::Time now) {
  const int failures = failures_[key]++;
  base::Milliseconds wait = limits_.first;
  for (int i = 0; i < failures && wait < limits_.most; ++i) wait *= 2;
  Add(key, now + std::min(wait, limits_.most));
}

void WorkQueue::Remove(const std::string& key) {
  const auto known = due_.find(key);
  if (known == due_.end()) return;
  order_.erase({known->second, key});
  due_.erase(known);
}

std::optional<std::string> WorkQueue::Take(base::Time now) {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  std::string key = order_.begin()->second;
  order_.erase(order_.begin());
  due_.erase(key);
  return key;
}

std::optional<base::Time> WorkQueue::NextDue() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

int WorkQueue::FailuresOf(const std::string& key) const {
  const auto known = failures_.find(key);
  return known == failures_.end() ? 0 : known->second;
}

}  // namespace tangram::control
