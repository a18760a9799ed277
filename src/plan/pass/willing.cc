#include "plan/pass/willing.h"

#include <fmt/format.h>

#include "cluster/schedulable.h"
#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

void AddWords(const std::vector<cluster::SelectorTerm>& terms, std::string& words) {
  for (const auto& [key, op, values] : terms) {
    words += key + '\n' + op + '\n';
    for (const std::string& value : values) words += value + '\n';
    words += '\t';
  }
}

void AddWords(const cluster::NodeTerm& term, std::string& words) {
  AddWords(term.labels, words);
  words += '\f';
  AddWords(term.fields, words);
  words += '\f';
}

}  // namespace

std::string WordsAboutNodes(const cluster::Pod& pod) {
  std::string words;
  for (const auto& [key, value] : pod.node_selector) words += key + '=' + value + '\n';
  words += '\n';
  for (const cluster::NodeTerm& term : pod.affinity.nodes) AddWords(term, words);
  words += '\n';
  for (const auto& [key, op, value, effect] : pod.tolerations) {
    words += key + '\n' + op + '\n' + value + '\n' + effect + '\n';
  }
  words += '\n';
  for (const auto& [weight, term] : pod.affinity.preferred_nodes) {
    words += std::to_string(weight) + '\n';
    AddWords(term, words);
  }
  return words;
}

std::string WordsOf(const cluster::Pod& pod) {
  std::string words = fmt::format("{}\n{}\n", pod.cpu.value(), pod.memory.value());
  for (const auto& [resource, count] : pod.devices)
    words += fmt::format("{}={}\n", resource, count);
  return words + WordsAboutSharing(pod) + WordsAboutNodes(pod);
}

const Willing& WillingNodes::For(const cluster::Pod& pod) {
  const auto [known, fresh] = known_.try_emplace(WordsAboutNodes(pod));
  Willing& willing = known->second;
  if (!fresh) return willing;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const cluster::Node& node = *nodes_[n];
    const bool met =
        cluster::UnmetSelector(node, pod) == nullptr && cluster::MeetsAffinity(node, pod);
    willing.by_selector.push_back(met);
    if (!met || cluster::UntoleratedTaint(node, pod) != nullptr) continue;
    willing.all.push_back(n);
    if (node.ready && node.schedulable) willing.now.push_back(n);
  }
  return willing;
}

}  // namespace tangram::plan
