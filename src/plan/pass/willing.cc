#include "plan/pass/willing.h"

#include "cluster/schedulable.h"

namespace tangram::plan {

std::string WordsAboutNodes(const cluster::Pod& pod) {
  std::string words;
  for (const auto& [key, value] : pod.node_selector) words += key + '=' + value + '\n';
  words += '\n';
  for (const auto& [key, op, value, effect] : pod.tolerations) {
    words += key + '\n' + op + '\n' + value + '\n' + effect + '\n';
  }
  return words;
}

const Willing& WillingNodes::For(const cluster::Pod& pod) {
  const auto [known, fresh] = known_.try_emplace(WordsAboutNodes(pod));
  Willing& willing = known->second;
  if (!fresh) return willing;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const cluster::Node& node = *nodes_[n];
    const bool met = cluster::UnmetSelector(node, pod) == nullptr;
    willing.by_selector.push_back(met);
    if (!met || cluster::UntoleratedTaint(node, pod) != nullptr) continue;
    willing.all.push_back(n);
    if (node.ready && node.schedulable) willing.now.push_back(n);
  }
  return willing;
}

}  // namespace tangram::plan
