// What the status of GpuPools and GpuClasses says, written when it changed.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/actuator.h"
#include "plan/classes/index.h"
#include "plan/object_status.h"

namespace tangram::control {

// What the API server has of each object of one kind, as far as we know.
template <class Status>
class StatusBook {
 public:
  // Conditions that were found on an object; what was written here since is newer.
  void Found(const std::string& name, std::vector<cluster::Condition> conditions) {
    Entry& entry = entries_[name];
    if (!entry.ours) entry.written.conditions = std::move(conditions);
  }
  // The status to write, where it differs and none is on its way. Not sooner than that after the
  // last: `due` says when then.
  std::optional<Status> Next(const std::string& name, Status wanted, base::Time now,
                             base::Milliseconds least_between, std::optional<base::Time>& due) {
    Entry& entry = entries_[name];
    if (entry.sent) return std::nullopt;
    const auto said = std::exchange(wanted.conditions, entry.written.conditions);
    for (const cluster::Condition& condition : said)
      cluster::Say(wanted.conditions, condition, now);
    if (wanted == entry.written) return std::nullopt;
    if (entry.not_before > now) {
      due = std::min(due.value_or(entry.not_before), entry.not_before);
      return std::nullopt;
    }
    entry.not_before = now + least_between;
    entry.sent = std::move(wanted);
    return entry.sent;
  }
  void Finish(const std::string& name, bool written) {
    const auto entry = entries_.find(name);
    if (entry == entries_.end() || !entry->second.sent) return;
    entry->second.ours = entry->second.ours || written;
    if (written) entry->second.written = *std::move(entry->second.sent);
    entry->second.sent.reset();
  }
  template <class Names>
  void KeepOnly(const Names& names) {
    std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
  }
  // Another leader writes from now on, or did until now.
  void Reset() {
    for (auto& [name, entry] : entries_) {
      std::vector<cluster::Condition> conditions = std::move(entry.written.conditions);
      entry = {};
      entry.written.conditions = std::move(conditions);
    }
  }

 private:
  struct Entry {
    Status written{};
    bool ours = false;  // `written` is what was written here
    std::optional<Status> sent{};
    base::Time not_before{};
  };
  std::map<std::string, Entry> entries_;
};

// Owned by one thread.
class Statuses {
 public:
  // Between two writes to one object: how many devices are free changes with every pod.
  explicit Statuses(base::Milliseconds least_between) : least_between_(least_between) {}

  using Conditions = std::map<std::string, std::vector<cluster::Condition>>;  // by name
  void Found(const Conditions& pools, const Conditions& classes);
  // What classes are told by; nullptr: nothing is told of them.
  void SetIndex(std::shared_ptr<const plan::classes::Index> index);

  std::vector<Write> Decide(const std::map<std::string, plan::PoolStatus>& pools, base::Time now);
  // Whether the write was one of these.
  bool Finish(const Write& write, const base::Result<void>& outcome);
  void Reset();
  std::optional<base::Time> NextDue() const { return next_due_; }

 private:
  const base::Milliseconds least_between_;
  std::shared_ptr<const plan::classes::Index> index_;
  StatusBook<plan::PoolStatus> pools_;
  StatusBook<plan::ClassStatus> classes_;
  std::optional<base::Time> next_due_;
};

}  // namespace tangram::control
