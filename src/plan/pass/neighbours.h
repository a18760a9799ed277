// Which pods run where, as far as that decides where others may: required pod affinity and
// anti-affinity, and topology spread, as kube-scheduler's filters InterPodAffinity and
// PodTopologySpread count them.
//
// A *rule* counts pods of one kind by the values of one label of nodes. Anti-affinity works both
// ways: a pod may not go where one is that keeps it off either. Pods that are on no node count
// nowhere. Of a pod that is evicted others nearby are not asked: what they required holds while
// they are placed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/snapshot.h"

namespace tangram::plan {

// Copies are independent. Pods and nodes that are named have to outlive it.
class Neighbours {
 public:
  // Knows the rules of every pod of the snapshot, and counts none yet.
  explicit Neighbours(const cluster::Snapshot& snapshot);

  // No pod is about others: nothing has to be asked.
  bool empty() const { return rules_.empty(); }

  // A pod that came after the snapshot. False where it says of others what no pod of the snapshot
  // says: what that would count was not counted, and these are of no use from then on.
  bool Meet(const cluster::Pod& pod);
  // Takes over what is known of `other`: a pod like it.
  void Resemble(const cluster::Pod& pod, const cluster::Pod& other);
  // Takes over what is known of `original`: the pod replaces it, which goes when the pod comes.
  void Replace(const cluster::Pod& pod, const cluster::Pod& original, const cluster::Node* at);
  // A node that came after the snapshot.
  void AddNode(const cluster::Node& node);

  void Add(const cluster::Node& node, const cluster::Pod& pod) { Count(node, pod, +1); }
  void Remove(const cluster::Node& node, const cluster::Pod& pod) { Count(node, pod, -1); }

  // Whether where it may run depends on others.
  bool Concern(const cluster::Pod& pod) const { return about_.contains(&pod); }
  // Whether the others let it run there.
  bool Allow(const cluster::Node& node, const cluster::Pod& pod) const;

 private:
  enum class Kind { kAffinity, kAntiAffinity, kRepels, kSpread };
  using Id = std::size_t;

  // Pods that all of the terms are about, as one in `ns` says them.
  struct Peers {
    std::string_view ns;
    std::vector<const cluster::PodTerm*> terms{};       // of affinity
    const cluster::SpreadConstraint* spread = nullptr;  // or of spread
  };
  struct Rule {
    Kind kind = Kind::kAffinity;
    std::string_view key;  // of nodes
    Peers peers{};         // kRepels: counted are those that say it
    // kSpread: nodes that count, by what the pod says of nodes.
    const cluster::Pod* says = nullptr;
    std::unordered_map<std::string_view, int> counts{};  // by value; kSpread: 0 too
    int total = 0;
  };
  // What a pod has to do with the rules.
  struct About {
    std::vector<Id> affinity{};              // its own; one for each key
    std::vector<Id> avoids{};                // its own anti-affinity
    std::vector<Id> says{};                  // kRepels rules that it says itself
    std::vector<Id> repelled{};              // kRepels rules that are about it
    std::vector<Id> spread{};                // its own
    std::vector<Id> counts{};                // rules that count it, but for kRepels
    const cluster::Pod* original = nullptr;  // that it replaces
    const cluster::Node* original_at = nullptr;
    bool is_nothing() const {
      return affinity.empty() && avoids.empty() && says.empty() && repelled.empty() &&
             spread.empty() && counts.empty();
    }
  };

  Id RuleOf(Kind kind, std::string_view key, Peers peers, const cluster::Pod& says);
  void Learn(const cluster::Pod& pod);
  void Relate(const cluster::Pod& pod);
  bool AreAbout(const Peers& peers, const cluster::Pod& pod) const;
  bool IsAbout(const cluster::PodTerm& term, std::string_view ns, const cluster::Pod& pod) const;
  static bool CountsNode(const Rule& rule, const cluster::Node& node);
  void Count(const cluster::Node& node, const cluster::Pod& pod, int sign);
  // What the rule counts at the value, without what `pod` replaces.
  int At(const Rule& rule, Id id, std::string_view value, const About& pod) const;
  bool MeetsAffinity(const cluster::Node& node, const About& pod) const;
  bool MeetsSpread(const cluster::Node& node, const cluster::Pod& pod, const About& about) const;

  std::unordered_map<std::string_view, const cluster::Labels*> namespaces_;
  std::vector<const cluster::Node*> nodes_;
  std::vector<Rule> rules_;
  std::map<std::string, Id> known_;                                     // by what a rule says
  std::unordered_map<std::string_view, std::vector<Id>> by_namespace_;  // about pods of one
  std::vector<Id> anywhere_;                                            // about pods of several
  std::unordered_map<const cluster::Pod*, About> about_;
};

}  // namespace tangram::plan
