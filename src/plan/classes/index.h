// The cluster by kind of device, for decisions in microseconds: made when a snapshot changes, and
// then only read.
//
// Nodes that say the same (taints, labels that several nodes have in common, capacity type) are a
// group; what a group offers of one kind of device is an offer. A decision looks at offers, of
// which a cluster has some dozens, however many nodes it has. Only a pod that selects nodes by a
// label with many values (a hostname) has the nodes themselves looked at.
//
// Threads: an Index is never written after Build; share it as shared_ptr<const Index>.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/gpu_class.h"
#include "cluster/snapshot.h"
#include "plan/classes/abilities.h"
#include "plan/classes/kind.h"
#include "plan/policy.h"

namespace tangram::plan::classes {

// Room is counted for pods of up to this many devices; larger ones are looked up node by node.
inline constexpr std::size_t kCounted = 16;

// Free devices of one node, and what else is free there.
struct NodeFree {
  std::size_t node = 0;  // place in Index::nodes()
  std::int64_t free = 0;
  base::MilliCpu cpu{};
  base::MiB memory{};
};

// Room for pods that ask for so many devices each.
struct Room {
  std::int64_t pods = 0;
  std::int64_t nodes = 0;
  base::MilliCpu most_cpu{};  // free, on one of these nodes
  base::MiB most_memory{};
};

struct Offer {
  std::size_t group = 0;
  Kind kind{};
  std::int64_t total = 0;  // devices that are there, held or free
  std::int64_t free = 0;
  std::int64_t could = 0;             // that could be made of cards which nobody holds
  std::int64_t could_ever = 0;        // that could be made of all its cards
  std::int64_t most_on_node = 0;      // that one node has, or could be made to have
  std::vector<NodeFree> nodes{};      // by place
  std::array<Room, kCounted> room{};  // for pods of 1, 2, ... devices
  std::string key{};                  // what it is, as text: the same in the next index
};

struct Group {
  cluster::Node like{};  // what its nodes have in common; taints of GPUs and of spot left out
  std::vector<cluster::Taint> taints{};  // these
  bool spot = false;
  std::size_t nodes = 0;
};

class Index {
 public:
  struct Sources {
    PlanPolicy policy{};                       // what may be made of cards
    std::vector<cluster::GpuClass> classes{};  // one of a name; the first counts
    Abilities abilities{};
  };
  // Shares nodes with the snapshot, and keeps none of its pods.
  static std::shared_ptr<const Index> Build(const cluster::Snapshot& snapshot, Sources sources);

  // A class, and the offers that meet it, cheapest first.
  struct Entry {
    cluster::GpuClass of;
    Need need;
    std::vector<std::size_t> offers;
  };
  // nullptr: no class has the name.
  const Entry* Find(std::string_view name) const;
  const std::vector<Entry>& classes() const { return classes_; }  // by name
  const std::vector<Offer>& offers() const { return offers_; }    // cheapest first
  const std::vector<Group>& groups() const { return groups_; }
  const cluster::List<cluster::Node>& nodes() const { return nodes_; }
  const Abilities& abilities() const { return sources_.abilities; }
  const cluster::List<cluster::PriorityClass>& priority_classes() const { return priorities_; }

  // Cheapest first, by what the need takes of each.
  void SortByCost(std::vector<std::size_t>& offers, const Need& need) const;

  // Nodes with GPUs were seen; with none, nothing can be said to be impossible.
  bool knows_gpus() const { return !offers_.empty(); }
  // Whether all nodes of a group have the label in common, or none has it.
  bool IsCommon(std::string_view label) const { return !own_labels_.contains(label); }
  // Whether the pod selects nodes by what groups do not tell apart: a label that is not common, or
  // the name.
  bool SelectsNodes(const cluster::Pod& pod) const;
  // Whether the snapshot has a pod that was admitted under this id (kAdmissionAnnotation).
  bool Saw(std::string_view admission) const { return admissions_.contains(admission); }

 private:
  friend class IndexBuilder;
  Index() = default;

  Sources sources_;
  std::vector<Entry> classes_;
  std::vector<Offer> offers_;
  std::vector<Group> groups_;
  cluster::List<cluster::Node> nodes_;
  cluster::List<cluster::PriorityClass> priorities_;
  std::set<std::string, std::less<>> own_labels_;  // with too many values to tell groups by
  std::set<std::string, std::less<>> admissions_;
};

inline constexpr std::string_view kClassLabel = "tangram.dev/gpu-class";
// The id of the review that admitted the pod: how what was given out is found again in a snapshot.
inline constexpr std::string_view kAdmissionAnnotation = "tangram.dev/admission";
inline constexpr std::string_view kChoiceAnnotation = "tangram.dev/choice";

// Taints that say that a node is for GPU work: pods with a class tolerate them.
bool IsGpuTaint(const cluster::Taint& taint);
// Taints of clouds that say that a node is spot: interruptible pods tolerate them.
bool IsSpotTaint(const cluster::Taint& taint);

}  // namespace tangram::plan::classes
