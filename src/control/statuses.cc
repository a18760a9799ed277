#include "control/statuses.h"

#include "plan/classes/class_status.h"

namespace tangram::control {

void Statuses::Found(const Conditions& pools, const Conditions& classes) {
  for (const auto& [name, conditions] : pools) pools_.Found(name, conditions);
  for (const auto& [name, conditions] : classes) classes_.Found(name, conditions);
}

void Statuses::SetIndex(std::shared_ptr<const plan::classes::Index> index) {
  index_ = std::move(index);
}

std::vector<Write> Statuses::Decide(const std::map<std::string, plan::PoolStatus>& pools,
                                    base::Time now) {
  next_due_.reset();
  std::vector<Write> writes;
  pools_.KeepOnly(pools);
  for (const auto& [name, status] : pools) {
    if (auto next = pools_.Next(name, status, now, least_between_, next_due_)) {
      writes.push_back(WritePoolStatus{name, *std::move(next)});
    }
  }
  if (index_ == nullptr) return writes;
  std::set<std::string> names;
  for (const auto& entry : index_->classes()) {
    names.insert(entry.of.name);
    auto next = classes_.Next(entry.of.name, plan::classes::StatusOf(*index_, entry), now,
                              least_between_, next_due_);
    if (next) writes.push_back(WriteClassStatus{entry.of.name, *std::move(next)});
  }
  classes_.KeepOnly(names);
  return writes;
}

bool Statuses::Finish(const Write& write, const base::Result<void>& outcome) {
  if (const auto* pool = std::get_if<WritePoolStatus>(&write)) {
    pools_.Finish(pool->pool, outcome.has_value());
    return true;
  }
  if (const auto* one = std::get_if<WriteClassStatus>(&write)) {
    classes_.Finish(one->gpu_class, outcome.has_value());
    return true;
  }
  return false;
}

void Statuses::Reset() {
  pools_.Reset();
  classes_.Reset();
}

}  // namespace tangram::control
