// What is known of the pods that share GPUs, or might.
#pragma once

#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "cluster/pod.h"
#include "plan/leaks/seats.h"
#include "plan/share/sharing.h"

namespace tangram::plan {

class Sharers {
 public:
  Sharers() = default;
  // The snapshot of the holdings must outlive it.
  explicit Sharers(const Holdings& holdings);

  // A pod that asks for `shares` devices. Its memory is what it says, or was measured on a device
  // of its own, headroom included; of a device that several share DCGM says nothing about one of
  // them.
  Sharer Of(const cluster::Pod& pod, std::int64_t shares) const;

  // `replacement` needs what `pod` needs, and is light enough for `most` replicas.
  void Replace(const cluster::Pod& replacement, const cluster::Pod& pod, int most);
  bool IsReplacement(const cluster::Pod& pod) const { return most_.contains(&pod); }

  // Of the shared device that the seat is a share of: what was measured on it while pods held it
  // that still run on the node, or what those that are known to be on it say they need, if that is
  // more.
  base::MiB UsedOn(const Card& card, const Seat& seat) const;

 private:
  // node, namespace, name: of pods that hold something
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> running_;
  std::unordered_map<const cluster::Pod*, base::MiB> measured_;
  std::unordered_map<const cluster::Pod*, int> most_;  // of replacements
};

}  // namespace tangram::plan
