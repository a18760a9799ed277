// What was told of the objects of one kind that say how large gangs are (cluster/gang.h), so that
// only news is told.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/policy_objects.h"
#include "control/keyed_list.h"

namespace tangram::adapter {

// Holds only objects that say something. Not thread-safe.
class GangKeeper {
 public:
  struct Change {
    control::Key key{};                         // of the GangOwner
    std::optional<cluster::GangOwner> owner{};  // absent: it is gone
    bool operator==(const Change&) const = default;
  };

  // The kind as names of GangOwners begin: "jobs.batch".
  explicit GangKeeper(std::string_view kind) : prefix_(std::string(kind) + "/") {}

  // `key` is the object's own; no owner: it is gone, or says nothing.
  std::vector<Change> Set(const control::Key& key, std::optional<cluster::GangOwner> owner) {
    const control::Key of{key.ns, prefix_ + key.name};
    const auto told = told_.find(of);
    if (!owner) return told == told_.end() ? std::vector<Change>() : Forget(told);
    if (told != told_.end() && told->second == *owner) return {};
    told_.insert_or_assign(of, *owner);
    return {{of, std::move(owner)}};
  }

  // A whole list was read: what is not among `keys` is gone.
  std::vector<Change> KeepOnly(const std::vector<control::Key>& keys) {
    std::vector<control::Key> kept;
    for (const control::Key& key : keys) kept.push_back({key.ns, prefix_ + key.name});
    std::sort(kept.begin(), kept.end());
    std::vector<Change> changes;
    for (auto told = told_.begin(); told != told_.end();) {
      const auto at = told++;
      if (std::binary_search(kept.begin(), kept.end(), at->first)) continue;
      changes.push_back(Forget(at).front());
    }
    return changes;
  }

 private:
  using Told = std::map<control::Key, cluster::GangOwner>;

  std::vector<Change> Forget(Told::iterator told) {
    std::vector<Change> changes = {{told->first, std::nullopt}};
    told_.erase(told);
    return changes;
  }

  const std::string prefix_;
  Told told_;
};

}  // namespace tangram::adapter
