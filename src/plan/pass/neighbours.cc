#include "plan/pass/neighbours.h"

#include <algorithm>
#include <limits>

#include "cluster/schedulable.h"
#include "plan/pass/willing.h"

namespace tangram::plan {
namespace {

const std::string* ValueOf(const cluster::Node& node, std::string_view key) {
  for (const auto& [name, value] : node.labels) {
    if (name == key) return &value;
  }
  return nullptr;
}

// Equal for selectors that are equal.
std::string WordsOf(const std::optional<cluster::Selector>& selector) {
  if (!selector) return "-\n";
  std::string words = "+";
  for (const auto& [key, value] : selector->match_labels) words += key + '=' + value + '\n';
  for (const auto& [key, op, values] : selector->match_expressions) {
    words += key + '\n' + op + '\n';
    for (const std::string& value : values) words += value + '\n';
    words += '\t';
  }
  return words + '\f';
}

std::string WordsOf(const cluster::PodTerm& term) {
  std::string words;
  for (const std::string& ns : term.namespaces) words += ns + '\n';
  return words + WordsOf(term.namespace_selector) + WordsOf(term.selector);
}

}  // namespace

Neighbours::Neighbours(const cluster::Snapshot& snapshot) {
  for (const cluster::Namespace& space : snapshot.namespaces) {
    namespaces_[space.name] = &space.labels;
  }
  for (const cluster::Pod& pod : snapshot.pods) Learn(pod);
  if (rules_.empty()) return;
  for (const cluster::Pod& pod : snapshot.pods) Relate(pod);
  for (const cluster::Node& node : snapshot.nodes) AddNode(node);
}

Neighbours::Id Neighbours::RuleOf(Kind kind, std::string_view key, Peers peers,
                                  const cluster::Pod& says) {
  std::string words = std::to_string(static_cast<int>(kind)) + '\n' + std::string(key) + '\n' +
                      std::string(peers.ns) + '\n';
  bool one_namespace = true;
  for (const cluster::PodTerm* term : peers.terms) {
    words += WordsOf(*term);
    one_namespace = one_namespace && term->namespaces.empty() && !term->namespace_selector;
  }
  if (peers.spread != nullptr) {
    words += WordsOf(peers.spread->selector);
    if (!peers.spread->counts_all_nodes || peers.spread->honors_taints) {
      words += WordsAboutNodes(says) + (peers.spread->counts_all_nodes ? '1' : '0') +
               (peers.spread->honors_taints ? '1' : '0');
    }
    // Nodes without one of the pod's keys do not count.
    for (const cluster::SpreadConstraint& other : says.affinity.spread)
      words += other.topology_key + '\n';
  }
  const auto [known, fresh] = known_.try_emplace(std::move(words), rules_.size());
  if (fresh) {
    (one_namespace ? by_namespace_[peers.ns] : anywhere_).push_back(known->second);
    Rule& rule = rules_.emplace_back();
    rule.kind = kind;
    rule.key = key;
    rule.peers = std::move(peers);
    rule.says = &says;
  }
  return known->second;
}

void Neighbours::Learn(const cluster::Pod& pod) {
  const cluster::Affinity& says = pod.affinity;
  if (!says.is_about_pods()) return;
  About about;
  std::vector<const cluster::PodTerm*> all;
  for (const cluster::PodTerm& term : says.pods) all.push_back(&term);
  for (const cluster::PodTerm& term : says.pods) {
    about.affinity.push_back(RuleOf(Kind::kAffinity, term.topology_key, {pod.ns, all}, pod));
  }
  for (const cluster::PodTerm& term : says.anti_pods) {
    const Peers peers{pod.ns, {&term}};
    about.avoids.push_back(RuleOf(Kind::kAntiAffinity, term.topology_key, peers, pod));
    about.says.push_back(RuleOf(Kind::kRepels, term.topology_key, peers, pod));
  }
  for (const cluster::SpreadConstraint& spread : says.spread) {
    about.spread.push_back(RuleOf(Kind::kSpread, spread.topology_key, {pod.ns, {}, &spread}, pod));
  }
  about_[&pod] = std::move(about);
}

void Neighbours::Relate(const cluster::Pod& pod) {
  const auto known = about_.find(&pod);
  About about = known == about_.end() ? About() : std::move(known->second);
  const auto relate = [&](Id id) {
    const Rule& rule = rules_[id];
    if (!AreAbout(rule.peers, pod)) return;
    (rule.kind == Kind::kRepels ? about.repelled : about.counts).push_back(id);
  };
  if (const auto own = by_namespace_.find(pod.ns); own != by_namespace_.end()) {
    for (const Id id : own->second) relate(id);
  }
  for (const Id id : anywhere_) relate(id);
  if (!about.is_nothing()) about_[&pod] = std::move(about);
}

bool Neighbours::Meet(const cluster::Pod& pod) {
  const std::size_t known = rules_.size();
  Learn(pod);
  if (rules_.size() > known) return false;
  if (!rules_.empty()) Relate(pod);
  return true;
}

bool Neighbours::IsAbout(const cluster::PodTerm& term, std::string_view ns,
                         const cluster::Pod& pod) const {
  if (!term.selector || !cluster::Matches(*term.selector, pod.labels)) return false;
  if (term.namespaces.empty() && !term.namespace_selector) return pod.ns == ns;
  const auto& named = term.namespaces;
  if (std::find(named.begin(), named.end(), pod.ns) != named.end()) return true;
  if (!term.namespace_selector) return false;
  const auto labels = namespaces_.find(pod.ns);
  return cluster::Matches(*term.namespace_selector,
                          labels == namespaces_.end() ? cluster::Labels() : *labels->second);
}

bool Neighbours::AreAbout(const Peers& peers, const cluster::Pod& pod) const {
  if (peers.spread != nullptr) {
    const auto& selector = peers.spread->selector;
    return pod.ns == peers.ns && selector && cluster::Matches(*selector, pod.labels);
  }
  return std::all_of(peers.terms.begin(), peers.terms.end(),
                     [&](const cluster::PodTerm* term) { return IsAbout(*term, peers.ns, pod); });
}

bool Neighbours::CountsNode(const Rule& rule, const cluster::Node& node) {
  if (rule.kind != Kind::kSpread) return true;
  const cluster::SpreadConstraint& spread = *rule.peers.spread;
  const cluster::Pod& pod = *rule.says;
  for (const cluster::SpreadConstraint& other : pod.affinity.spread) {
    if (ValueOf(node, other.topology_key) == nullptr) return false;
  }
  if (!spread.counts_all_nodes) {
    if (cluster::UnmetSelector(node, pod) != nullptr) return false;
    if (!cluster::MeetsAffinity(node, pod)) return false;
  }
  return !spread.honors_taints || cluster::UntoleratedTaint(node, pod) == nullptr;
}

void Neighbours::AddNode(const cluster::Node& node) {
  for (Rule& rule : rules_) {
    if (rule.kind != Kind::kSpread || !CountsNode(rule, node)) continue;
    rule.counts.try_emplace(*ValueOf(node, rule.key), 0);
  }
}

void Neighbours::Resemble(const cluster::Pod& pod, const cluster::Pod& other) {
  const auto known = about_.find(&other);
  if (known == about_.end()) return;
  About about = known->second;
  about_[&pod] = std::move(about);
}

void Neighbours::Replace(const cluster::Pod& pod, const cluster::Pod& original,
                         const cluster::Node* at) {
  Resemble(pod, original);
  const auto about = about_.find(&pod);
  if (about == about_.end()) return;
  about->second.original = &original;
  about->second.original_at = at;
}

void Neighbours::Count(const cluster::Node& node, const cluster::Pod& pod, int sign) {
  const auto about = about_.find(&pod);
  if (about == about_.end()) return;
  const auto count = [&](Id id) {
    Rule& rule = rules_[id];
    const std::string* value = ValueOf(node, rule.key);
    if (value == nullptr || !CountsNode(rule, node)) return;
    rule.counts[*value] += sign;
    rule.total += sign;
  };
  for (const Id id : about->second.counts) count(id);
  for (const Id id : about->second.says) count(id);
}

int Neighbours::At(const Rule& rule, Id id, std::string_view value, const About& pod) const {
  const auto found = rule.counts.find(value);
  int count = found == rule.counts.end() ? 0 : found->second;
  if (pod.original == nullptr) return count;
  const std::vector<Id>& counted = rule.kind == Kind::kRepels ? pod.says : pod.counts;
  if (std::find(counted.begin(), counted.end(), id) == counted.end()) return count;
  const std::string* at = ValueOf(*pod.original_at, rule.key);
  const bool there = at != nullptr && *at == value && CountsNode(rule, *pod.original_at);
  return count - (there ? 1 : 0);
}

bool Neighbours::MeetsAffinity(const cluster::Node& node, const About& pod) const {
  bool near = true;
  for (const Id id : pod.affinity) {
    const std::string* value = ValueOf(node, rules_[id].key);
    if (value == nullptr) return false;
    near = near && At(rules_[id], id, *value, pod) > 0;
  }
  if (near) return true;
  // The first of a group that is to be together may go anywhere.
  return std::all_of(pod.affinity.begin(), pod.affinity.end(), [&](Id id) {
    const bool about_itself =
        std::find(pod.counts.begin(), pod.counts.end(), id) != pod.counts.end();
    const int itself = pod.original != nullptr && about_itself ? 1 : 0;
    return about_itself && rules_[id].total - itself <= 0;
  });
}

bool Neighbours::MeetsSpread(const cluster::Node& node, const cluster::Pod& pod,
                             const About& about) const {
  for (std::size_t i = 0; i < about.spread.size(); ++i) {
    const Id id = about.spread[i];
    const Rule& rule = rules_[id];
    const cluster::SpreadConstraint& spread = pod.affinity.spread[i];
    const std::string* value = ValueOf(node, rule.key);
    if (value == nullptr) return false;
    const bool new_value = !rule.counts.contains(*value);
    const auto values = static_cast<int>(rule.counts.size()) + (new_value ? 1 : 0);
    int fewest = new_value || values < spread.min_domains ? 0 : std::numeric_limits<int>::max();
    for (const auto& [other, count] : rule.counts) {
      fewest = std::min(fewest, At(rule, id, other, about));
    }
    const bool counts_itself =
        std::find(about.counts.begin(), about.counts.end(), id) != about.counts.end();
    const int with_it = At(rule, id, *value, about) + (counts_itself ? 1 : 0);
    if (with_it - fewest > spread.max_skew) return false;
  }
  return true;
}

bool Neighbours::Allow(const cluster::Node& node, const cluster::Pod& pod) const {
  const auto found = about_.find(&pod);
  if (found == about_.end()) return true;
  const About& about = found->second;
  const auto none_there = [&](Id id) {
    const std::string* value = ValueOf(node, rules_[id].key);
    return value == nullptr || At(rules_[id], id, *value, about) <= 0;
  };
  return std::all_of(about.avoids.begin(), about.avoids.end(), none_there) &&
         std::all_of(about.repelled.begin(), about.repelled.end(), none_there) &&
         MeetsAffinity(node, about) && MeetsSpread(node, pod, about);
}

}  // namespace tangram::plan
